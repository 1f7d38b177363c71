// Makes a handler of a script's `handleRequest(request, response)`: the function sets `response.statusCode`, `response.headers` and
// `response.body`. Without a valid status there is no such page. A body need not be text, so its bytes are there too.
(handleRequest) => async (given) => {
  const request = {
    method: given.method,
    uri: given.url,
    url: given.url,
    headers: given.headers,
    get body() {
      return given.body.text();
    },
    bytes: () => given.body.arrayBuffer(),
  };
  const response = { statusCode: undefined, headers: {}, body: '' };
  await handleRequest(request, response);
  const { statusCode, headers, body } = response;
  if (typeof statusCode === 'number' && statusCode % 1 === 0 && statusCode >= 200 && statusCode < 600) {
    return { statusCode, headers, body };
  }
  return {
    statusCode: 404,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!DOCTYPE html>\n<html lang="en">\n<title>Not Found</title>\n<h1>Not Found</h1>\n</html>\n',
  };
};

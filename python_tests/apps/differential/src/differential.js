// Endpoints for generated requests: one describes its request, one runs a script that it is sent.

// What came of an action, as JSON can say it. Texts of the engine's own errors differ, so only their names are told.
function outcome(action) {
  try {
    return { value: action() };
  } catch (error) {
    return { thrown: error.name };
  }
}

export function echo(request) {
  const { headers, query, path, method, hostname, route, url, params, caller, body } = request;
  return {
    body: {
      ...{ headers, query, path, method, hostname, route, url, params, caller },
      text: outcome(() => body.text()),
      json: outcome(() => body.json()),
      bytes: outcome(() => Array.from(new Uint8Array(body.arrayBuffer()))),
    },
  };
}

function compiled(script) {
  try {
    return new Function("request", script);
  } catch (error) {
    return () => ({ statusCode: 599, body: String(error) });
  }
}

// The script is the body of a function of the request; what it returns is the handler's result.
export function run(request) {
  return compiled(request.body.text())(request);
}

// What a handler can do with its request, one function per rule.

function caught(action) {
  try {
    action();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
  return "nothing thrown";
}

function bytesOf(buffer) {
  return Array.from(new Uint8Array(buffer));
}

export function requestKeys(request) {
  return { body: Object.keys(request).sort() };
}

export function requestJson(request) {
  return { body: JSON.parse(JSON.stringify(request)) };
}

export function requestSpread(request) {
  const copy = { ...request };
  return { body: [copy.method, copy.params.name, copy.headers["x-first"]] };
}

export function requestIsWritable(request) {
  request.method = "CHANGED";
  request.headers["x-first"] = "changed";
  request.headers["x-new"] = "new";
  request.params.name = "changed";
  request.extra = 1;
  return {
    body: [request.method, request.headers["x-first"], request.headers["x-new"], request.params.name, request.extra],
  };
}

export function headerIn({ headers }) {
  return { body: ["x-first" in headers, "X-First" in headers, "x-missing" in headers] };
}

export function headerKeys({ headers }) {
  return { body: Object.keys(headers).filter((name) => name.startsWith("x-")) };
}

export function headerEntries({ headers }) {
  return { body: Object.entries(headers).filter(([name]) => name.startsWith("x-")) };
}

export function headerForIn({ headers }) {
  const names = [];
  for (const name in headers) {
    if (name.startsWith("x-")) {
      names.push(name);
    }
  }
  return { body: names };
}

export function headerJson({ headers }) {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(headers) };
}

export function headerSpread({ headers }) {
  const copy = { ...headers };
  return { body: [copy["x-first"], copy["x-second"]] };
}

export function headerMissing({ headers }) {
  return { body: [headers["x-missing"] === undefined, headers["X-First"] === undefined] };
}

export function headerOwn({ headers }) {
  return { body: [Object.hasOwn(headers, "x-first"), Object.hasOwn(headers, "toString")] };
}

export function noParams(request) {
  return { body: request.params };
}

export function paramsIn({ params }) {
  return { body: ["name" in params, "other" in params, Object.keys(params), typeof params.name] };
}

export function bodyText({ body }) {
  return { body: body.text() };
}

export function bodyTextLength({ body }) {
  return { body: body.text().length };
}

export function bodyJson({ body }) {
  return { body: body.json() };
}

export function bodyBytes({ body }) {
  return { body: body.arrayBuffer() };
}

export function bodyTwice({ body }) {
  return { body: [body.text(), body.json(), bytesOf(body.arrayBuffer()), body.json(), body.text()] };
}

export function bodyDetached({ body: { text, json, arrayBuffer } }) {
  return { body: [text(), json(), bytesOf(arrayBuffer())] };
}

export function bodyOtherReceiver({ body }) {
  return { body: [body.text.call(1), body.json.call(null), bytesOf(body.arrayBuffer.call({}))] };
}

export function bodyExtraArguments({ body }) {
  return {
    body: [caught(() => body.text(1)), caught(() => body.json(1, 2)), caught(() => body.arrayBuffer(undefined))],
  };
}

export function bodyErrorsAreTypeErrors({ body }) {
  try {
    body.text(1);
  } catch (error) {
    return { body: error instanceof TypeError };
  }
  return { body: "nothing thrown" };
}

export function bodyBadJsonIsSyntaxError({ body }) {
  try {
    body.json();
  } catch (error) {
    return { body: error instanceof SyntaxError };
  }
  return { body: "nothing thrown" };
}

export function bodyCopies({ body }) {
  const first = body.arrayBuffer();
  new Uint8Array(first).fill(0);
  return { body: [first !== body.arrayBuffer(), bytesOf(body.arrayBuffer()), body.text()] };
}

export function bodyIsArrayBuffer({ body }) {
  return { body: [body.arrayBuffer() instanceof ArrayBuffer, body.arrayBuffer().byteLength] };
}

export function bodyDuringConversion({ body }) {
  return {
    get body() {
      return caught(() => body.text());
    },
  };
}

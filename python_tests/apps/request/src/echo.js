import * as cases from "./cases.js";

export function echo(request) {
  const { headers, query, path, method, hostname, route, url, params, caller } = request;
  return { body: { headers, query, path, method, hostname, route, url, params, caller } };
}

export function receiver(...everything) {
  return { body: { receiver: typeof this, count: everything.length } };
}

export function runCase(request) {
  return cases[request.params.name](request);
}

import * as asynchronous from "./asynchronous.js";
import * as bodies from "./bodies.js";
import * as failures from "./failures.js";
import * as headers from "./headers.js";

const cases = { ...bodies, ...headers, ...failures, ...asynchronous };

export function runCase(request) {
  return cases[request.params.name](request);
}

export function numericStatus(request) {
  return { statusCode: Number(request.params.code), body: "numeric" };
}

export async function asyncExport() {
  return { body: await Promise.resolve("from an async export") };
}

export function forGet(request) {
  return { body: "for GET", headers: { "x-method": request.method } };
}

export function forHead() {
  return { headers: { "x-own": "yes" } };
}

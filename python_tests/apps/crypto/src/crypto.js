// Calls any function of `ccf.crypto` with the arguments of the request.

import * as cases from "./cases.js";
import { decode, encode } from "./coding.js";

// Taken once and without its object, as the package ccf-app does.
const functions = { ...ccf.crypto };

function answer(action) {
  try {
    return { body: { value: encode(action()) } };
  } catch (error) {
    return { body: { thrown: `${error.name}: ${error.message}`, isError: error instanceof Error } };
  }
}

export function call(request) {
  const run = functions[request.params.name];
  const values = request.body.json().map(decode);
  return answer(() => run(...values));
}

export function callAlias(request) {
  const values = request.body.json().map(decode);
  return answer(() => ccf[request.params.name](...values));
}

export function runCase(request) {
  return answer(cases[request.params.name]);
}

import * as endless from "./endless.js";
import * as expressions from "./expressions.js";
import * as memory from "./memory.js";
import * as thrown from "./thrown.js";

const cases = { ...thrown, ...endless, ...expressions, ...memory };

export function runCase(request) {
  return cases[request.params.name](request);
}

export function fine() {
  return { body: "fine" };
}

export function parse(request) {
  return { body: request.body.json() };
}

function descend(depth) {
  return depth === 0 ? 0 : 1 + descend(depth - 1);
}

export function recursion(request) {
  return { body: descend(Number(request.params.depth)) };
}

export function allocation(request) {
  return { body: new Uint8Array(Number(request.params.bytes)).byteLength };
}

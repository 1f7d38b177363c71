import { older, olderExpression } from "./older.js";

let calls = 0;

export function answer() {
  return { body: { calls } };
}

// What proven reuse has to stop: the rest of the request runs in a realm of its own.
export function changes() {
  calls += 1;
  return { body: { calls } };
}

export function logsAndChanges(request) {
  console.log(`logged ${request.query}`);
  calls += 1;
  return { body: { calls } };
}

export function writesAndChanges(request) {
  const map = ccf.kv["ladder"];
  const key = ccf.strToBuf("count");
  const before = map.get(key);
  const count = (before ? ccf.bufToJsonCompatible(before) : 0) + 1;
  map.set(key, ccf.jsonCompatibleToBuf(count));
  calls += 1;
  return { body: { count, calls } };
}

// What it has to let through.
export function spread() {
  const { first, ...rest } = { ...older, other: 1 };
  return { body: { first, ...rest } };
}

export function generator() {
  function* count() {
    yield 1;
    yield 2;
  }
  return { body: [...count()] };
}

export function classes() {
  class Counter {
    #count = 1;
    step = 2;
    next() {
      this.#count += this.step;
      return this.#count;
    }
  }
  const counter = new Counter();
  return { body: [counter.next(), counter.next()] };
}

export function bytes() {
  const made = new Uint8Array(4);
  made[0] = 1;
  made.set([2, 3], 1);
  new DataView(made.buffer).setUint8(3, 4);
  return { body: [...made] };
}

export async function waits() {
  const later = async (value) => value;
  return { body: [await later(1), await 2] };
}

export function expressions() {
  return { body: ["a-b".replace(olderExpression, "+"), /b/.test("b"), "a b".split(" ")] };
}

export function web() {
  return { body: [btoa("text"), new TextDecoder().decode(new TextEncoder().encode("text"))] };
}

export function readsMuch() {
  let sum = 0;
  for (const value of older.list) sum += value;
  return { body: { sum } };
}

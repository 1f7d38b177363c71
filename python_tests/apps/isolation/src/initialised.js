// Data that the top level of a module makes: all of it must be there at each request, as it was made.

class Point {
  #x;
  static made = 0;
  constructor(x) {
    this.#x = x;
    Point.made += 1;
  }
  get x() {
    return this.#x;
  }
}

const point = new Point(7);
const cycle = { name: "cycle" };
cycle.self = cycle;
const key = {};
const symbol = Symbol("described");
const data = {
  text: "aü😀\0\ud800".length,
  number: 0.1 + 0.2,
  negativeZero: -0,
  big: 2n ** 70n,
  date: new Date(Date.UTC(2020, 1, 29)),
  list: Array.from({ length: 100 }, (_, index) => index * index),
  sparse: Object.assign([], { 3: "three" }),
  map: new Map([
    ["a", { b: 1 }],
    [key, "by object"],
  ]),
  set: new Set([1, "1", NaN]),
  weakMap: new WeakMap([[key, "weak"]]),
  bytes: new Uint8Array([1, 2, 3]),
  floats: new Float64Array([0.5, NaN]).subarray(0, 1),
  buffer: new Uint8Array([9, 8, 7]).buffer,
  frozen: Object.freeze({ a: 1 }),
  sealed: Object.seal({ a: 1 }),
  pattern: /(?<year>\d{4})/giu,
  nothing: undefined,
  accessor: Object.defineProperty({}, "value", { get: () => 5, enumerable: true }),
  proxy: new Proxy({}, { get: (_, name) => `proxied ${String(name)}` }),
  nullPrototype: Object.assign(Object.create(null), { a: 1 }),
  [symbol]: "by symbol",
};
const adders = [1, 2, 3].map((step) => (value) => value + step);
const bound = function () {
  return this.name;
}.bind(cycle);
const generator = (function* () {
  const start = yield 1;
  yield start * 2;
})();
generator.next();
let evaluations = 0;
evaluations += 1;
globalThis.setAtTopLevel = "global";
Array.prototype.addedAtTopLevel = function () {
  return this.length;
};
const resolved = Promise.resolve("resolved");
const evaluated = new Function("a", "return a + 1");

export async function describeData() {
  return {
    body: {
      text: data.text,
      number: data.number,
      negativeZero: Object.is(data.negativeZero, -0),
      big: String(data.big),
      date: data.date.toISOString(),
      list: data.list.reduce((sum, value) => sum + value, 0),
      sparse: [data.sparse.length, 2 in data.sparse, data.sparse[3]],
      map: [data.map.get("a").b, data.map.get(key), [...data.map.keys()].length],
      set: [data.set.has(NaN), data.set.size],
      weakMap: data.weakMap.get(key),
      bytes: [...data.bytes],
      floats: [...data.floats],
      buffer: [...new Uint8Array(data.buffer)],
      frozen: [Object.isFrozen(data.frozen), Object.isSealed(data.sealed), Object.isFrozen(data)],
      pattern: [data.pattern.flags, "in 2024".match(data.pattern)[0], data.pattern.lastIndex],
      nothing: "nothing" in data,
      accessor: data.accessor.value,
      proxy: data.proxy.anything,
      nullPrototype: Object.getPrototypeOf(data.nullPrototype),
      symbol: [data[symbol], symbol.description],
      adders: adders.map((add) => add(10)),
      bound: bound(),
      generator: [generator.next(21).value, generator.next().done],
      classes: [point.x, point instanceof Point, Point.made],
      cycle: cycle.self.self === cycle,
      evaluations: evaluations++,
      global: globalThis.setAtTopLevel,
      prototype: [1, 2].addedAtTopLevel(),
      resolved: await resolved,
      evaluated: evaluated(1),
    },
  };
}

export function spoilData() {
  for (const value of Object.values(data)) {
    if (ArrayBuffer.isView(value)) {
      value.fill(0);
    } else if (Array.isArray(value)) {
      value.length = 0;
    } else if (value instanceof Map || value instanceof Set) {
      value.clear();
    }
  }
  data.date.setTime(0);
  for (const name of Object.keys(data)) {
    delete data[name];
  }
  adders.reverse();
  cycle.self = null;
  cycle.name = "spoiled";
  Point.made = 100;
  delete globalThis.setAtTopLevel;
  delete Array.prototype.addedAtTopLevel;
  return { body: Object.keys(data) };
}

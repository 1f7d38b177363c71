// Functions that go through a list. Each of these lists is longer than anything can be gone through, and takes no memory.

const lists = {
  object: () => ({ length: 2 ** 53 - 1 }),
  array() {
    const sparse = [];
    sparse.length = 2 ** 32 - 1;
    return sparse;
  },
  proxy: () => new Proxy({ length: 2 ** 31 - 2 }, {}),
  // Engines keep the elements of this one in a table.
  table() {
    const sparse = lists.array();
    sparse[7] = 7;
    return Object.defineProperty(sparse, 2 ** 32 - 3, { get: () => 3 });
  },
};

const functions = {
  concat: (list) => [].concat(Object.assign(list, { [Symbol.isConcatSpreadable]: true })),
  copyWithin: (list) => Array.prototype.copyWithin.call(list, 1, 0),
  fill: (list) => Array.prototype.fill.call(Object.setPrototypeOf(list, new Uint8Array(0)), 1),
  flat: (list) => Array.prototype.flat.call(list),
  flatMap: (list) => Array.prototype.flatMap.call(list, (value) => value),
  join: (list) => Array.prototype.join.call(list),
  joinWithNothing: (list) => Array.prototype.join.call(list, ""),
  toLocaleString: (list) => Array.prototype.toLocaleString.call(list),
  reverse: (list) => Array.prototype.reverse.call(list),
  shift: (list) => Array.prototype.shift.call(list),
  unshift: (list) => Array.prototype.unshift.call(list, 1),
  slice: (list) => Array.prototype.slice.call(list, -(2 ** 31) + 3),
  splice: (list) => Array.prototype.splice.call(list, 1, 1),
  sort: (list) => Array.prototype.sort.call(list),
  raw: (list) => String.raw({ raw: list }),
  every: (list) => Array.prototype.every.call(list, (value) => value),
  filter: (list) => Array.prototype.filter.call(list, (value) => value),
  find: (list) => Array.prototype.find.call(list, Date.parse),
  findIndex: (list) => Array.prototype.findIndex.call(list, Date.parse),
  findLast: (list) => Array.prototype.findLast.call(list, Date.parse),
  findLastIndex: (list) => Array.prototype.findLastIndex.call(list, Date.parse),
  forEach: (list) => Array.prototype.forEach.call(list, Boolean),
  forEachOfMany: (list) => new Array(1000).fill(Boolean).forEach(Array.prototype.forEach, list),
  from: (list) => Array.from(list, Boolean),
  includes: (list) => Array.prototype.includes.call(list, 1),
  indexOf: (list) => Array.prototype.indexOf.call(list, 1),
  lastIndexOf: (list) => Array.prototype.lastIndexOf.call(list, 1),
  map: (list) => Array.prototype.map.call(list, Boolean),
  reduce: (list) => Array.prototype.reduce.call(list, Math.max),
  reduceRight: (list) => Array.prototype.reduceRight.call(list, Math.max),
  some: (list) => Array.prototype.some.call(list, Boolean),
  // These take arrays only.
  flatOfLists: () => new Array(1000).fill(lists.array()).flat(),
  // Sixty lists, each of which holds the former one twice.
  flatOfNothing: () => new Array(60).fill().reduce((list) => [list, list], []).flat(Infinity),
  concatOfLists: () => [].concat(...new Array(1000).fill(lists.array())),
  listOfNames: () => JSON.stringify({}, lists.array()),
  text: () => String(Object.freeze(lists.array())),
};

export function run(request) {
  const { name, list } = request.params;
  functions[name](lists[list]());
  return { body: "fine" };
}

// One function that takes long for what it is given, though that fits into the heap.
const texts = {
  indexOf: () => "a".repeat(1e6).indexOf("a".repeat(5e5) + "b"),
  lastIndexOf: () => "a".repeat(1e6).lastIndexOf("a".repeat(5e5) + "b"),
  includes: () => "a".repeat(1e6).includes("a".repeat(5e5) + "b"),
  replaceAll: () => "a".repeat(1e6).replaceAll("a".repeat(5e5) + "b", ""),
  split: () => "a".repeat(1e6).split("a".repeat(5e5) + "b"),
  wide: () => "\u0161".repeat(1e6).indexOf("\u0161".repeat(5e5) + "b"),
  wideBackward: () => "\u0161".repeat(1e6).lastIndexOf("\u0161".repeat(5e5) + "b"),
  normalize: () => ("a" + "\u0307\u0323".repeat(2e5)).normalize("NFD"),
};

export function search(request) {
  texts[request.params.name]();
  return { body: "fine" };
}

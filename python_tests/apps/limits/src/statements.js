// Code in which nothing comes back: each statement is followed by the next, and none of them calls a function of a script.

const names = {
  less: "text < other",
  lessOrEqual: "text <= other",
  greater: "text > other",
  greaterOrEqual: "text >= other",
  equal: "text == other",
  same: "text === other",
  unequal: "text != other + ''",
  number: "+digits",
  integer: "digits | 0",
  numberOfBlanks: "+blanks",
  equalToNumber: "digits == 1",
  lessThanNumber: "digits < 1",
  json: "JSON.stringify(text)",
  uri: "encodeURI(text)",
  normal: "text.normalize()",
  order: "text.localeCompare(other)",
  frozen: "Object.freeze(many)",
  moved: "bytes.copyWithin(0, 1)",
  digest: "ccf.crypto.digest('SHA-256', bytes.buffer)",
};

const ofLargeThings = {
  negative: "-number",
  equal: "number === same",
  less: "number < same",
  greaterOrEqual: "number >= same",
  rest: "number % 3n",
  quotient: "number / (same << 1n)",
  kept: "map.get(same)",
  identical: "Object.is(number, same)",
  toNumber: "Number(number)",
  found: "numbers.includes(same)",
  failed: "try { null.none } catch {}",
  noFunction: "try { many.none() } catch {}",
  named: "for (const name in many) break",
  copied: "({ ...many })",
  shortened: "sparse.length--",
  classes: "(class { [text + 1]() {} })",
  imported: "import(text + 1).catch(Boolean)",
  expressions: "/[\\p{L}\\p{N}]/iu",
  inherited: "far.none",
  inheritedByName: "far[text]",
  inheritedAtAll: "'none' in far",
  inheritedNames: "for (const name in far) break",
  key: "many[text + 1]",
};

function great() {
  try {
    return 1n << 160000000n;
  } catch {
    return 1n << 1000000n;
  }
}

function follow(statement, given) {
  new Function(...Object.keys(given), `${statement};`.repeat(1e5))(...Object.values(given));
  return { body: "fine" };
}

export function calculate(request) {
  const [number, same] = [great(), great()];
  const given = {
    number,
    same,
    numbers: [number],
    map: new Map([[number, 1]]),
    many: Object.fromEntries(new Array(1e5).fill().map((nothing, index) => ["name" + index, index])),
    sparse: Object.assign([], { [2 ** 32 - 2]: 1 }),
    text: "x".repeat(2e6),
    far: new Array(1e5).fill().reduce(Object.create, {}),
  };
  for (let index = 0; index < 1e5; index++) given.sparse[7 * index] = index;
  return follow(ofLargeThings[request.params.name], given);
}

export function run(request) {
  const length = 2e6;
  const given = {
    text: "x".repeat(length) + "a",
    other: "x".repeat(length) + "b",
    digits: "9".repeat(length),
    blanks: " ".repeat(length),
    bytes: new Uint8Array(length),
    many: Object.fromEntries(new Array(20000).fill().map((nothing, index) => ["name" + index, index])),
  };
  return follow(names[request.params.name], given);
}

// Ways to ask for more memory than there is, with one call or step by step. Each gives what it has made.

const LARGEST_LENGTH = 2 ** 32 - 1;

// Arrays

export const longArray = () => new Array(2 ** 29);

export const longestArray = () => new Array(LARGEST_LENGTH);

export const filledArray = () => new Array(2 ** 27).fill(0);

export const filledLongestArray = () => new Array(LARGEST_LENGTH).fill(0);

export function pushedNumbers() {
  const list = [];
  for (;;) list.push(1.5);
}

export function pushedSmallNumbers() {
  const list = [];
  for (;;) list.push(1);
}

export function pushedTogether() {
  const list = [];
  const some = new Array(60000).fill(1);
  for (;;) list.push(...some);
}

export function doubledByConcat() {
  let list = [1, 2, 3, 4];
  for (;;) list = list.concat(list);
}

export function doubledBySpread() {
  let list = [1, 2, 3, 4];
  for (;;) list = [...list, ...list];
}

export const joinedArrays = () => {
  const part = new Array(1 << 20).fill(1);
  return Array.prototype.concat.apply([], new Array(4000).fill(part));
};

export const concatOfLongArrays = () => new Array(2 ** 31).concat(new Array(2 ** 31 - 2));

export const concatOfSpreadable = () =>
  [].concat({ length: 2 ** 32, [Symbol.isConcatSpreadable]: true }, { length: 2 ** 52, [Symbol.isConcatSpreadable]: true });

export const flattened = () => new Array(4000).fill(new Array(1 << 20).fill(1)).flat();

export const fromLength = () => Array.from({ length: LARGEST_LENGTH });

export const fromEndlessIterator = () =>
  Array.from({ [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) });

export const spreadOfEndlessIterator = () => [...{ [Symbol.iterator]: () => ({ next: () => ({ value: 1 }) }) }];

export const splitText = () => "x".repeat(2 ** 28).split("");

export const splitParts = () => "x,".repeat(2 ** 27).split(",");

export const spreadText = () => [..."x".repeat(2 ** 28)];

export const indexFarAway = () => {
  const list = [];
  for (let index = 0; ; index++) list[index * 1000] = index;
};

export const grownFromBehind = () => {
  const list = [];
  for (let index = 5e7; index >= 0; index--) list[index] = index;
  return list;
};

export const unshifted = () => {
  const list = new Array(2 ** 22).fill(1);
  for (;;) list.unshift(...new Array(50000).fill(2));
};

export const spliced = () => {
  const list = new Array(2 ** 22).fill(1);
  for (;;) list.splice(5, 0, ...new Array(50000).fill(2));
};

export const lengthThenFill = () => {
  const list = [];
  list.length = 2 ** 26;
  return list.fill(1.5);
};

export const sortedLong = () => new Array(2 ** 25).fill(0).map((_value, index) => -index).sort();

export const reversedCopy = () => new Array(2 ** 29).toReversed();

export const splicedCopy = () => new Array(2 ** 29).toSpliced(1, 1, 2);

export const changedCopy = () => new Array(2 ** 29).with(1, 2);

export const sortedCopy = () => new Array(2 ** 29).toSorted();

export const sortedLength = () => Array.prototype.sort.call({ length: 2 ** 27 + 1 });

export const sortedLengths = () => Array.prototype.toSorted.call({ length: 2 ** 31 });

export const sortedProxy = () => new Proxy(new Array(2 ** 29), {}).sort();

export const hugeLiteral = () => (0, eval)(`[${"1,".repeat(3000000)}]`);

export const hugeObjectLiteral = () => (0, eval)(`({${Array.from({ length: 300000 }, (_v, index) => `a${index}:1`)}})`);

export const ofMany = () => Array.of(...new Array(2 ** 24).fill(1));

export const objectOfArray = () => Object.entries(new Array(2 ** 23).fill(1));

export const namesOfArray = () => Object.keys(new Array(2 ** 24).fill(1));

export const namesOfText = () => Object.getOwnPropertyNames("x".repeat(2 ** 26));

export const grouped = () => Object.groupBy(new Array(2 ** 24).fill(1), (_value, index) => index);

// Arguments

export const appliedToLongArray = () => Math.max.apply(null, new Array(2 ** 26));

export const appliedToLength = () => Math.max.apply(null, { length: 2 ** 31 });

export const appliedToMany = () => String.fromCharCode.apply(null, new Array(2 ** 24).fill(65));

export const reflectApplied = () => Reflect.apply(Math.max, null, { length: 2 ** 32 - 1 });

export const reflectConstructed = () => Reflect.construct(Array, { length: 2 ** 27 });

export const boundToMany = () => {
  let bound = () => 0;
  for (;;) bound = bound.bind(null, ...new Array(10000).fill(1));
};

export const spreadArguments = () => ((...rest) => rest.length)(...new Array(2 ** 25).fill(1));

export const rawText = () => String.raw({ raw: { length: 2 ** 53 - 1 } });

export const rawTextOfMany = () => String.raw({ raw: new Array(2 ** 24).fill("text of some length") });

// Texts

export const repeated = () => "x".repeat(2 ** 29 - 24);

export const repeatedTooOften = () => "x".repeat(2 ** 30);

export const repeatedWide = () => "\u1234".repeat(2 ** 28);

export function doubledText() {
  let text = "xy";
  for (;;) text += text;
}

export function doubledFlatText() {
  let text = "xy";
  for (;;) {
    text += text;
    text.charCodeAt(text.length - 1);
    JSON.stringify(text);
  }
}

export const joinedText = () => new Array(2 ** 25).join("some text between");

export const joinedLongestArray = () => new Array(LARGEST_LENGTH).join("x");

export const padded = () => "x".padStart(2 ** 29 - 24, "abc");

export const paddedEnd = () => "x".padEnd(2 ** 30, "abc");

export const replacedText = () => "x".repeat(2 ** 24).replaceAll("x", "y".repeat(1000));

export const replacedByPattern = () => "x".repeat(2 ** 24).replace(/x/g, "$&$&$&$&$&$&$&$&$&$&$`".repeat(3));

export const replacedBetween = () => "x".repeat(100000).replaceAll("", "y".repeat(100000));

export const matchedAll = () => "x".repeat(2 ** 24).match(/x/g);

export const normalized = () => "\ufdfa".repeat(2 ** 23).normalize("NFKD");

export const upperCase = () => "\u0149".repeat(2 ** 27).toUpperCase();

export const encodedText = () => encodeURIComponent("\u1234".repeat(2 ** 25));

export const escapedText = () => escape("\u1234".repeat(2 ** 25));

export const quotedText = () => JSON.stringify("\u0001".repeat(2 ** 27));

export const indentedText = () => {
  let nested = 1;
  for (let depth = 0; depth < 3000; depth++) nested = [nested, nested === 1 ? 1 : 2];
  return JSON.stringify(nested, null, "          ");
};

export const stringified = () => {
  const part = new Array(1000).fill("some text");
  return JSON.stringify(new Array(100000).fill(part));
};

export const parsed = () => JSON.parse(`[${"[],".repeat(2 ** 24)}0]`);

export const parsedBeyondLimit = () => JSON.parse(`[${"1,".repeat(2 ** 27)}0]`);

export const parsedNumbers = () => JSON.parse(`[${"1.5,".repeat(2 ** 24)}0]`);

export const bigNumber = () => 2n ** (2n ** 30n - 1n);

export const bigShift = () => 1n << 2n ** 30n;

export function doubledBigNumber() {
  let number = 3n;
  for (;;) number *= number;
}

export const bigNumberText = () => (1n << 2n ** 27n).toString(2);

export const manyClasses = () => new RegExp("\\p{RGI_Emoji}".repeat(1e4), "v");

export const manyClassesInSource = () => new Function(`return /${"\\p{RGI_Emoji}".repeat(1e4)}/v`)();

export const hugeExpression = () => new RegExp("a{1000}".repeat(100000)).test("a");

export const nestedExpression = () => new RegExp("(?:(?:(?:(?:a{100}){100}){100}){100}){100}").test("a");

export const manyGroups = () => new RegExp("(a)?".repeat(60000)).exec("a".repeat(60000));

export const hugeFunction = () => new Function(`return ${"1+".repeat(2000000)}1`)();

export const hugeTemplate = () => (0, eval)(`String.raw\`${"x${1}".repeat(300000)}\``);

export const manySymbols = () => {
  const symbols = [];
  for (;;) symbols.push(Symbol.for(`symbol ${symbols.length}`));
};

// Maps and objects

export function grownMap() {
  const map = new Map();
  for (let index = 0; ; index++) map.set(index, index);
}

export function grownSet() {
  const set = new Set();
  for (let index = 0; ; index++) set.add(index);
}

export function grownWeakMap() {
  const map = new WeakMap();
  const kept = [];
  for (;;) {
    const key = {};
    kept.push(key);
    map.set(key, key);
  }
}

export function grownObject() {
  const object = {};
  for (let index = 0; ; index++) object[`name${index}`] = index;
}

export function grownNumberedObject() {
  const object = {};
  for (let index = 0; ; index++) object[index * 7919] = index;
}

export function grownClass() {
  const classes = [];
  for (;;) classes.push(class extends (classes.at(-1) ?? Object) {});
}

export const mapOfMany = () => new Map(new Array(2 ** 24).fill(0).map((_value, index) => [index, index]));

export const setOfMany = () => new Set(Array.from({ length: 2 ** 25 }, (_value, index) => index));

export const unionOfSets = () => {
  let set = new Set([1]);
  for (let round = 0; ; round++) set = set.union(new Set([...set].map((value) => value + 2 ** round)));
};

export const fromEntries = () => Object.fromEntries(new Array(2 ** 23).fill(0).map((_value, index) => [`n${index}`, 1]));

export const assigned = () => Object.assign({}, "x".repeat(2 ** 26));

export const cloned = () => structuredClone(new Array(2 ** 23).fill({}));

export function chained() {
  let chain = null;
  for (;;) chain = { chain };
}

export function promised() {
  const promises = [];
  for (;;) promises.push(Promise.resolve(promises.length).then((value) => value));
}

export function generated() {
  const generators = [];
  function* numbers() {
    yield generators.length;
  }
  for (;;) {
    const generator = numbers();
    generator.next();
    generators.push(generator);
  }
}

export function proxied() {
  let proxy = {};
  for (;;) proxy = new Proxy(proxy, {});
}

export function erred() {
  const errors = [];
  for (;;) errors.push(new Error(`error ${errors.length}`));
}

// Buffers

export const largestBuffer = () => new ArrayBuffer(2 ** 53 - 1);

export const hugeBuffer = () => new ArrayBuffer(2 ** 33);

export const hugeView = () => new Uint8Array(2 ** 33);

export const longestView = () => new Float64Array(2 ** 32);

export const viewOfLength = () => Uint8Array.from({ length: 2 ** 31 });

export const viewOfArray = () => new Float64Array(new Array(2 ** 27));

export function manyBuffers() {
  const buffers = [];
  for (;;) buffers.push(new ArrayBuffer(1 << 16));
}

export function manyViews() {
  const buffer = new ArrayBuffer(8);
  const views = [];
  for (;;) views.push(new Uint8Array(buffer));
}

export function transferred() {
  let buffer = new ArrayBuffer(1 << 16);
  for (;;) buffer = buffer.transfer(buffer.byteLength * 2);
}

export function transferredResizable() {
  let buffer = new ArrayBuffer(1 << 16, { maxByteLength: 2 ** 33 });
  for (;;) buffer = buffer.transfer(Math.min(buffer.byteLength * 2, 2 ** 33));
}

export function fixedFromResizable() {
  const kept = [];
  for (;;) {
    const buffer = new ArrayBuffer(1 << 20, { maxByteLength: 1 << 22 });
    kept.push(buffer.transferToFixedLength(1 << 22));
  }
}

export const resizableToItsEnd = () => {
  const buffer = new ArrayBuffer(0, { maxByteLength: 2 ** 34 });
  for (let size = 1 << 20; size <= 2 ** 34; size += 1 << 20) {
    buffer.resize(size);
    new Uint8Array(buffer, size - (1 << 20), 1 << 20).fill(1);
  }
  return buffer;
};

export function manyResizable() {
  const buffers = [];
  for (;;) buffers.push(new ArrayBuffer(1 << 20, { maxByteLength: 1 << 21 }));
}

export function manyReservations() {
  const buffers = [];
  for (;;) buffers.push(new ArrayBuffer(0, { maxByteLength: 2 ** 32 }));
}

export const largestReservation = () => new ArrayBuffer(0, { maxByteLength: 2 ** 53 - 1 });

export function slicedBuffers() {
  const buffer = new ArrayBuffer(1 << 20);
  const kept = [];
  for (;;) kept.push(buffer.slice(0));
}

export function clonedBuffers() {
  const buffer = new ArrayBuffer(1 << 20);
  const kept = [];
  for (;;) kept.push(structuredClone(buffer));
}

export function encodedTexts() {
  const kept = [];
  const text = "x".repeat(1 << 20);
  for (;;) kept.push(new TextEncoder().encode(text), ccf.strToBuf(text));
}

export function randomKeys() {
  const kept = [];
  for (;;) kept.push(ccf.crypto.generateAesKey(256));
}

// WebAssembly, where there is machine code

const memoryOf = (initial, maximum) => new globalThis.WebAssembly.Memory({ initial, maximum });

export const largestMemory = () => memoryOf(65536, 65536);

export const grownMemory = () => {
  const memory = memoryOf(1, 65536);
  for (;;) {
    memory.grow(16);
    new Uint8Array(memory.buffer).fill(1);
  }
};

export const manyMemories = () => {
  const kept = [];
  for (;;) {
    const memory = memoryOf(16, 16);
    new Uint8Array(memory.buffer).fill(1);
    kept.push(memory);
  }
};

export const largestTable = () => new globalThis.WebAssembly.Table({ initial: 10000000, element: "externref" });

export const manyTables = () => {
  const kept = [];
  for (;;) kept.push(new globalThis.WebAssembly.Table({ initial: 1000000, element: "externref" }));
};

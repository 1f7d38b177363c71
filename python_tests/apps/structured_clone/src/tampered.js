// An app that has replaced what `structuredClone` might use.
import { describe } from "./describe.js";

const { defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;

const ITERATORS = [[], new Map(), new Set()].map((object) => Object.getPrototypeOf(object[Symbol.iterator]()));
const CLASSES = [Array, ArrayBuffer, DataView, Date, Error, Map, Number, RangeError, RegExp, Set, String];
const OWNERS = [
  ...CLASSES,
  ...CLASSES.map(({ prototype }) => prototype),
  ...ITERATORS,
  Object.getPrototypeOf(Uint8Array.prototype),
  Function.prototype,
  Object,
  Reflect,
];
/** Members that JavaScript itself uses when it makes an error, and one that V8 has only when it restored the realm. */
const SPARED = ["stack", "prepareStackTrace", "stackTraceLimit", "captureStackTrace", "isError"];
/** Plain objects and arrays of a careless script would read and write these. */
const NAMES = ["0", "1", "2", "copy", "enumerable", "get", "keys", "make", "maxByteLength", "set", "transfer", "value", "values"];

/** The members to replace, as what they are and what they become: something that notes its name. */
function planned(called) {
  const note = (key) => () => {
    called[called.length] = key;
  };
  const changes = [];
  // Without a prototype, as missing members of a property would be those of `Object.prototype`.
  const plan = (owner, key, before, after) =>
    changes.push({ __proto__: null, owner, key, before, after: { __proto__: null, configurable: true, ...after } });
  for (const owner of OWNERS) {
    for (const key of ownKeys(owner).filter((each) => !SPARED.includes(each))) {
      const before = { __proto__: null, ...getOwnPropertyDescriptor(owner, key) };
      if (before.configurable && before.get) {
        plan(owner, key, before, { get: note(key) });
      } else if (before.configurable && typeof before.value === "function") {
        plan(owner, key, before, { value: note(key) });
      }
    }
  }
  for (const key of NAMES) {
    plan(Object.prototype, key, undefined, { get: note(key), set: note(key) });
  }
  return changes;
}

function replaceMembers(changes) {
  for (let index = 0; index < changes.length; index++) {
    const { owner, key, after } = changes[index];
    defineProperty(owner, key, after);
  }
}

function restoreMembers(changes) {
  for (let index = changes.length - 1; index >= 0; index--) {
    const { owner, key, before } = changes[index];
    if (before === undefined) {
      delete owner[key];
    } else {
      defineProperty(owner, key, before);
    }
  }
}

export function tampered() {
  const buffer = new ArrayBuffer(2);
  const original = {
    list: [1, , new Date(5)],
    map: new Map([["a", new Set([/a/g])]]),
    views: [new Uint8Array([1, 2]), new DataView(buffer)],
    resizable: new ArrayBuffer(1, { maxByteLength: 2 }),
    error: new RangeError("no", { cause: "x" }),
    boxes: [Object(1), Object("a")],
  };
  // QuickJS makes the function when it is read for the first time.
  const { structuredClone } = globalThis;
  const called = Object.setPrototypeOf([], null);
  const changes = planned(called);
  replaceMembers(changes);
  let copy;
  let refused;
  try {
    copy = structuredClone(original);
    structuredClone(() => 1);
  } catch (error) {
    refused = error;
  } finally {
    restoreMembers(changes);
  }
  return { body: { called: Array.from(called), copied: describe(copy) === describe(original), refused: refused.name } };
}

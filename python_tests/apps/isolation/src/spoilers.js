// Each function tells what it finds, then changes it. What it finds must be the same at each request.
import * as stateModule from "./state.js";
import { count, increment, shared } from "./state.js";

let variable = 0;
let lazy;
const object = { nested: { value: 0 } };
const list = [1, 2, 3];
const map = new Map([["a", 1]]);
const set = new Set(["a"]);
const weakMap = new WeakMap([[object, "initial"]]);
const bytes = new Uint8Array([1, 2, 3]);
const buffer = new ArrayBuffer(4);
const date = new Date(1000);
const global = /o/g;
const sticky = /o/y;
const bound = Function.prototype.bind.call(() => object.nested.value, null);
const generator = (function* () {
  yield 1;
  yield 2;
  yield 3;
})();
const iterator = [1, 2, 3][Symbol.iterator]();
const resolved = Promise.resolve({ value: 0 });
const proxy = new Proxy({ value: 0 }, {});
const symbol = Symbol.for("shared between requests");

const closure = (() => {
  let calls = 0;
  return () => calls++;
})();

class Counter {
  static total = 0;
  static #hidden = 0;
  #value = 0;
  static next() {
    return Counter.#hidden++;
  }
  next() {
    return this.#value++;
  }
}

const counter = new Counter();

function own() {
  own.calls = (own.calls ?? 0) + 1;
  return own.calls;
}

function tag(strings) {
  return strings;
}

function template() {
  return tag`text`;
}

const seenTemplates = new WeakSet();

// Modules

export const moduleVariable = () => variable++;

export function lazyVariable() {
  const before = lazy ?? "empty";
  lazy = "filled";
  return before;
}

export function importedBinding() {
  const before = count;
  increment();
  return [before, count - before];
}

export const importedObject = () => [shared.count++, shared.list.push("x")];

export function importedNamespace() {
  const before = stateModule.count;
  stateModule.increment();
  return before;
}

export async function dynamicallyImported() {
  const module = await import("./lazy_state.js");
  return module.next();
}

export const nestedObject = () => object.nested.value++;

export const addedProperty = () => {
  const before = Object.keys(object);
  object.added = 1;
  return before;
};

export const array = () => [list.push(4), list.shift()];

export const mapEntries = () => [map.size, map.get("a"), map.set("a", 2).set("b", 3).size];

export const setEntries = () => [set.size, set.add("b").size, set.delete("a")];

export function weakMapEntry() {
  const before = weakMap.get(object);
  weakMap.set(object, "changed");
  return before;
}

export const typedArray = () => bytes[0]++;

export const typedArrayFill = () => {
  const before = [...bytes];
  bytes.fill(9);
  return before;
};

export function dataView() {
  const view = new DataView(buffer);
  const before = view.getUint8(0);
  view.setUint8(0, 7);
  return before;
}

export function dateObject() {
  const before = date.getTime();
  date.setTime(before + 1);
  return before;
}

export function regularExpressionIndex() {
  const before = [global.lastIndex, sticky.lastIndex];
  global.exec("foo");
  sticky.lastIndex = 2;
  return before;
}

export const closureVariable = () => closure();

export const boundFunction = () => [bound(), object.nested.value++];

export const generatorState = () => generator.next().value;

export const iteratorState = () => iterator.next().value;

export const privateField = () => counter.next();

export const staticField = () => Counter.total++;

export const privateStaticField = () => Counter.next();

export const functionProperty = () => own();

export const proxyTarget = () => proxy.value++;

export const promiseValue = () => resolved.then((value) => value.value++);

export function templateObject() {
  const strings = template();
  const before = seenTemplates.has(strings);
  seenTemplates.add(strings);
  return before;
}

export function frozenObject() {
  const before = Object.isFrozen(object.nested);
  Object.freeze(object.nested);
  return before;
}

export function prototypeOfClass() {
  const before = typeof Counter.prototype.added;
  Counter.prototype.added = () => 1;
  return before;
}

export function prototypeOfObject() {
  const before = Object.getPrototypeOf(object) === Object.prototype;
  Object.setPrototypeOf(object, { inherited: 1 });
  return before;
}

// Globals

export function globalProperty() {
  const before = typeof globalThis.leaked;
  globalThis.leaked = 1;
  return before;
}

export function globalVariable() {
  const before = typeof globalThis.evaluatedVariable;
  (0, eval)("var evaluatedVariable = 1; function evaluatedFunction() {}");
  return [before, typeof globalThis.evaluatedVariable];
}

export function globalAccessor() {
  const before = typeof globalThis.accessor;
  Object.defineProperty(globalThis, "accessor", { get: () => 1 });
  return before;
}

export function deletedGlobal() {
  const before = typeof globalThis.parseInt;
  delete globalThis.parseInt;
  return before;
}

export function globalPrototype() {
  const before = typeof globalThis.inheritedByGlobal;
  Object.getPrototypeOf(globalThis).inheritedByGlobal = 1;
  return before;
}

export function closedGlobal() {
  const before = Object.isExtensible(globalThis);
  Object.preventExtensions(globalThis);
  return before;
}

export function symbolOnGlobal() {
  const before = typeof globalThis[symbol];
  globalThis[symbol] = 1;
  return before;
}

export function symbolOnPrototype() {
  const before = typeof Array.prototype[symbol];
  Array.prototype[symbol] = 1;
  return before;
}

// Built-in objects

export function objectPrototype() {
  const before = typeof {}.leaked;
  Object.prototype.leaked = 1;
  return before;
}

export function objectEntries() {
  const before = Object.entries({ a: 1 });
  Object.entries = () => "changed";
  return before;
}

export function arrayPrototype() {
  const before = [1, 2].map((value) => value + 1);
  Array.prototype.map = () => "changed";
  return before;
}

export function arrayIterator() {
  const [before] = [1];
  Array.prototype[Symbol.iterator] = function* () {
    yield "changed";
  };
  return before;
}

export function arrayIteratorNext() {
  const prototype = Object.getPrototypeOf([][Symbol.iterator]());
  const [before] = [1];
  prototype.next = () => ({ done: false, value: "changed" });
  return before;
}

export function stringPrototype() {
  const before = "a".toUpperCase();
  String.prototype.toUpperCase = () => "changed";
  return before;
}

export function numberPrototype() {
  const before = (1).toString();
  Number.prototype.toString = () => "changed";
  return before;
}

export function functionPrototype() {
  const before = typeof (() => 1).leaked;
  Function.prototype.leaked = 1;
  return before;
}

export function promisePrototype() {
  const before = typeof Promise.prototype.leaked;
  Promise.prototype.leaked = 1;
  Promise.prototype.then = undefined;
  return before;
}

export function errorConstructor() {
  const before = [typeof Error.leaked, typeof Error.prototype.leaked];
  Error.leaked = 1;
  Error.prototype.leaked = 1;
  Error.stackTraceLimit = 0;
  Error.prepareStackTrace = () => "changed";
  return before;
}

export function stackTraceLimit() {
  const before = new Error("x").stack.includes("stackTraceLimit");
  Error.stackTraceLimit = 0;
  return before;
}

export function mathFunctions() {
  const before = Math.max(1, 2);
  Math.max = () => "changed";
  Math.random = () => 0.5;
  return before;
}

export function dateFunctions() {
  const before = Date.now() > 1;
  Date.now = () => 0;
  return before;
}

export function jsonFunctions() {
  const before = JSON.stringify({ a: 1 });
  JSON.stringify = () => '"changed"';
  JSON.parse = () => "changed";
  return before;
}

export function regularExpressionStatics() {
  const before = RegExp.$1 ?? "";
  /(x+)/.exec("axxb");
  return before;
}

export function regularExpressionPrototype() {
  const before = /a/.test("a");
  RegExp.prototype.exec = () => null;
  return before;
}

export function typedArrayPrototype() {
  const before = typeof new Uint8Array(1).leaked;
  Object.getPrototypeOf(Uint8Array.prototype).leaked = 1;
  return before;
}

export function prototypeOfFunctionKinds() {
  const generatorFunction = Object.getPrototypeOf(function* () {});
  const asyncFunction = Object.getPrototypeOf(async () => {});
  const before = [typeof generatorFunction.leaked, typeof asyncFunction.leaked];
  generatorFunction.leaked = 1;
  asyncFunction.leaked = 1;
  return before;
}

export function frozenBuiltins() {
  const before = [Object.isFrozen(Object.prototype), Object.isFrozen(Array.prototype)];
  Object.freeze(Object.prototype);
  Object.freeze(Array.prototype);
  return before;
}

export function setterOnPrototype() {
  const before = "message" in {};
  Object.defineProperty(Object.prototype, "message", { set() {}, configurable: true });
  return before;
}

// What the host provides

export function bufToStrReplaced() {
  const before = ccf.bufToStr(ccf.strToBuf("text"));
  ccf.bufToStr = () => "changed";
  return before;
}

export function bufToStrDeleted() {
  const before = typeof ccf.bufToStr;
  delete ccf.bufToStr;
  return before;
}

export function bufToStrProperty() {
  const before = typeof ccf.bufToStr.leaked;
  ccf.bufToStr.leaked = 1;
  return before;
}

export function rpcFunction() {
  const before = typeof ccf.rpc.setApplyWrites;
  ccf.rpc.setApplyWrites = 42;
  return before;
}

export function cryptoFunction() {
  const before = typeof ccf.crypto.digest;
  ccf.crypto.digest = 42;
  return before;
}

export function historicalFunction() {
  const before = typeof ccf.historical.getStateRange;
  ccf.historical.getStateRange = 42;
  return before;
}

export function consensusFunction() {
  const before = typeof ccf.consensus.getViewForSeqno;
  delete ccf.consensus.getViewForSeqno;
  return before;
}

export function textCoderReplaced() {
  const before = typeof new TextEncoder().encode;
  TextEncoder.prototype.encode = 42;
  return before;
}

export function urlDeleted() {
  const before = typeof globalThis.URL;
  delete globalThis.URL;
  return before;
}

export function ccfReplaced() {
  const before = typeof globalThis.ccf.strToBuf;
  globalThis.ccf = { strToBuf: 1 };
  return before;
}

export function ccfProperty() {
  const before = typeof ccf.leaked;
  ccf.leaked = 1;
  return before;
}

export function kvReplaced() {
  const before = typeof ccf.kv.table.get;
  ccf.kv = {};
  return before;
}

export function handlePrototype() {
  const table = ccf.kv.table;
  const before = typeof ccf.kv.table.leaked;
  (Object.getPrototypeOf(table) ?? {}).leaked = 1;
  try {
    table.get = () => "changed";
  } catch {
    // Refusing it is as good.
  }
  return before;
}

export function handleMethodProperty() {
  const before = typeof ccf.kv.table.get.leaked;
  try {
    ccf.kv.table.get.leaked = 1;
  } catch {
    // Refusing it is as good.
  }
  return before;
}

export function consoleReplaced() {
  const before = typeof console.log;
  console.log = 1;
  return before;
}

export function switches() {
  return [ccf.enableMetricsLogging(false)];
}

export function requestPrototype(request) {
  const before = [typeof request.leaked, typeof request.headers.leaked, typeof request.body.leaked];
  for (const part of [request, request.headers, request.params, request.body]) {
    part.leaked = 1;
    const prototype = Object.getPrototypeOf(part);
    if (prototype !== null) {
      prototype.leaked = 1;
    }
  }
  return before;
}

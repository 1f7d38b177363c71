// An app that has replaced what the web's globals might use.

const { defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { stringify } = JSON;
const called = { __proto__: null, count: 0 };

const OWNERS = [
  Array.prototype,
  String.prototype,
  Map.prototype,
  ArrayBuffer.prototype,
  DataView.prototype,
  Object.getPrototypeOf(Uint8Array.prototype),
  Object.getPrototypeOf([][Symbol.iterator]()),
  Object,
  Reflect,
  JSON,
  ArrayBuffer,
  Function.prototype,
];

/** Replaces all methods and getters of an object by ones that tell when they are called. */
function replaceMembers(owner) {
  const keys = ownKeys(owner);
  for (let index = 0; index < keys.length; index++) {
    const { configurable, get, value } = getOwnPropertyDescriptor(owner, keys[index]);
    const replacement = () => {
      called[called.count++] = keys[index];
    };
    if (configurable && get) {
      defineProperty(owner, keys[index], { __proto__: null, configurable, get: replacement });
    } else if (configurable && typeof value === "function") {
      defineProperty(owner, keys[index], { __proto__: null, configurable, value: replacement });
    }
  }
}

/** Whoever assigns such a member to a plain object or array is noticed. */
function watchAssignments() {
  const names = ["0", "1", "2", "3", "4", "5", "list", "changed", "href"];
  for (let index = 0; index < names.length; index++) {
    defineProperty(Object.prototype, names[index], {
      __proto__: null,
      configurable: true,
      set: () => {
        called[called.count++] = names[index];
      },
    });
  }
}

export function tampered() {
  const url = new URL("http://host.example/?b=1&a=2");
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const [start, end] = [new Uint8Array([0xe2, 0x82]), new Uint8Array([0xac])];
  const space = new Uint8Array(2);
  const report = { __proto__: null, visited: "" };
  const base = atob("aHR0cDovL2hvc3QuZXhhbXBsZQ==");

  for (let index = 0; index < OWNERS.length; index++) {
    replaceMembers(OWNERS[index]);
  }
  watchAssignments();
  globalThis.Uint8Array = globalThis.Map = globalThis.TypeError = globalThis.Error = undefined;

  const { searchParams } = url;
  searchParams.append("c", "3");
  searchParams.sort();
  searchParams.set("b", "4");
  searchParams.delete("c", "3");
  url.pathname = "/path";
  report.href = url.href;
  report.found = searchParams.get("a") + searchParams.has("b") + searchParams.size;
  searchParams.forEach((value, name) => {
    report.visited += name + value;
  });
  report.first = searchParams.keys().next().value;
  report.joined = new URL("x", base).href;
  report.text = decoder.decode(start, { stream: true }) + decoder.decode(end);
  report.bytes = encoder.encode("ü")[1];
  report.read = encoder.encodeInto("aü", space).read;
  report.base64 = btoa("abc");
  try {
    new URL("nonsense");
  } catch (error) {
    report.error = error.name;
  }
  const count = called.count;
  let names = "";
  for (let index = 0; index < count; index++) {
    names += (typeof called[index] === "symbol" ? "symbol" : called[index]) + " ";
  }
  report.called = names;
  return { body: stringify(report) };
}

// Changes all that a request can reach: what the language brings, what the library adds, and what the app's modules export. A request
// that runs before each request of a test, and that no test may notice.

// Everything that it needs itself is taken before: it poisons iterators, accessors and functions, too.

const { defineProperty, deleteProperty, get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, preventExtensions, set, setPrototypeOf } = Reflect;
const { freeze } = Object;
const { iterator, species, toPrimitive, toStringTag, hasInstance, isConcatSpreadable } = Symbol;
const globals = globalThis;
const names = ownKeys(globalThis);
const classes = ["Array", "String", "Number", "RegExp", "Date", "Error", "TypeError", "Map", "Set", "WeakMap", "Uint8Array", "Promise"];
const constructors = classes.map((name) => globalThis[name]);
const subclassed = constructors.map((made) => class extends made {});
const coders = [TextEncoder, TextDecoder, URL, URLSearchParams];
const withSpecies = [Array, Promise, RegExp, ArrayBuffer, Map, Set, getPrototypeOf(Uint8Array)];
const iterated = [Array.prototype, String.prototype, Map.prototype, Set.prototype, Object.prototype];
const inherited = [toPrimitive, toStringTag, hasInstance, isConcatSpreadable, "toJSON", "then", "get", "set", "value", "body"];
const parts = [JSON, Math, ccf, ccf.rpc, ccf.consensus, ccf.historical, ccf.crypto, console, Object, Reflect, getPrototypeOf([][iterator]())];
const functions = Function.prototype;
const objects = Object.prototype;
let stashed = 0;

const poisoned = function poisoned() {
  return "poisoned";
};

// Each deed may find that another has made it impossible.
const attempt = (deed) => {
  try {
    deed();
  } catch {
    // It is poisoned already.
  }
};

const each = (list, deed) => {
  for (let index = 0; index < list.length; index++) {
    attempt(() => deed(list[index], index));
  }
};

const accessor = (object, key) =>
  defineProperty(object, key, { __proto__: null, get: () => poisoned, set: () => {}, configurable: true, enumerable: true });

const replaceAll = (object) =>
  each(ownKeys(object), (key) => {
    if (key !== "prototype" && key !== "constructor") set(object, key, poisoned);
  });

function poisonHandles(request) {
  each([request, request.params, request.headers, request.body, request.caller], (part) => {
    globals[`stashed${stashed++}`] = part;
    getPrototypeOf(part).poisoned = poisoned;
    freeze(part);
  });
  attempt(() => {
    const handle = ccf.kv["poisoned"];
    globals.handle = handle;
    handle.get = poisoned;
    getPrototypeOf(handle).get = poisoned;
  });
}

const poisonModules = (modules) =>
  each(modules, (module) =>
    each(ownKeys(module), (name) => {
      const value = module[name];
      value.poisoned = poisoned;
      attempt(() => value.clear());
      attempt(() => value.push("poisoned"));
      attempt(() => replaceAll(value.prototype));
      replaceAll(value);
    }),
  );

function poisonLanguage() {
  attempt(() => /(poi)(son)/.exec("poison"));
  attempt(() => Symbol.for("poisoned"));
  attempt(() => (Error.stackTraceLimit = 0));
  attempt(() => (Error.prepareStackTrace = poisoned));
  attempt(() => accessor(globals, "poisoned"));
  each(withSpecies, (made) => accessor(made, species));
  each(coders, (made) => replaceAll(made.prototype));
  each(constructors, (made) => {
    replaceAll(made.prototype);
    replaceAll(made);
  });
  each(parts, replaceAll);
  each(iterated, (prototype) => set(prototype, iterator, poisoned));
  each(["call", "apply", "bind", "toString", hasInstance], (key) => defineProperty(functions, key, { __proto__: null, value: poisoned }));
  each(names, (name) => {
    const { configurable } = getOwnPropertyDescriptor(globals, name);
    if (configurable) accessor(globals, name);
  });
  replaceAll(objects);
  each(inherited, (key) => accessor(objects, key));
  attempt(() => accessor(objects, 0));
  attempt(() => setPrototypeOf(getPrototypeOf(globals), null));
  attempt(() => preventExtensions(globals));
}

// A job that is left behind, and one more after it. Unlike `then`, `await` asks nothing that is poisoned by now. The status shows that
// the first one ran, and the second one fails where nobody looks.
async function leaveJobs(response) {
  await undefined;
  response.statusCode = 298;
  await undefined;
  throw poisoned;
}

// In the end it throws what it has poisoned, returns something that can't be read, leaves jobs behind, or leaves globals that are no
// accessors but classes of its own, or gone, or can't be changed back.
export function poison(modules, request) {
  const end = request.query.split("=")[1];
  poisonHandles(request);
  poisonModules(modules);
  poisonLanguage();
  const gone = get(globals, "JSON") === poisoned && objects.toJSON === poisoned && [].map === poisoned;
  if (!gone) return { statusCode: 418 };
  if (end === "throw") throw poisoned;
  if (end === "subclass") each(subclassed, (made, index) => defineProperty(globals, classes[index], { __proto__: null, value: made }));
  if (end === "delete") each(names, (name) => deleteProperty(globals, name));
  if (end === "freeze") each(constructors, (made) => freeze(freeze(made).prototype));
  const response = { __proto__: null, statusCode: 299, body: "poisoned" };
  if (end === "jobs") leaveJobs(response);
  return response;
}

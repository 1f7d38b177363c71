// How the web's globals look from outside.

/** Of a global that was read: engines may make it then. */
export function globalProperty(name) {
  globalThis[name];
  const { writable, enumerable, configurable, value } = Object.getOwnPropertyDescriptor(globalThis, name);
  return { writable, enumerable, configurable, name: value.name, length: value.length };
}

const kind = ({ get, set, value }) =>
  get ? (set ? "accessor" : "getter") : typeof value === "function" ? `method ${value.length}` : typeof value;

const own = (object) =>
  Reflect.ownKeys(object)
    .filter((key) => typeof key === "string")
    .map((key) => [key, Object.getOwnPropertyDescriptor(object, key)]);

const members = (object) =>
  Object.fromEntries(own(object).filter(([, property]) => property.enumerable).map(([key, property]) => [key, kind(property)]));

export const shownMembers = (name) => members(globalThis[name].prototype);

export const shownStatics = (name) => members(globalThis[name]);

export const hiddenMembers = (name) =>
  own(globalThis[name].prototype)
    .filter(([, property]) => !property.enumerable)
    .map(([key]) => key);

export const tag = (name) => Object.getOwnPropertyDescriptor(globalThis[name].prototype, Symbol.toStringTag);

const nameOfError = (action) => {
  try {
    action();
  } catch (error) {
    return error.name;
  }
  return "nothing thrown";
};

export const callWithoutNew = (name) => nameOfError(() => globalThis[name]("a:b"));

/** What members do to an object of another class, as a list of the error names. */
export function foreignReceiver(name) {
  const results = own(globalThis[name].prototype)
    .filter(([key]) => key !== "constructor")
    .map(([, { get, value }]) => nameOfError(() => (get ?? value).call({}, "a", "b")));
  return [...new Set(results)];
}

export function subclass() {
  class Address extends URL {
    get first() {
      return this.searchParams.keys().next().value;
    }
  }
  const address = new Address("http://host.example/?a=1");
  return [address.first, address instanceof URL, address.href];
}

/** Whether a change of the last request is still there; makes it. */
export function changePrototypes() {
  const found = [URL, URLSearchParams, TextEncoder, TextDecoder, globalThis].map((owner) => "changed" in (owner.prototype ?? owner));
  for (const owner of [URL.prototype, URLSearchParams.prototype, TextEncoder.prototype, TextDecoder.prototype, globalThis]) {
    owner.changed = true;
  }
  URL.prototype.toJSON = () => "changed";
  const before = JSON.stringify(new URL("a:b"));
  globalThis.atob = undefined;
  return [found, before];
}

export function replaceGlobal(name) {
  const before = typeof globalThis[name];
  globalThis[name] = 5;
  const replaced = globalThis[name];
  return [before, replaced, delete globalThis[name], name in globalThis];
}

// A text that tells values apart: kinds, contents and own properties, and which objects are the same.

const joined = (parts) => [...parts].join(", ");

const bytes = (buffer) => joined(new Uint8Array(buffer));

const properties = (object, text) =>
  joined(
    Reflect.ownKeys(object)
      .filter((key) => key !== "stack")
      .map((key) => {
        const { enumerable, value } = Object.getOwnPropertyDescriptor(object, key);
        return `${enumerable ? "" : "hidden "}${String(key)}: ${text(value)}`;
      }),
  );

/** What an object holds besides its properties, by the class that it inherits from. */
const contents = [
  [Date, (date) => date.getTime()],
  [RegExp, (expression) => `${expression}`],
  [Map, (map, text) => joined([...map].map(([key, value]) => `${text(key)} => ${text(value)}`))],
  [Set, (set, text) => joined([...set].map(text))],
  [ArrayBuffer, (buffer) => `${bytes(buffer)}${buffer.resizable ? ` of ${buffer.maxByteLength}` : ""}`],
  [DataView, (view, text) => `${view.byteOffset}+${view.byteLength} ${text(view.buffer)}`],
  [Object.getPrototypeOf(Uint8Array), (view, text) => `${view.byteOffset}+${view.length} ${text(view.buffer)}`],
  [Boolean, (box) => box.valueOf()],
  [Number, (box) => box.valueOf()],
  [String, (box) => box.valueOf()],
  [BigInt, (box) => box.valueOf()],
];

const kindOf = (object) => Object.getPrototypeOf(object)?.constructor.name ?? "null";

/** The own properties of boxed strings and of views are their contents. */
const hasOwnProperties = (object) => !(object instanceof String) && !ArrayBuffer.isView(object);

function contentOf(object, text) {
  const known = contents.find(([Class]) => object instanceof Class);
  return known ? `(${known[1](object, text)})` : "";
}

export function describe(value) {
  const seen = new Map();
  const text = (part) => {
    if (typeof part === "string") {
      return JSON.stringify(part);
    }
    if (typeof part !== "object" || part === null) {
      return Object.is(part, -0) ? "-0" : String(part);
    }
    if (seen.has(part)) {
      return `#${seen.get(part)}`;
    }
    seen.set(part, seen.size);
    const own = hasOwnProperties(part) ? properties(part, text) : "";
    return `${kindOf(part)}${contentOf(part, text)}${own && `{${own}}`}`;
  };
  return text(value);
}

// Headers of the response.

export function headerValues() {
  return {
    headers: {
      "x-text": "text",
      "x-number": 12.5,
      "x-true": true,
      "x-null": null,
      "x-undefined": undefined,
      "x-object": {},
      "x-array": [1, 2],
      "x-big": 12n,
      "x-to-string": { toString: () => "converted" },
    },
  };
}

export function headerValueProxy() {
  return { body: "x", headers: { "x-proxy": new Proxy(() => 1, {}) } };
}

export function headersString() {
  return { body: "x", headers: "x-a: 1" };
}

export function headersNumber() {
  return { body: "x", headers: 1 };
}

export function headersNull() {
  return { body: "x", headers: null };
}

export function headersUndefined() {
  return { body: "x", headers: undefined };
}

export function headersTrue() {
  return { body: "x", headers: true };
}

export function headersNotOwn() {
  return { headers: Object.create({ "x-inherited": "1" }, { "x-own": { value: "2", enumerable: true } }) };
}

export function headersNotEnumerable() {
  return { headers: Object.defineProperty({ "x-seen": "1" }, "x-hidden", { value: "2", enumerable: false }) };
}

export function headersSymbol() {
  return { headers: { [Symbol("x")]: "1", "x-seen": "2" } };
}

export function headersOfMap() {
  return { headers: new Map([["x-map", "1"]]) };
}

export function headerNameInUpperCase() {
  return { headers: { "X-Upper-Case": "Value" } };
}

export function contentTypeLowerCase() {
  return { body: "x", headers: { "content-type": "text/html" } };
}

export function contentTypeUpperCase() {
  return { body: "x", headers: { "Content-Type": "text/html" } };
}

export function contentTypeWithoutBody() {
  return { headers: { "content-type": "text/html" } };
}

export function contentTypeOfJson() {
  return { body: { a: 1 }, headers: { "content-type": "application/problem+json" } };
}

// Values that would end their line

export function headerValueWithLineBreak() {
  return { headers: { "x-first": "1", "x-bad": "a\r\nx-injected: 1" } };
}

export function headerNameWithLineBreak() {
  return { headers: { "x-first": "1", "x-bad: a\r\nx-injected": "1" } };
}

// Headers that say where the answer ends, which the host knows better.
export function framingHeaders() {
  return { body: "text", headers: { "content-length": "1000", "transfer-encoding": "chunked", connection: "upgrade" } };
}

export const headersOfOneName = () => ({
  body: "x",
  headers: { "x-name": "one", "X-Name": "two", "content-type": "text/one", "Content-Type": "text/two" },
});

export const headerBeyondLatin = () => ({ headers: { "x-text": "ü 😀" } });
export const headerWithoutName = () => ({ headers: { "": "1" } });
export const headerNameWithSpace = () => ({ headers: { "x y": "1" } });
export const headerNameBeyondLatin = () => ({ headers: { ü: "1" } });
export const headerValueWithNul = () => ({ headers: { "x-bad": "a\0b" } });
export const headersOfArray = () => ({ headers: ["one"] });
export const headersOfFunction = () => ({ headers: Object.assign(() => 1, { 0: "one" }) });

export const bodyOfNoContent = () => ({ statusCode: 204, body: "text" });
export const bodyOfNotModified = () => ({ statusCode: 304, body: "text" });

// Functions of `ccf` that turn one value into another.

const { strToBuf, bufToStr, jsonCompatibleToBuf, bufToJsonCompatible } = ccf;

function caught(action) {
  try {
    action();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
  return "nothing thrown";
}

const bytesOf = (buffer) => [...new Uint8Array(buffer)];

export function strToBufBytes() {
  return [bytesOf(ccf.strToBuf("aü€😀\0z")), bytesOf(ccf.strToBuf("")), ccf.strToBuf("a") instanceof ArrayBuffer];
}

export function bufToStrText() {
  return [ccf.bufToStr(new Uint8Array([97, 195, 188, 0, 122]).buffer), ccf.bufToStr(new ArrayBuffer(0))];
}

export function bufToStrOfInvalidUtf8() {
  return typeof ccf.bufToStr(new Uint8Array([97, 255, 254, 195]).buffer);
}

export function roundTripOfText() {
  const all = Array.from({ length: 0xd800 }, (_, code) => String.fromCharCode(code)).join("");
  return ccf.bufToStr(ccf.strToBuf(all)) === all;
}

export function jsonToBuf() {
  const value = { a: [1, null, "ü"], b: undefined, c: new Date(0) };
  return ccf.bufToStr(ccf.jsonCompatibleToBuf(value));
}

export function bufToJson() {
  return ccf.bufToJsonCompatible(ccf.strToBuf('{"a":[1,null,"ü"]}'));
}

export function detachedConverters() {
  return [bufToStr(strToBuf("text")), bufToJsonCompatible(jsonCompatibleToBuf({ a: 1 }))];
}

export function strToBufErrors() {
  return [caught(() => ccf.strToBuf()), caught(() => ccf.strToBuf("a", "b")), caught(() => ccf.strToBuf(1))];
}

export function strToBufTypes() {
  const others = [null, undefined, {}, new String("a"), Symbol("a"), new ArrayBuffer(1)];
  return [...new Set(others.map((other) => caught(() => ccf.strToBuf(other))))];
}

export function bufToStrErrors() {
  return [caught(() => ccf.bufToStr()), caught(() => ccf.bufToStr(strToBuf("a"), 1))];
}

export function bufToStrTypes() {
  const others = [new Uint8Array(1), new DataView(new ArrayBuffer(1)), "a", 1, null, undefined, {}];
  return [...new Set(others.map((other) => caught(() => ccf.bufToStr(other))))];
}

export function jsonErrors() {
  const cycle = {};
  cycle.self = cycle;
  let cycleError;
  try {
    ccf.jsonCompatibleToBuf(cycle);
  } catch (error) {
    cycleError = error instanceof TypeError;
  }
  let parseError;
  try {
    ccf.bufToJsonCompatible(ccf.strToBuf("{"));
  } catch (error) {
    parseError = error instanceof SyntaxError;
  }
  return {
    undefinedValue: caught(() => ccf.jsonCompatibleToBuf(undefined)),
    cycleError,
    parseError,
    viewRefused: caught(() => ccf.bufToJsonCompatible(new Uint8Array(1))),
    counts: [caught(() => ccf.jsonCompatibleToBuf()), caught(() => ccf.bufToJsonCompatible())],
  };
}

export function pemToId(request) {
  return ccf.pemToId(request.body.text());
}

export function pemToIdOfNonsense() {
  try {
    ccf.pemToId("no certificate");
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
  return "nothing thrown";
}

export function digest(request) {
  const data = request.body.arrayBuffer();
  return [bytesOf(ccf.crypto.digest("SHA-256", data)), bytesOf(ccf.digest("SHA-256", data))];
}

export function digestOfUnknownAlgorithm() {
  return caught(() => ccf.crypto.digest("SHA-1", new ArrayBuffer(1)));
}

export function claimsDigestErrors() {
  return [
    caught(() => ccf.rpc.setClaimsDigest("text")),
    caught(() => ccf.rpc.setClaimsDigest(new Uint8Array(32))),
    caught(() => ccf.rpc.setClaimsDigest(new ArrayBuffer(31))),
    caught(() => ccf.rpc.setClaimsDigest(new ArrayBuffer(32))),
  ];
}

export function applyWritesErrors() {
  return [caught(() => ccf.rpc.setApplyWrites()), caught(() => ccf.rpc.setApplyWrites(true, 1))];
}

// What the methods of a map handle do. Each function gets an empty table of its own.
import { bytes, caught, entriesOf, text } from "./bytes.js";

export function hasAndGet(table) {
  const key = bytes("key");
  const before = [table.has(key), table.get(key) === undefined];
  table.set(key, bytes("value"));
  return [...before, table.has(key), text(table.get(key))];
}

export function getGivesArrayBuffer(table) {
  table.set(bytes("key"), bytes("value"));
  const value = table.get(bytes("key"));
  return [value instanceof ArrayBuffer, value.byteLength, table.get(bytes("key")) !== value];
}

export function setIsChainable(table) {
  const result = table.set(bytes("a"), bytes("1"));
  result.set(bytes("b"), bytes("2")).set(bytes("c"), bytes("3"));
  return [result === table, entriesOf(table)];
}

export function setReplaces(table) {
  table.set(bytes("key"), bytes("one")).set(bytes("key"), bytes("two"));
  return [entriesOf(table), table.size];
}

export function deleteRemoves(table) {
  table.set(bytes("key"), bytes("value"));
  return [table.delete(bytes("key")) === undefined, table.has(bytes("key")), table.size];
}

export function deleteOfMissingKey(table) {
  return [caught(() => table.delete(bytes("missing"))), table.size];
}

export function clearRemovesAll(table) {
  table.set(bytes("a"), bytes("1")).set(bytes("b"), bytes("2"));
  return [table.clear() === undefined, table.size, table.has(bytes("a")), entriesOf(table)];
}

export function setAfterClear(table) {
  table.set(bytes("a"), bytes("1"));
  table.clear();
  table.set(bytes("b"), bytes("2"));
  return [table.size, entriesOf(table)];
}

export function sizeIsGetter(table) {
  table.set(bytes("key"), bytes("value"));
  return [typeof table.size, table.size, "size" in table];
}

export function sizeFollowsWrites(table) {
  const sizes = [table.size];
  table.set(bytes("a"), bytes("1"));
  sizes.push(table.size);
  table.set(bytes("a"), bytes("2"));
  sizes.push(table.size);
  table.delete(bytes("a"));
  sizes.push(table.size);
  table.delete(bytes("a"));
  sizes.push(table.size);
  return sizes;
}

// Own writes over what is there already: `kept`, `changed` and `removed` were committed before.
export function ownWritesOverCommitted(table) {
  table.set(bytes("changed"), bytes("own")).set(bytes("added"), bytes("own"));
  table.delete(bytes("removed"));
  return {
    entries: entriesOf(table),
    size: table.size,
    removed: [table.has(bytes("removed")), table.get(bytes("removed")) === undefined],
  };
}

export function clearOverCommitted(table) {
  table.clear();
  table.set(bytes("added"), bytes("own"));
  return { entries: entriesOf(table), size: table.size, kept: table.has(bytes("kept")) };
}

export function listEntries(table) {
  return entriesOf(table);
}

export function fill(table, request) {
  for (const [key, value] of Object.entries(request.body.json())) {
    table.set(bytes(key), bytes(value));
  }
  return table.size;
}

// forEach

export function forEachArguments(table) {
  table.set(bytes("key"), bytes("value"));
  const seen = [];
  const result = table.forEach(function (...given) {
    const [value, key, handle] = given;
    seen.push([text(value), text(key), handle === table, given.length, this === undefined]);
  });
  return [result === undefined, seen];
}

export function forEachIgnoresResult(table) {
  table.set(bytes("a"), bytes("1")).set(bytes("b"), bytes("2"));
  let count = 0;
  table.forEach(() => {
    count += 1;
    return false;
  });
  return count;
}

export function forEachStopsAtException(table) {
  table.set(bytes("a"), bytes("1")).set(bytes("b"), bytes("2"));
  const thrown = { thrown: true };
  let count = 0;
  try {
    table.forEach(() => {
      count += 1;
      throw thrown;
    });
  } catch (error) {
    return [count, error === thrown];
  }
  return "nothing thrown";
}

export function forEachWhileWriting(table) {
  table.set(bytes("a"), bytes("1")).set(bytes("b"), bytes("2")).set(bytes("c"), bytes("3"));
  const seen = [];
  table.forEach((value, key) => {
    seen.push([text(key), text(value)]);
    table.delete(bytes("a"));
    table.delete(bytes("c"));
    table.set(bytes(`new-${text(key)}`), bytes("4"));
    table.set(bytes("b"), bytes("changed"));
  });
  return { seen: seen.sort(), after: entriesOf(table) };
}

export function forEachWhileClearing(table) {
  table.set(bytes("a"), bytes("1")).set(bytes("b"), bytes("2"));
  const seen = [];
  table.forEach((value, key) => {
    seen.push(text(key));
    table.clear();
  });
  return [seen.sort(), table.size];
}

export function forEachWritesToAnotherTable(table, request) {
  table.set(bytes("a"), bytes("1")).set(bytes("b"), bytes("2"));
  const other = ccf.kv[`${request.query}-copy`];
  table.forEach((value, key, handle) => {
    other.set(key, value);
    other.set(bytes(`size-${text(key)}`), bytes(String(handle.size)));
  });
  return entriesOf(other);
}

export function forEachInsideForEach(table) {
  table.set(bytes("a"), bytes("1")).set(bytes("b"), bytes("2"));
  const pairs = [];
  table.forEach((_, outer) => {
    table.forEach((__, inner) => pairs.push(text(outer) + text(inner)));
  });
  return pairs.sort();
}

export function forEachOfMany(table) {
  for (let index = 0; index < 1000; index++) {
    table.set(bytes(String(index)), bytes("x".repeat(index % 50)));
  }
  let sum = 0;
  table.forEach((value, key) => {
    sum += Number(text(key)) + value.byteLength;
  });
  return [table.size, sum];
}

// Keys and values

export function emptyKeyAndValue(table) {
  const empty = new ArrayBuffer(0);
  table.set(empty, empty);
  return [table.has(empty), table.get(empty).byteLength, table.size, entriesOf(table)];
}

export function keysCompareByContent(table) {
  table.set(new Uint8Array([1, 2]).buffer, bytes("value"));
  return [table.has(new Uint8Array([1, 2]).buffer), table.has(new Uint8Array([1, 2, 0]).buffer)];
}

export function keysWithNul(table) {
  table.set(bytes("a\0b"), bytes("1")).set(bytes("a"), bytes("2")).set(bytes("a\0c"), bytes("3\0"));
  return entriesOf(table);
}

export function everyByteInKeyAndValue(table) {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  table.set(all.buffer, all.buffer);
  const seen = [];
  table.forEach((value, key) => {
    seen.push([...new Uint8Array(key)], [...new Uint8Array(value)]);
  });
  return seen;
}

export function buffersAreCopied(table) {
  const key = bytes("key");
  const value = bytes("value");
  table.set(key, value);
  new Uint8Array(key).fill(120);
  new Uint8Array(value).fill(120);
  new Uint8Array(table.get(bytes("key"))).fill(121);
  table.forEach((walkedValue, walkedKey) => {
    new Uint8Array(walkedValue).fill(122);
    new Uint8Array(walkedKey).fill(122);
  });
  return entriesOf(table);
}

export function largeValue(table) {
  const value = new Uint8Array(1 << 20);
  value[value.length - 1] = 7;
  table.set(bytes("key"), value.buffer);
  const read = new Uint8Array(table.get(bytes("key")));
  return [read.length, read[read.length - 1]];
}

// Errors

const OTHER_TYPES = () => [new Uint8Array(1), new DataView(new ArrayBuffer(1)), "key", 1, null, undefined, {}, []];

export function keyTypes(table) {
  const methods = ["has", "get", "delete", "getVersionOfPreviousWrite"];
  const texts = methods.flatMap((method) => OTHER_TYPES().map((key) => caught(() => table[method](key))));
  return [...new Set(texts)];
}

export function setTypes(table) {
  const texts = OTHER_TYPES().flatMap((other) => [
    caught(() => table.set(other, bytes("value"))),
    caught(() => table.set(bytes("key"), other)),
  ]);
  return [[...new Set(texts)], table.size];
}

export function forEachTypes(table) {
  return [...new Set([1, null, undefined, {}, "text"].map((other) => caught(() => table.forEach(other))))];
}

export function argumentCounts(table) {
  const key = bytes("key");
  return [
    caught(() => table.has()),
    caught(() => table.has(key, key)),
    caught(() => table.get()),
    caught(() => table.get(key, undefined)),
    caught(() => table.delete()),
    caught(() => table.delete(key, key)),
    caught(() => table.getVersionOfPreviousWrite()),
    caught(() => table.getVersionOfPreviousWrite(key, key)),
    caught(() => table.set()),
    caught(() => table.set(key)),
    caught(() => table.set(key, key, key)),
    caught(() => table.forEach()),
    caught(() => table.forEach(() => {}, 1)),
    caught(() => table.clear(1)),
  ];
}

export function errorsAreOfTheRealm(table) {
  const errors = [];
  for (const action of [() => table.get(1), () => table.get(), () => table.forEach(1)]) {
    try {
      action();
    } catch (error) {
      errors.push(error instanceof TypeError);
    }
  }
  return errors;
}

// Versions

export function versionIgnoresOwnWrites(table) {
  const before = table.getVersionOfPreviousWrite(bytes("key"));
  table.set(bytes("key"), bytes("own"));
  return { before, after: table.getVersionOfPreviousWrite(bytes("key")) };
}

// What `ccf.kv` and its handles are as objects.
import { bytes, caught, entriesOf, text } from "./bytes.js";

const handleFromTopLevel = ccf.kv["top-level"];
const kvFromTopLevel = ccf.kv;
const METHODS = ["has", "get", "getVersionOfPreviousWrite", "forEach", "set", "delete", "clear"];

export function eachReadIsANewHandle() {
  return ccf.kv.a !== ccf.kv.a;
}

export function keysOfKv() {
  const names = [];
  for (const name in ccf.kv) {
    names.push(name);
  }
  return [Object.keys(ccf.kv), names, JSON.stringify(ccf.kv)];
}

export function everyStringIsATable() {
  return ["toString", "constructor", "__proto__", "hasOwnProperty", "0", ""].map((name) => typeof ccf.kv[name].has);
}

export function numbersNameTables(table, request) {
  const name = Number(request.query.replace(/\D/g, "")) + 1000000;
  ccf.kv[name].set(bytes("key"), bytes("by number"));
  return text(ccf.kv[String(name)].get(bytes("key")));
}

export function symbolsAreUndefined() {
  return [Symbol.iterator, Symbol.toPrimitive, Symbol.toStringTag, Symbol("own")].map(
    (symbol) => ccf.kv[symbol] === undefined,
  );
}

export function assignmentThrows() {
  try {
    ccf.kv.a = 1;
  } catch (error) {
    return [error instanceof TypeError, typeof ccf.kv.a.has];
  }
  return "nothing thrown";
}

export function twoHandlesOneTable(table, request) {
  ccf.kv[request.query].set(bytes("key"), bytes("value"));
  return [text(ccf.kv[request.query].get(bytes("key"))), text(table.get(bytes("key")))];
}

export function nameWithNul(table, request) {
  const [long, short, other] = ["\0b", "", "\0c"].map((end) => ccf.kv[request.query + end]);
  long.set(bytes("key"), bytes("long"));
  other.set(bytes("key"), bytes("other"));
  return [text(long.get(bytes("key"))), text(other.get(bytes("key"))), short.size];
}

export function nameBeyondLatin(table, request) {
  ccf.kv[`${request.query}-ü😀`].set(bytes("key"), bytes("value"));
  return entriesOf(ccf.kv[`${request.query}-ü😀`]);
}

export function publicAndPrivateAreTwoTables(table, request) {
  ccf.kv[`public:${request.query}`].set(bytes("key"), bytes("public"));
  return [table.size, ccf.kv[`public:${request.query}`].size];
}

export function handleOfTopLevelWrites(table, request) {
  handleFromTopLevel.set(bytes(request.query), bytes("value"));
  return [text(handleFromTopLevel.get(bytes(request.query))), ccf.kv["top-level"].has(bytes(request.query))];
}

export function handleOfTopLevelReads(table, request) {
  return text(kvFromTopLevel["top-level"].get(bytes(request.query))) ?? null;
}

export function membersOfHandle(table) {
  return METHODS.map((name) => typeof table[name]);
}

export function methodsCalledOnTheirHandle(table) {
  const { set, get } = table;
  set.call(table, bytes("key"), bytes("value"));
  return text(get.call(table, bytes("key")));
}

export function methodsOfAnotherHandle(table, request) {
  const other = ccf.kv[`${request.query}-other`];
  table.set.call(other, bytes("key"), bytes("other"));
  return [table.size, text(other.get(bytes("key")))];
}

export function boundMethods(table) {
  const set = table.set.bind(table);
  set(bytes("key"), bytes("value"));
  return text(table.get.bind(table)(bytes("key")));
}

// Objects that are no handles

function attempts(table, receiver) {
  const key = bytes("key");
  const actions = {
    has: () => table.has.call(receiver, key),
    get: () => table.get.call(receiver, key),
    getVersionOfPreviousWrite: () => table.getVersionOfPreviousWrite.call(receiver, key),
    forEach: () => table.forEach.call(receiver, () => {}),
    set: () => table.set.call(receiver, key, key),
    delete: () => table.delete.call(receiver, key),
    clear: () => table.clear.call(receiver),
  };
  return METHODS.map((name) => caught(actions[name]));
}

export function receiverUndefined(table) {
  return attempts(table, undefined);
}

export function receiverEmptyObject(table) {
  return attempts(table, {});
}

export function receiverKv(table) {
  return attempts(table, ccf.kv);
}

export function receiverInherits(table) {
  return attempts(table, Object.create(table));
}

export function receiverProxy(table) {
  return attempts(table, new Proxy(table, {}));
}

export function receiverFake(table, request) {
  return attempts(table, { _map_name: request.query });
}

export function receiverSpreadCopy(table) {
  return attempts(table, { ...table });
}

export function callsOnSpreadCopy(table) {
  const copy = { ...table };
  return caught(() => (copy.get ?? table.get).call(copy, bytes("key")));
}

export function callsOnInheriting(table) {
  return caught(() => Object.create(table).get(bytes("key")));
}

export function callsOnProxy(table) {
  return caught(() => new Proxy(table, {}).get(bytes("key")));
}

export function sizeOfInheriting(table) {
  return caught(() => Object.create(table).size);
}

export function sizeOfProxyWithItselfAsReceiver(table) {
  return caught(() => Reflect.get(table, "size", { _map_name: "x" }));
}

export function ownMapNameChangesNothing(table, request) {
  try {
    table._map_name = `${request.query}-else`;
  } catch {
    // Refusing it is as good.
  }
  table.set(bytes("key"), bytes("value"));
  return [ccf.kv[request.query].size, ccf.kv[`${request.query}-else`].size];
}

export function handlesInCycles(table) {
  const cycle = { table };
  cycle.self = cycle;
  try {
    table.cycle = cycle;
  } catch {
    // Refusing it is as good.
  }
  globalThis.cycle = cycle;
  globalThis.walk = () => table.forEach(() => cycle);
  return typeof globalThis.cycle.self.table.has;
}

export function manyHandles(table) {
  for (let index = 0; index < 5000; index++) {
    ccf.kv[`many-${index % 7}`].has(bytes(String(index)));
  }
  return table.size;
}

export function everyStringIsOwn() {
  return [
    Object.hasOwn(ccf.kv, "table"),
    "never written" in ccf.kv,
    Object.hasOwn(ccf.kv, "toString"),
    Object.hasOwn(ccf.kv, Symbol.iterator),
  ];
}

// What an endpoint may do with tables of each kind. The query names the table.
import { bytes, caught } from "./bytes.js";

// Calls each member with good arguments; tells what was thrown, by member.
export function allMembers(table) {
  const key = bytes("key");
  return {
    has: caught(() => table.has(key)),
    get: caught(() => table.get(key)),
    getVersionOfPreviousWrite: caught(() => table.getVersionOfPreviousWrite(key)),
    size: caught(() => table.size),
    forEach: caught(() => table.forEach(() => {})),
    set: caught(() => table.set(key, key)),
    delete: caught(() => table.delete(key)),
    clear: caught(() => table.clear()),
  };
}

export function retargetedAtGovernance(table) {
  const key = bytes("key");
  const restricted = ccf.kv["public:ccf.gov.members"];
  return [
    caught(() => table.set.call(restricted, key, key)),
    caught(() => table.delete.call(restricted, key)),
    caught(() => table.clear.call(restricted)),
    caught(() => table.get.call(restricted, key)),
  ];
}

export function retargetedAtInternal(table) {
  const key = bytes("key");
  const restricted = ccf.kv["ccf.internal.secrets"];
  return [
    caught(() => table.get.call(restricted, key)),
    caught(() => table.has.call(restricted, key)),
    caught(() => table.forEach.call(restricted, () => {})),
    caught(() => table.set.call(restricted, key, key)),
  ];
}

export function refusalIsTypeError() {
  try {
    ccf.kv["ccf.gov.private"].get(bytes("key"));
  } catch (error) {
    return error instanceof TypeError;
  }
  return "nothing thrown";
}

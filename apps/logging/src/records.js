// Log records: texts under numbers, in two tables, of which one is encrypted and one in plain text.
import { requiredParameter } from "./query.js";

export const PRIVATE_TABLE = "records";
export const PUBLIC_TABLE = "public:records";
export const NO_SUCH_KEY = { error: "No such key" };

// The table of a request in a store, present or past. A scope has a table of its own.
export function recordsTable(store, baseName, parameters) {
  const scope = parameters.get("scope");
  return store[scope === undefined ? baseName : `${baseName}-${scope}`];
}

export function recordKey(id) {
  return ccf.strToBuf(id.toString());
}

// The message of a record, or undefined.
export function readMessage(table, key) {
  const message = table.get(key);
  return message === undefined ? undefined : ccf.bufToStr(message);
}

// What clients see of the record that a request names.
export function describeRecord(store, baseName, parameters) {
  const key = recordKey(requiredParameter(parameters, "id"));
  const msg = readMessage(recordsTable(store, baseName, parameters), key);
  return msg === undefined ? NO_SUCH_KEY : { msg };
}

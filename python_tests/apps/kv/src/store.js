// Endpoints over the table that the query names.
import { bytes, text } from "./bytes.js";
import * as handles from "./handles.js";
import * as methods from "./methods.js";
import * as permissions from "./permissions.js";

const cases = { ...methods, ...handles, ...permissions };

function tableOf(request) {
  return ccf.kv[request.query];
}

export function runCase(request) {
  const result = cases[request.params.name](tableOf(request), request);
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(result) };
}

export function getEntry(request) {
  const value = tableOf(request).get(bytes(request.params.key));
  return value === undefined ? { statusCode: 404 } : { body: text(value) };
}

export function setEntry(request) {
  tableOf(request).set(bytes(request.params.key), request.body.arrayBuffer());
  return {};
}

export function deleteEntry(request) {
  tableOf(request).delete(bytes(request.params.key));
  return {};
}

export function increment(request) {
  const table = tableOf(request);
  const key = bytes(request.params.key);
  const value = Number(text(table.get(key)) ?? 0) + 1;
  table.set(key, bytes(String(value)));
  return { body: value };
}

// Moves 1 from one account to another, and tells the sum of all accounts before.
export function transfer(request) {
  const table = tableOf(request);
  const { from, to } = request.body.json();
  let sum = 0;
  table.forEach((value) => {
    sum += Number(text(value));
  });
  for (const [account, change] of [
    [from, -1],
    [to, 1],
  ]) {
    const balance = Number(text(table.get(bytes(account))));
    table.set(bytes(account), bytes(String(balance + change)));
  }
  return { body: sum };
}

export function versionOfEntry(request) {
  return { body: { version: tableOf(request).getVersionOfPreviousWrite(bytes(request.params.key)) } };
}

// Writes, says what the request's body has as `applyWrites`, and answers with the status of the path.
export function writeWithStatus(request) {
  tableOf(request).set(bytes("key"), bytes("written"));
  const { applyWrites } = request.body.json();
  if (applyWrites !== undefined) {
    ccf.rpc.setApplyWrites(applyWrites);
  }
  return { statusCode: Number(request.params.status) };
}

export function writeAndThrow(request) {
  tableOf(request).set(bytes("key"), bytes("written"));
  const { applyWrites } = request.body.json();
  if (applyWrites !== undefined) {
    ccf.rpc.setApplyWrites(applyWrites);
  }
  throw new Error("after the write");
}

export function writeAndReturnNothing(request) {
  tableOf(request).set(bytes("key"), bytes("written"));
}

// Says what the path lists, one after the other, of applying the writes.
export function writeWithWords(request) {
  tableOf(request).set(bytes("key"), bytes("written"));
  for (const word of JSON.parse(decodeURIComponent(request.params.words))) {
    ccf.rpc.setApplyWrites(word);
  }
  return { statusCode: 200 };
}

export function writeAndLoop(request) {
  tableOf(request).set(bytes("key"), bytes("written"));
  for (;;) {
    // Ends with the time limit.
  }
}

// Reads the counter, and goes on only when others have committed since.
export function lag(request) {
  const table = tableOf(request);
  const before = table.getVersionOfPreviousWrite(bytes("counter"));
  table.set(bytes("counter"), bytes("0"));
  while (ccf.consensus.getStatusForTxId(2, before + 2) === "Unknown") {
    // Others write the counter, too, one transaction after the other.
  }
  return { body: before };
}

// Endpoints that keep log records in two tables: one encrypted, one in plain text.
import { parseQuery, requiredParameter } from "./query.js";
import { NO_SUCH_KEY, PRIVATE_TABLE, PUBLIC_TABLE, describeRecord, recordKey, recordsTable } from "./records.js";

function presentTable(request, baseName) {
  return recordsTable(ccf.kv, baseName, parseQuery(request.query));
}

function getRecord(request, baseName) {
  return { body: describeRecord(ccf.kv, baseName, parseQuery(request.query)) };
}

// Stores the record of the request's body and returns its bytes.
function storeRecord(request, baseName, { id, msg }) {
  const message = ccf.strToBuf(msg);
  presentTable(request, baseName).set(recordKey(id), message);
  return message;
}

function deleteRecord(request, baseName) {
  const parameters = parseQuery(request.query);
  const table = recordsTable(ccf.kv, baseName, parameters);
  const key = recordKey(requiredParameter(parameters, "id"));
  if (!table.has(key)) {
    return { body: NO_SUCH_KEY };
  }
  table.delete(key);
  return { body: true };
}

function clearRecords(request, baseName) {
  presentTable(request, baseName).clear();
  return { body: true };
}

function countRecords(request, baseName) {
  return { body: presentTable(request, baseName).size };
}

export function getPrivate(request) {
  return getRecord(request, PRIVATE_TABLE);
}

export function getPublic(request) {
  return getRecord(request, PUBLIC_TABLE);
}

export function postPrivate(request) {
  storeRecord(request, PRIVATE_TABLE, request.body.json());
  return { body: true };
}

export function postPublic(request) {
  const record = request.body.json();
  const message = storeRecord(request, PUBLIC_TABLE, record);
  if (record.record_claim) {
    ccf.rpc.setClaimsDigest(ccf.crypto.digest("SHA-256", message));
  }
  return { body: true };
}

export function postPrivateAdminOnly(request) {
  if (request.caller.data?.isAdmin !== true) {
    return { statusCode: 403, body: "Only admins may access this endpoint" };
  }
  return postPrivate(request);
}

export function postPrivatePrefixCert(request) {
  const { id, msg } = request.body.json();
  const callerId = ccf.pemToId(request.caller.cert);
  storeRecord(request, PRIVATE_TABLE, { id, msg: `${callerId}: ${msg}` });
  return { body: true };
}

export function postPrivateRawText(request) {
  if (request.headers["content-type"] !== "text/plain") {
    return { statusCode: 415, body: "The content-type must be text/plain" };
  }
  presentTable(request, PRIVATE_TABLE).set(recordKey(request.params.id), request.body.arrayBuffer());
  return { body: true };
}

export function deletePrivate(request) {
  return deleteRecord(request, PRIVATE_TABLE);
}

export function deletePublic(request) {
  return deleteRecord(request, PUBLIC_TABLE);
}

export function clearPrivate(request) {
  return clearRecords(request, PRIVATE_TABLE);
}

export function clearPublic(request) {
  return clearRecords(request, PUBLIC_TABLE);
}

export function countPrivate(request) {
  return countRecords(request, PRIVATE_TABLE);
}

export function countPublic(request) {
  return countRecords(request, PUBLIC_TABLE);
}

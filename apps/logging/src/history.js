// Endpoints that read records as former transactions wrote them.
import { parseQuery, requiredParameter } from "./query.js";
import { PRIVATE_TABLE, PUBLIC_TABLE, describeRecord, readMessage, recordKey, recordsTable } from "./records.js";

const LONGEST_PAGE = 2000;
const EXPIRY_SECONDS = 30 * 60;

// One transaction: the header of the request names it.

function getHistorical(request, baseName) {
  return { body: describeRecord(ccf.historicalState.kv, baseName, parseQuery(request.query)) };
}

function getHistoricalReceipt(request, baseName) {
  const { body } = getHistorical(request, baseName);
  return { body: { ...body, receipt: ccf.historicalState.receipt } };
}

export function getPrivateHistorical(request) {
  return getHistorical(request, PRIVATE_TABLE);
}

export function getPublicHistorical(request) {
  return getHistorical(request, PUBLIC_TABLE);
}

export function getPrivateHistoricalReceipt(request) {
  return getHistoricalReceipt(request, PRIVATE_TABLE);
}

export function getPublicHistoricalReceipt(request) {
  const response = getHistoricalReceipt(request, PUBLIC_TABLE);
  // The claim is the message. Without the digest, clients must make it from the message to verify the receipt.
  delete response.body.receipt.leaf_components?.claims_digest;
  return response;
}

// A range of transactions, in pages.

function numberParameter(parameters, name) {
  if (!parameters.has(name)) {
    return undefined;
  }
  const number = Number(parameters.get(name));
  if (!Number.isSafeInteger(number)) {
    throw new Error(`'${name}' is not a whole number`);
  }
  return number;
}

// The transaction that wrote the record last ends the range unless the request says otherwise. A record that was removed
// may have been written at any time until now.
function lastOfRange(parameters, table, key) {
  return (
    numberParameter(parameters, "to_seqno") ??
    table.getVersionOfPreviousWrite(key) ??
    ccf.consensus.getLastCommittedTxId().seqno
  );
}

function requireCommitted(seqno) {
  const view = ccf.consensus.getViewForSeqno(seqno);
  if (view === null || ccf.consensus.getStatusForTxId(view, seqno) !== "Committed") {
    throw new Error("The end of the range must be committed");
  }
}

// The same page has the same handle whoever asks for it.
function pageOf(first, last, names) {
  const end = Math.min(last, first + LONGEST_PAGE - 1);
  const digest = ccf.crypto.digest("SHA-256", ccf.jsonCompatibleToBuf([first, end, ...names]));
  return { first, end, handle: new DataView(digest).getUint32(0) };
}

function fetchPage({ handle, first, end }) {
  return ccf.historical.getStateRange(handle, first, end, EXPIRY_SECONDS);
}

function linkTo(path, parameters, first, last) {
  const scope = parameters.has("scope") ? `&scope=${encodeURIComponent(parameters.get("scope"))}` : "";
  const id = encodeURIComponent(parameters.get("id"));
  return `${path}?from_seqno=${first}&to_seqno=${last}&id=${id}${scope}`;
}

function getHistoricalRange(request, baseName) {
  const parameters = parseQuery(request.query);
  const id = requiredParameter(parameters, "id");
  const key = recordKey(id);
  const first = numberParameter(parameters, "from_seqno") ?? 1;
  const last = lastOfRange(parameters, recordsTable(ccf.kv, baseName, parameters), key);
  if (last < first) {
    throw new Error("'to_seqno' must not be less than 'from_seqno'");
  }
  requireCommitted(last);

  const names = [baseName, id, parameters.get("scope") ?? null];
  const page = pageOf(first, last, names);
  const states = fetchPage(page);
  if (states === null) {
    return {
      statusCode: 202,
      headers: { "retry-after": "1" },
      body: `Transactions ${page.first} to ${page.end} are being fetched`,
    };
  }
  const entries = [];
  for (const { kv, transactionId } of states) {
    // A transaction that did not write the record has no entry.
    const msg = readMessage(recordsTable(kv, baseName, parameters), key);
    if (msg !== undefined) {
      entries.push({ seqno: Number(transactionId.split(".")[1]), id: Number(id), msg });
    }
  }
  let nextLink;
  if (page.end < last) {
    fetchPage(pageOf(page.end + 1, last, names));
    nextLink = linkTo(request.route, parameters, page.end + 1, last);
  }
  ccf.historical.dropCachedStates(page.handle);
  return { body: { entries, "@nextLink": nextLink } };
}

export function getPrivateHistoricalRange(request) {
  return getHistoricalRange(request, PRIVATE_TABLE);
}

export function getPublicHistoricalRange(request) {
  return getHistoricalRange(request, PUBLIC_TABLE);
}

// Transactions: their identifiers, whether their writes count, and what they claim.
import * as ccfapp from "@microsoft/ccf-app";
import * as ccfcrypto from "@microsoft/ccf-app/crypto.js";

const notes = ccfapp.rawKv["public:notes"]!;

export function lastTransaction(): ccfapp.Response {
  return { body: ccfapp.getLastCommittedTxId() };
}

export function transactionStatus(request: ccfapp.Request): ccfapp.Response {
  const view = Number(request.params["view"]);
  const seqno = Number(request.params["seqno"]);
  return { body: { status: ccfapp.getStatusForTxId(view, seqno), view: ccfapp.getViewForSeqno(seqno) } };
}

export function getNote(request: ccfapp.Request): ccfapp.Response<ArrayBuffer> {
  const note = notes.get(ccfapp.string.encode(request.params["name"]!));
  return note === undefined ? { statusCode: 404 } : { body: note };
}

// Writes the body as it is and answers with the status that the request names. `apply` decides whether the write counts
// all the same; without it, the status does.
export function putNote(request: ccfapp.Request): ccfapp.Response {
  const { name, status } = request.params;
  const apply = new URLSearchParams(request.query).get("apply");
  const note = request.body.arrayBuffer();
  notes.set(ccfapp.string.encode(name!), note);
  ccfapp.setClaimsDigest(ccfcrypto.digest("SHA-256", note));
  if (apply !== null) {
    ccfapp.setApplyWrites(apply === "yes");
  }
  return { statusCode: Number(status) };
}

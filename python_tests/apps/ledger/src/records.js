// Writes that tests look for in the ledger. The status of the answer is the one that the query asks for.

export const TABLE = "records";

const statusOf = ({ query }) => Number(query.match(/status=(\d+)/)?.[1] ?? 200);
const keyOf = ({ params }) => ccf.strToBuf(params.key);

export function read(request) {
  const value = ccf.kv[TABLE].get(keyOf(request));
  return value === undefined ? { statusCode: 404 } : { body: ccf.bufToStr(value) };
}

export function write(request) {
  ccf.kv[TABLE].set(keyOf(request), request.body.arrayBuffer());
  return { statusCode: statusOf(request) };
}

export function remove(request) {
  ccf.kv[TABLE].delete(keyOf(request));
  return { statusCode: statusOf(request) };
}

export function clear() {
  ccf.kv[TABLE].clear();
  return {};
}

// The body is the claims digest.
export function writeWithClaim(request) {
  ccf.rpc.setClaimsDigest(request.body.arrayBuffer());
  ccf.kv[TABLE].set(keyOf(request), ccf.strToBuf("claimed"));
  return { statusCode: statusOf(request) };
}

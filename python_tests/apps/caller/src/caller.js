// Tells who the caller is, and that it ran.

export function caller(request) {
  ccf.kv.calls.set(ccf.strToBuf("last"), request.body.arrayBuffer());
  return { body: request.caller };
}

export function last() {
  const value = ccf.kv.calls.get(ccf.strToBuf("last"));
  return { body: value === undefined ? "" : ccf.bufToStr(value) };
}

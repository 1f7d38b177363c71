// A module whose top level depends on the request that it is evaluated for.

const stored = ccf.kv.values.get(ccf.strToBuf("key"));
const atTopLevel = {
  random: Math.random(),
  time: Date.now(),
  timeOfObject: new Date().getTime(),
  stored: stored === undefined ? null : ccf.bufToStr(stored),
};
let calls = 0;

export function topLevel() {
  calls += 1;
  return { body: { ...atTopLevel, calls } };
}

export function setValue(request) {
  ccf.kv.values.set(ccf.strToBuf("key"), request.body.arrayBuffer());
  return {};
}

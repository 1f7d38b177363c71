// A response that is fine, while jobs that nobody waits for meet a limit.
import * as deeds from "./deeds.js";

const written = ccf.kv.t;
const bytes = (text) => ccf.strToBuf(text);

let calls = 0;

const first = {
  loop: () => queueMicrotask(deeds.loop),
  heap: () => queueMicrotask(deeds.heap),
  loopAfterAwait: () => void Promise.resolve().then(deeds.loop),
  heapAfterAwait: () => void Promise.resolve().then(deeds.heap),
  loopOfConversion: () => ({
    toJSON() {
      queueMicrotask(deeds.loop);
      return "fine";
    },
  }),
  nothing: () => queueMicrotask(deeds.nothing),
};

export function run(request) {
  const { name, key } = request.params;
  const body = first[name]() ?? "fine";
  queueMicrotask(() => written.set(bytes(key), bytes("written")));
  calls += 1;
  return { body, headers: { "x-calls": String(calls) } };
}

export function read(request) {
  return { body: { written: written.has(bytes(request.params.key)) } };
}

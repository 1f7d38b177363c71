// Endpoints that share realms. What the first request of a realm keeps, the later ones find.

const bytes = (text) => ccf.strToBuf(text);

let calls = 0;
let kept;

export function count() {
  calls += 1;
  globalThis.seen = (globalThis.seen ?? 0) + 1;
  return { body: { calls, seen: globalThis.seen } };
}

function keep(request) {
  kept ??= {
    handle: ccf.kv.records,
    body: request.body,
    text: request.body.text,
    ...ccf.rpc,
    ...ccf.consensus,
  };
  return kept;
}

export function echoKept(request) {
  const { body, text } = keep(request);
  return { body: [body.text(), text(), body.json()] };
}

export function increment(request) {
  const { handle } = keep(request);
  const before = Number(ccf.bufToStr(handle.get(bytes("count")) ?? bytes("0")));
  handle.set(bytes("count"), bytes(String(before + 1)));
  return { body: before + 1 };
}

export function setApplyWrites(request) {
  const { handle, setApplyWrites: apply } = keep(request);
  const { key, applyWrites, statusCode } = request.body.json();
  handle.set(bytes(key), bytes("written"));
  if (applyWrites !== undefined) {
    apply(applyWrites);
  }
  return { statusCode, body: "" };
}

export function has(request) {
  return { body: ccf.kv.records.has(bytes(request.params.key)) };
}

export function loop() {
  calls += 1;
  for (;;) {
    // Ends with the time limit.
  }
}

export function takeTurns(request) {
  globalThis.turn = request.params.word;
  for (let index = 0; index < 20000; index++) {
    if (globalThis.turn !== request.params.word) {
      return { body: "disturbed" };
    }
  }
  return { body: globalThis.turn };
}

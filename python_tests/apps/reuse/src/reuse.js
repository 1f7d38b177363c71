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

const show = ({ params, caller, headers, query, path, method }) => ({
  params,
  id: caller?.id,
  mark: headers["x-mark"],
  query,
  path,
  method,
});
let former;

// The first request is read by later ones only.
export function showFormer(request) {
  former ??= request;
  return { body: former === request ? "kept" : { former: show(former), own: show(request), text: former.body.text() } };
}

export function has(request) {
  return { body: ccf.kv.records.has(bytes(request.params.key)) };
}

export function read(request) {
  const value = ccf.kv.records.get(bytes(request.params.key));
  return { body: value ? ccf.bufToStr(value) : "none" };
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

// Which jobs were run, and the body of the request in which.
const ran = [];
let resolve;

// The body is gone while a result is read.
function bodyOf({ text }) {
  try {
    return text();
  } catch {
    return "no body";
  }
}

function addJobs(name, body) {
  Promise.resolve()
    .then(() => ran.push(`${name} in ${bodyOf(body)}`))
    .then(() => ran.push(`${name} again in ${bodyOf(body)}`));
}

const deeds = {
  returns: () => ({ body: "done" }),
  throws: () => {
    throw new Error("boom");
  },
  rejects: () => Promise.reject(new Error("boom")),
  isNoObject: () => 1,
  hasAGetter: (request) => ({
    get body() {
      addJobs("getter", request.body);
      return "done";
    },
  }),
  hasAGetterThatThrows: (request) => ({
    get body() {
      addJobs("getter", request.body);
      throw new Error("boom");
    },
  }),
};

export function leaveJobs(request) {
  const { deed } = request.params;
  addJobs(deed, request.body);
  return deeds[deed](request);
}

// Before the jobs of this request, and after them.
export async function countJobs() {
  const before = [...ran];
  for (let turn = 0; turn < 10; turn++) {
    await null;
  }
  return { body: [before, [...ran]] };
}

export function stayPending(request) {
  const { text } = request.body;
  return new Promise((done) => {
    resolve = done;
  }).then((value) => {
    ccf.kv.records.set(bytes(value), bytes(text()));
    ran.push(`resolved in ${text()}`);
    return { body: "too late" };
  });
}

export function resolveFormer(request) {
  resolve(request.params.key);
  return { body: "resolved" };
}

export function resolveAndThrow(request) {
  resolve(request.params.key);
  throw new Error("boom");
}

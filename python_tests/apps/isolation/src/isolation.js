import * as spoilers from "./spoilers.js";

// Taken here, because a spoiler may replace the global function.
const { stringify } = JSON;

function reply(found) {
  return { headers: { "content-type": "application/json" }, body: stringify(found) };
}

export function spoil(request) {
  const found = spoilers[request.params.name](request);
  return typeof found?.then === "function" ? found.then(reply) : reply(found);
}

export function spoilAndThrow(request) {
  spoilers[request.params.name](request);
  throw new Error("after spoiling");
}

export async function spoilLater(request) {
  await null;
  return reply(await spoilers[request.params.name](request));
}

export function spoilFromGetter(request) {
  return {
    get body() {
      return stringify(spoilers[request.params.name](request));
    },
  };
}

export function leavePendingWork() {
  const turns = globalThis.turns ?? 0;
  globalThis.turns = turns;
  let release;
  new Promise((resolve) => {
    release = resolve;
  }).then(() => {
    globalThis.turns += 1;
  });
  globalThis.release = release;
  return reply([turns, typeof globalThis.releasedBefore]);
}

// Two requests at once must not see each other's word.
export function echoThroughState(request) {
  globalThis.word = request.params.word;
  spoilers.moduleVariable();
  let sum = 0;
  for (let index = 0; index < 20000; index++) {
    sum += index % 7;
  }
  return reply([globalThis.word, request.params.word, sum]);
}

let calls = 0;

export function countCalls() {
  calls += 1;
  return reply(calls);
}

// Handlers that answer with a promise.

export async function fulfilled() {
  return { body: "fulfilled", statusCode: 201 };
}

export async function fulfilledLater() {
  const parts = [];
  for (const part of ["one", "two", "three"]) {
    parts.push(await part);
  }
  return { body: parts };
}

export function fulfilledByThenable() {
  return Promise.resolve().then(() => ({ body: "thenable" }));
}

export function ownThenable() {
  return { body: "an object with then is no promise", then: 1 };
}

export async function rejected() {
  throw new Error("rejected");
}

export function rejectedWithoutError() {
  return Promise.reject("text");
}

export async function rejectedLater() {
  await null;
  throw new TypeError("later");
}

export function pending() {
  return new Promise(() => {});
}

export async function pendingAfterAwait() {
  await null;
  await new Promise(() => {});
  return { body: "not reached" };
}

export async function fulfilledWithoutObject() {
  return 1;
}

export async function writesAfterAwait({ query }) {
  await null;
  ccf.kv[query].set(ccf.strToBuf("key"), ccf.strToBuf("value"));
  return { body: ccf.kv[query].size };
}

export async function storeSize({ query }) {
  await null;
  return { body: ccf.kv[query].size };
}

export async function bodyAfterAwait({ body }) {
  await null;
  return { body: body.text() };
}

export async function importedModule() {
  const { answer } = await import("./imported.js");
  return { statusCode: 201, body: answer };
}

export async function importOfMissingModule() {
  try {
    await import("./no_such_module.js");
  } catch (error) {
    return { body: error instanceof Error };
  }
  return { body: "nothing thrown" };
}

export function microtaskOrder() {
  const order = [];
  const promise = Promise.resolve()
    .then(() => order.push("first"))
    .then(() => order.push("second"));
  order.push("handler");
  return promise.then(() => ({ body: order }));
}

export function unhandledRejection() {
  Promise.reject(new Error("nobody listens"));
  return { body: "fine" };
}

export async function endlessMicrotasks() {
  for (;;) {
    await null;
  }
}

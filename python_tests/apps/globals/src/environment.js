// Which globals there are, clock and random numbers.

export function presence(request) {
  return Object.fromEntries(request.body.json().map((name) => [name, typeof globalThis[name]]));
}

export function readingMissingGlobals() {
  return [globalThis.fetch, globalThis.setTimeout].map((value) => value === undefined);
}

export function aliasesOfCrypto() {
  const names = [
    "digest",
    "generateAesKey",
    "generateRsaKeyPair",
    "generateEcdsaKeyPair",
    "wrapKey",
    "isValidX509CertBundle",
    "isValidX509CertChain",
  ];
  return names.filter((name) => typeof ccf[name] !== "function");
}

export function randomNumbers() {
  return Array.from({ length: 200 }, () => Math.random());
}

export function now() {
  return [Date.now(), new Date().getTime()];
}

export function givenDates() {
  return [new Date(5).getTime(), new Date("2020-02-29").toISOString(), Date.UTC(2000, 1, 29)];
}

export function untrustedDateTime() {
  return [ccf.enableUntrustedDateTime(true), ccf.enableUntrustedDateTime(false), ccf.enableUntrustedDateTime(true)];
}

export function switchErrors() {
  const texts = [];
  for (const name of ["enableUntrustedDateTime", "enableMetricsLogging"]) {
    for (const given of [[1], ["true"], [null], [undefined], [{}]]) {
      try {
        ccf[name](...given);
      } catch (error) {
        texts.push(`${error.name}: ${error.message}`);
        continue;
      }
      texts.push("nothing thrown");
    }
  }
  return [...new Set(texts)];
}

export async function microtasks() {
  const order = [];
  queueMicrotask(() => order.push("queued"));
  order.push("handler");
  await null;
  return order;
}

export function evaluatedCode() {
  return [(0, eval)("1 + 1"), new Function("a", "b", "return a * b")(6, 7)];
}

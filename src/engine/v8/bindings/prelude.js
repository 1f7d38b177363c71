// Builds the globals of a realm from native functions, before anything of the app runs. It is evaluated once per captured
// realm; what it keeps is private to it, so an app that changes its globals changes only what it sees itself.
//
// Answers with the function that runs one request: the request object is made, and the result converted, inside that call.
(function (host) {
  'use strict';

  const hidden = (target, name, value) =>
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });

  // Every string is a map, every read a new handle; there is nothing to list, change or delete.
  const kv = new Proxy(Object.create(null), {
    __proto__: null,
    get: (_target, name) => (typeof name === 'string' ? host.mapHandle(name) : undefined),
    has: (_target, name) => typeof name === 'string',
    getOwnPropertyDescriptor: (_target, name) =>
      typeof name === 'string'
        ? { value: host.mapHandle(name), writable: false, enumerable: true, configurable: true }
        : undefined,
    ownKeys: () => [],
    set: () => false,
    deleteProperty: () => false,
    defineProperty: () => false,
    preventExtensions: () => false,
    setPrototypeOf: () => false,
  });

  const crypto = { digest: host.digest };

  hidden(globalThis, 'ccf', {
    kv,
    rpc: { setApplyWrites: host.setApplyWrites, setClaimsDigest: host.setClaimsDigest },
    crypto,
    strToBuf: host.strToBuf,
    bufToStr: host.bufToStr,
    jsonCompatibleToBuf: host.jsonCompatibleToBuf,
    bufToJsonCompatible: host.bufToJsonCompatible,
    enableUntrustedDateTime: host.enableUntrustedDateTime,
    enableMetricsLogging: host.enableMetricsLogging,
    pemToId: host.pemToId,
    digest: host.digest,
  });

  hidden(globalThis, 'console', { log: host.info, info: host.info, warn: host.warn, error: host.error });

  hidden(globalThis, 'queueMicrotask', host.queueMicrotask);

  // Clock and randomness come from the host, per request.
  hidden(Math, 'random', host.random);
  const NativeDate = Date;
  const HostDate = host.makeDate(NativeDate, Reflect.construct);
  hidden(HostDate, 'now', host.now);
  hidden(HostDate, 'parse', NativeDate.parse);
  hidden(HostDate, 'UTC', NativeDate.UTC);
  Object.defineProperty(HostDate, 'prototype', { value: NativeDate.prototype, writable: false });
  hidden(NativeDate.prototype, 'constructor', HostDate);
  hidden(globalThis, 'Date', HostDate);

  // What differs between builds and machines, or shows when garbage is collected. `Atomics` goes elsewhere, because V8 looks
  // for it while it restores a realm.
  for (const name of ['Intl', 'Temporal', 'SharedArrayBuffer', 'WeakRef', 'FinalizationRegistry']) {
    delete globalThis[name];
  }

  const { requestParts, bodyText, bodyJson, bodyArrayBuffer, take } = host;

  return function invoke(handler) {
    const parts = requestParts();
    return take(handler({
      headers: parts[0],
      query: parts[1],
      path: parts[2],
      method: parts[3],
      hostname: parts[4],
      route: parts[5],
      url: parts[6],
      params: parts[7],
      body: { text: bodyText, json: bodyJson, arrayBuffer: bodyArrayBuffer },
      caller: parts[8],
    }));
  };
})

// Builds the globals of a realm from native functions, before anything of the app runs. It is evaluated once per captured
// realm; what it keeps is private to it, so an app that changes its globals changes only what it sees itself.
//
// Answers with the function that runs one request (the request object is made, and the result converted, inside that call), and
// with the one that shows a request its past state.
(function (host) {
  'use strict';

  const { create, defineProperty } = Object;
  const { apply, deleteProperty, defineProperty: tryDefine } = Reflect;
  const NativeProxy = Proxy;

  const hidden = (target, name, value) =>
    defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });

  // Functions that are kept don't keep `host`: a captured realm is the smaller for it.
  const { mapHandle, request, bodyText, bodyJson, bodyArrayBuffer, take, fail } = host;

  // Every string is a map, every read a new handle; there is nothing to list, change or delete. With a token, the maps are those
  // of a past state.
  const maps = (token) =>
    new NativeProxy(create(null), {
      __proto__: null,
      get: (_target, name) => (typeof name === 'string' ? mapHandle(name, token) : undefined),
      has: (_target, name) => typeof name === 'string',
      getOwnPropertyDescriptor: (_target, name) =>
        typeof name === 'string'
          ? { value: mapHandle(name, token), writable: false, enumerable: true, configurable: true }
          : undefined,
      ownKeys: () => [],
      set: () => false,
      deleteProperty: () => false,
      defineProperty: () => false,
      preventExtensions: () => false,
      setPrototypeOf: () => false,
    });

  const pastState = (parts) => ({ transactionId: parts[1], receipt: parts[2], kv: maps(parts[0]) });

  const { getStateRange: stateRange, dropCachedStates } = host.historical;
  const ccf = {
    kv: maps(undefined),
    ...host.ccf,
    rpc: host.rpc,
    crypto: host.crypto,
    consensus: host.consensus,
    historical: {
      getStateRange: function getStateRange(_handle, _startSeqno, _endSeqno, _secondsUntilExpiry) {
        const states = apply(stateRange, undefined, arguments);
        if (states !== null) {
          for (let index = 0; index < states.length; index++) {
            states[index] = pastState(states[index]);
          }
        }
        return states;
      },
      dropCachedStates,
    },
    host: host.host,
  };
  for (const alias of host.aliases) {
    if (host.crypto[alias] !== undefined) {
      ccf[alias] = host.crypto[alias];
    }
  }
  hidden(globalThis, 'ccf', ccf);
  hidden(globalThis, 'snp_attestation', host.snp_attestation);

  hidden(globalThis, 'console', { log: host.log, info: host.info, warn: host.warn, error: host.error });

  hidden(globalThis, 'queueMicrotask', host.queueMicrotask);

  // Clock and randomness come from the host, per request.
  hidden(Math, 'random', host.random);
  const NativeDate = Date;
  const HostDate = host.makeDate(NativeDate, Reflect.construct);
  hidden(HostDate, 'now', host.now);
  hidden(HostDate, 'parse', NativeDate.parse);
  hidden(HostDate, 'UTC', NativeDate.UTC);
  defineProperty(HostDate, 'prototype', { value: NativeDate.prototype, writable: false });
  hidden(NativeDate.prototype, 'constructor', HostDate);
  hidden(globalThis, 'Date', HostDate);

  // What differs between builds and machines, or shows when garbage is collected. `Atomics` goes elsewhere, because V8 looks
  // for it while it restores a realm.
  for (const name of ['SharedArrayBuffer', 'WeakRef', 'FinalizationRegistry']) {
    delete globalThis[name];
  }

  // Everything that runs code of the app is in here, the conversion of its result and of its exception included.
  const invoke = function invoke(handler) {
    let result;
    try {
      result = handler(request(bodyText, bodyJson, bodyArrayBuffer));
    } catch (error) {
      fail(error);
      return;
    }
    take(result);
  };

  // Shows the past state of a request, if there is one, and takes a former one away. Whether `ccf` now shows what it should.
  const enter = (state) =>
    state === undefined
      ? deleteProperty(ccf, 'historicalState')
      : tryDefine(ccf, 'historicalState', {
          value: pastState(state),
          writable: true,
          enumerable: true,
          configurable: true,
        });

  return { invoke, enter };
})

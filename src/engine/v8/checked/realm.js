// What V8's side-effect check needs from a realm, see `mod.rs`. It is evaluated before anything of the app runs.
//
// V8 lets functions of the language run under the check that write into an object which a script's own constructor gave them, and
// that object may be an older one. Here is the list of those functions, and of others that V8 judges wrongly.
(function (isProxy) {
  'use strict';

  const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys, defineProperty, apply, set } = Reflect;
  const { species } = Symbol;
  // The numbers of `Judgement` in `judgements.rs`.
  const SPECIES = 0;
  const CONSTRUCTOR = 1;
  const REFUSED = 2;
  const CREATES = 3;
  const CHANGES_RECEIVER = 4;
  const CHANGES_BYTES = 5;
  const SPECIES_LATER = 6;
  const MATCHES = 7;
  const MATCHES_AND_SPECIES = 8;

  const NativeError = Error;
  const TypedArray = getPrototypeOf(Uint8Array);
  const typedArrays = [];
  for (const name of ownKeys(globalThis)) {
    const value = getOwnPropertyDescriptor(globalThis, name).value;
    if (typeof value === 'function' && getPrototypeOf(value) === TypedArray) typedArrays.push(value);
  }
  const constructors = [Array, ArrayBuffer, RegExp, ...typedArrays];
  const FIRST_TYPED_ARRAY = 3;
  const prototypes = constructors.map((constructor) => constructor.prototype);

  const judged = [];
  const judge = (judgement, holder, ...names) => {
    for (const name of names) {
      const property = getOwnPropertyDescriptor(holder, name);
      // Some belong to a newer language than that of some V8.
      if (property !== undefined) judged.push(property.value ?? property.get, judgement);
    }
  };
  judge(SPECIES, Array.prototype, 'concat', 'filter', 'flatMap', 'map');
  judge(SPECIES_LATER, Array.prototype, 'flat', 'slice', 'splice');
  judge(SPECIES, TypedArray.prototype, 'map');
  judge(SPECIES_LATER, TypedArray.prototype, 'filter', 'slice', 'subarray');
  judge(SPECIES_LATER, ArrayBuffer.prototype, 'slice');
  judge(MATCHES, RegExp.prototype, 'exec', 'test', Symbol.match, Symbol.replace, Symbol.search);
  judge(CREATES, RegExp.prototype, 'flags', 'source', 'dotAll', 'global', 'hasIndices', 'ignoreCase');
  judge(CREATES, RegExp.prototype, 'multiline', 'sticky', 'unicode', 'unicodeSets');
  judge(MATCHES_AND_SPECIES, RegExp.prototype, Symbol.split, Symbol.matchAll);
  judge(CONSTRUCTOR, Array, 'from', 'of');
  judge(CONSTRUCTOR, TypedArray, 'from', 'of');
  // Goes on with an older iterator without calling `next`.
  judge(REFUSED, Math, 'sumPrecise');
  judge(CREATES, Object, 'fromEntries');
  judge(CREATES, Error.prototype, 'toString');
  judge(CREATES, TypedArray.prototype, Symbol.toStringTag);
  judge(CREATES, Set.prototype, 'union', 'intersection', 'difference', 'symmetricDifference');
  judge(CREATES, Set.prototype, 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom');
  judge(CREATES, Uint8Array, 'fromBase64', 'fromHex');
  judge(CREATES, Uint8Array.prototype, 'toBase64', 'toHex');
  judge(CHANGES_RECEIVER, Array.prototype, 'copyWithin');
  judge(CHANGES_RECEIVER, WeakMap.prototype, 'set', 'delete');
  judge(CHANGES_RECEIVER, WeakSet.prototype, 'add', 'delete');
  judge(CHANGES_RECEIVER, getPrototypeOf(function* () {}).prototype, 'next', 'return', 'throw');
  judge(CHANGES_BYTES, TypedArray.prototype, 'set', 'fill', 'reverse', 'sort', 'copyWithin');
  judge(CHANGES_BYTES, Uint8Array.prototype, 'setFromBase64', 'setFromHex');
  for (const name of ownKeys(DataView.prototype)) {
    if (typeof name === 'string' && name.startsWith('set')) judge(CHANGES_BYTES, DataView.prototype, name);
  }

  // What has to be as the language made it, so that `SPECIES` and `CONSTRUCTOR` tell what they promise.
  const speciesHolders = [Array, ArrayBuffer, RegExp, TypedArray];
  const speciesGetters = speciesHolders.map((holder) => getOwnPropertyDescriptor(holder, species).get);
  const obstacle = () => {
    for (let index = 0; index < constructors.length; index++) {
      const constructor = constructors[index];
      if (getOwnPropertyDescriptor(prototypes[index], 'constructor')?.value !== constructor) return 'constructor';
      if (index >= FIRST_TYPED_ARRAY) {
        if (getPrototypeOf(constructor) !== TypedArray) return '__proto__';
        if (getOwnPropertyDescriptor(constructor, species) !== undefined) return 'Symbol.species';
      }
    }
    for (let index = 0; index < speciesHolders.length; index++) {
      const getter = getOwnPropertyDescriptor(speciesHolders[index], species)?.get;
      if (getter !== speciesGetters[index]) return 'Symbol.species';
    }
    return undefined;
  };

  // V8 iterates over iterators of its sets and maps without calling `next`, and adds reactions to its promises without calling
  // `then`: without a check that an older one stays as it is. It does so until somebody stores these properties, even the same.
  const touched = [
    [getPrototypeOf(new Set().values()), 'next'],
    [getPrototypeOf(new Map().values()), 'next'],
    [Promise.prototype, 'constructor'],
  ];

  // V8 makes these functions when they are first looked at, and keeps them.
  const lookAtLazyFunctions = () => getOwnPropertyDescriptor(new NativeError(), 'stack');

  // Makes a realm one whose calls are all checked. False when the app has frozen what has to be touched for that.
  let isChecked = false;
  const check = () => {
    for (let index = 0; index < touched.length; index++) {
      const object = touched[index][0];
      const name = touched[index][1];
      if (!set(object, name, object[name])) return false;
    }
    lookAtLazyFunctions();
    isChecked = true;
    return true;
  };

  const replace = (holder, functions) => {
    for (const name of ownKeys(functions)) {
      defineProperty(holder, name, { value: functions[name], writable: true, enumerable: false, configurable: true });
    }
  };

  // V8 refuses its own `assign`; these are the same stores in a form that it checks one by one.
  const NativeObject = Object;
  const nativeAssign = Object.assign;
  const NativeTypeError = TypeError;
  replace(Object, {
    assign(target, _source) {
      if (!isChecked) return apply(nativeAssign, this, arguments);
      if (target === undefined || target === null) throw new NativeTypeError('Cannot convert undefined or null to object');
      const to = NativeObject(target);
      for (let index = 1; index < arguments.length; index++) {
        const given = arguments[index];
        if (given === undefined || given === null) continue;
        const from = NativeObject(given);
        const keys = ownKeys(from);
        for (let at = 0; at < keys.length; at++) {
          if (getOwnPropertyDescriptor(from, keys[at])?.enumerable) to[keys[at]] = from[keys[at]];
        }
      }
      return to;
    },
  });

  // V8's own walk with a reviver writes into whatever the reviver puts in its way. This one makes the same changes in forms that V8
  // checks: a store where the property is as `JSON.parse` makes it, and what V8 refuses where it is not.
  const nativeParse = JSON.parse;
  const { isArray } = Array;
  const { keys: keysOf, is: isSame } = Object;
  const NativeMap = Map;
  const { get: getOfMap, set: setOfMap } = Map.prototype;
  const { deleteProperty } = Reflect;

  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  const put = (holder, key, value) => {
    if (value === undefined) return deleteProperty(holder, key);
    const property = getOwnPropertyDescriptor(holder, key);
    if (!isProxy(holder) && property?.writable && property.configurable && property.enumerable) {
      holder[key] = value;
      return true;
    }
    return defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
  };
  const revive = (holder, key, reviver, sources) => {
    const value = holder[key];
    if (isObject(value)) {
      if (isArray(value)) {
        const { length } = value;
        for (let index = 0; index < length; index++) put(value, `${index}`, revive(value, `${index}`, reviver, sources));
      } else {
        const keys = keysOf(value);
        for (let index = 0; index < keys.length; index++) {
          put(value, keys[index], revive(value, keys[index], reviver, sources));
        }
      }
      return apply(reviver, holder, [key, value, {}]);
    }
    const found = apply(getOfMap, sources, [holder])?.[key];
    return apply(reviver, holder, [key, value, found && isSame(found.value, value) ? { source: found.source } : {}]);
  };
  const parseAndRevive = (text, reviver) => {
    const sources = new NativeMap();
    let root;
    nativeParse(text, function (key, value, context) {
      root = this;
      if (context.source !== undefined) {
        let found = apply(getOfMap, sources, [this]);
        if (found === undefined) {
          found = { __proto__: null };
          apply(setOfMap, sources, [this, found]);
        }
        found[key] = { value, source: context.source };
      }
      return value;
    });
    return revive(root, '', reviver, sources);
  };
  replace(JSON, {
    parse(text, reviver) {
      return isChecked && typeof reviver === 'function' ? parseAndRevive(text, reviver) : nativeParse(text, reviver);
    },
  });

  return { judgements: [judged, prototypes, constructors], obstacle, check };
})

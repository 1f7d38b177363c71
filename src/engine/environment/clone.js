// `structuredClone`.
//
// Scripts can't ask what an object is. So the kinds of JavaScript's own objects are known by the prototypes that they inherit, and
// then proved by a function that accepts no others. Mistaken for plain objects are `arguments`, and objects that an app made inherit
// something else.
(function (host, interfaces) {
  'use strict';

  const { asList, dictionary, getter, isObject, needArguments, webError } = interfaces;
  const { defineProperty, hasOwn, keys: keysOf, prototype: plainPrototype } = Object;
  const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { get: lookUp, has: knows, set: remember, forEach: eachOfMap } = Map.prototype;
  const { add, forEach: eachOfSet } = Set.prototype;
  const { concat } = String.prototype;
  const { toStringTag } = Symbol;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { transfer } = ArrayBuffer.prototype;
  const { isProxy } = host;
  const NativeObject = Object;
  const NativeArrayBuffer = ArrayBuffer;
  const NativeDataView = DataView;
  const NativeDate = Date;
  const NativeError = Error;
  const NativeMap = Map;
  const NativeRegExp = RegExp;
  const NativeSet = Set;
  const NativeTypeError = TypeError;
  const NativeUint8Array = Uint8Array;

  const refuse = (message) => {
    throw webError('DataCloneError', 25, message);
  };

  // What is known of an object that is copied. All fields are its own, so that reading and writing them meets nothing of an app.
  class Entry {
    // Missing until `make` makes it, when those of its values are there.
    copy;
    make;
    // The values to copy with it: known from the start, or read from the source by their keys.
    values;
    source;
    keys;
    next = 0;
    // Adds a value that was read to the copy, for the time being as it is.
    add;
    // Gives the copy the copies of its values.
    finish;

    constructor(copy, values, finish) {
      this.copy = copy;
      this.values = values;
      this.finish = finish;
    }
  }

  const nothing = asList([]);

  const leafOf = (copy) => new Entry(copy, nothing, () => {});

  const readingEntryOf = (source, copy, keys, add, finish) => {
    const entry = new Entry(copy, undefined, finish);
    entry.source = source;
    entry.keys = keys;
    entry.add = add;
    return entry;
  };

  const addMember = (copy, key, value) => {
    if (key in copy) {
      defineProperty(copy, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
    } else {
      copy[key] = value;
    }
  };

  const finishMembers = ({ copy, keys }, copyOf) => {
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index];
      if (key !== undefined && isObject(copy[key])) {
        copy[key] = copyOf(copy[key]);
      }
    }
  };

  const openArray = (array) => {
    const { length } = array;
    // The length comes last, so that an array with large holes takes no memory for them.
    return readingEntryOf(array, [], keysOf(array), addMember, (entry, copyOf) => {
      finishMembers(entry, copyOf);
      entry.copy.length = length;
    });
  };

  const errors = {
    __proto__: null,
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  };

  const hide = (error, name, value) =>
    defineProperty(error, name, { __proto__: null, value, writable: true, configurable: true });

  // V8 has `isError` only in realms that it restored.
  const proveError = (object) => {
    if (!NativeError.isError(object)) {
      throw new NativeTypeError('not an error');
    }
  };

  const openError = (error) => {
    const { name } = error;
    const message = getOwnPropertyDescriptor(error, 'message');
    const hasMessage = message !== undefined && hasOwn(message, 'value');
    const Class = (typeof name === 'string' ? errors[name] : undefined) ?? NativeError;
    const copy = new Class(hasMessage ? apply(concat, '', [message.value]) : undefined);
    const { stack } = error;
    hide(copy, 'stack', typeof stack === 'string' ? stack : undefined);
    return readingEntryOf(error, copy, hasOwn(error, 'cause') ? ['cause'] : [], hide, finishMembers);
  };

  const sizeOfBuffer = getter(ArrayBuffer.prototype, 'byteLength');
  const maximumOfBuffer = getter(ArrayBuffer.prototype, 'maxByteLength');
  const isDetached = getter(ArrayBuffer.prototype, 'detached');
  const isResizable = getter(ArrayBuffer.prototype, 'resizable');

  const refuseDetached = (buffer) => {
    if (isDetached(buffer)) {
      refuse("A detached ArrayBuffer can't be cloned");
    }
  };

  const openBuffer = (buffer, size) => {
    refuseDetached(buffer);
    const copy = isResizable(buffer)
      ? new NativeArrayBuffer(size, { __proto__: null, maxByteLength: maximumOfBuffer(buffer) })
      : new NativeArrayBuffer(size);
    apply(setElements, new NativeUint8Array(copy), [new NativeUint8Array(buffer)]);
    return leafOf(copy);
  };

  const typedArrays = getPrototypeOf(Uint8Array.prototype);
  const { at, set: setElements } = typedArrays;
  const nameOf = getter(typedArrays, toStringTag);
  const partOf = (prototype, lengthName) => ({
    bufferOf: getter(prototype, 'buffer'),
    offsetOf: getter(prototype, 'byteOffset'),
    sizeOf: getter(prototype, 'byteLength'),
    lengthOf: getter(prototype, lengthName),
  });
  const ofTypedArrays = partOf(typedArrays, 'length');
  const ofDataViews = partOf(DataView.prototype, 'byteLength');
  const typedArrayClasses = {
    __proto__: null,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    // V8 has this one only in realms that it restored.
    get Float16Array() {
      return globalThis.Float16Array;
    },
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  };

  // Both throw if the buffer is detached, or has become too small for the view.
  const proveInBounds = (view, name) => (name === undefined ? ofDataViews.sizeOf(view) : apply(at, view, [0]));

  const openView = (view) => {
    const name = nameOf(view);
    try {
      proveInBounds(view, name);
    } catch {
      refuse("A view out of the bounds of its buffer can't be cloned");
    }
    const { bufferOf, offsetOf, sizeOf, lengthOf } = name === undefined ? ofDataViews : ofTypedArrays;
    const Class = name === undefined ? NativeDataView : typedArrayClasses[name];
    const offset = offsetOf(view);
    const size = sizeOf(view);
    const length = lengthOf(view);
    const entry = new Entry(undefined, asList([bufferOf(view)]), () => {});
    entry.make = (buffer) => {
      // Scripts can't ask whether a view follows the length of its buffer. One that reaches to the end is taken for such.
      const follows = isResizable(buffer) && sizeOfBuffer(buffer) - offset - size < (size / length || 1);
      return new Class(buffer, offset, follows ? undefined : length);
    };
    return entry;
  };

  const openMap = (map) => {
    const values = asList([]);
    const collect = (value, key) => {
      values[values.length] = key;
      values[values.length] = value;
    };
    apply(eachOfMap, map, [collect]);
    return new Entry(new NativeMap(), values, ({ copy }, copyOf) => {
      for (let index = 0; index < values.length; index += 2) {
        apply(remember, copy, [copyOf(values[index]), copyOf(values[index + 1])]);
      }
    });
  };

  const openSet = (set) => {
    const values = asList([]);
    const collect = (value) => {
      values[values.length] = value;
    };
    apply(eachOfSet, set, [collect]);
    return new Entry(new NativeSet(), values, ({ copy }, copyOf) => {
      for (let index = 0; index < values.length; index++) {
        apply(add, copy, [copyOf(values[index])]);
      }
    });
  };

  const expressions = RegExp.prototype;
  const hasIndices = getter(expressions, 'hasIndices');
  const isGlobal = getter(expressions, 'global');
  const ignoresCase = getter(expressions, 'ignoreCase');
  const isMultiline = getter(expressions, 'multiline');
  const isDotAll = getter(expressions, 'dotAll');
  const isUnicode = getter(expressions, 'unicode');
  const hasUnicodeSets = getter(expressions, 'unicodeSets');
  const isSticky = getter(expressions, 'sticky');

  // `flags` asks properties that an app may have changed.
  const flagsOf = (expression) =>
    (hasIndices(expression) ? 'd' : '') +
    (isGlobal(expression) ? 'g' : '') +
    (ignoresCase(expression) ? 'i' : '') +
    (isMultiline(expression) ? 'm' : '') +
    (isDotAll(expression) ? 's' : '') +
    (isUnicode(expression) ? 'u' : '') +
    (hasUnicodeSets(expression) ? 'v' : '') +
    (isSticky(expression) ? 'y' : '');

  // By prototype: `prove` throws for objects of other kinds; `open` makes an entry of the object and of what `prove` answers.
  const kinds = new NativeMap();
  const addKind = (prototype, prove, open) => apply(remember, kinds, [prototype, { prove, open }]);
  const addBox = ({ prototype }) => {
    const { valueOf } = prototype;
    const prove = (box) => apply(valueOf, box, []);
    addKind(prototype, prove, (_box, value) => leafOf(NativeObject(value)));
  };
  addBox(Boolean);
  addBox(Number);
  addBox(String);
  addBox(BigInt);
  const { getTime } = Date.prototype;
  const timeOf = (date) => apply(getTime, date, []);
  addKind(Date.prototype, timeOf, (_date, time) => leafOf(new NativeDate(time)));
  addKind(expressions, getter(expressions, 'source'), (expression, source) =>
    leafOf(new NativeRegExp(source, flagsOf(expression))),
  );
  addKind(ArrayBuffer.prototype, sizeOfBuffer, openBuffer);
  addKind(Error.prototype, proveError, openError);
  addKind(Map.prototype, getter(Map.prototype, 'size'), openMap);
  addKind(Set.prototype, getter(Set.prototype, 'size'), openSet);

  // Whether a prototype is one of the platform: those have their name in a property that scripts don't usually make that way.
  const isOfPlatform = (prototype) => {
    const tag = getOwnPropertyDescriptor(prototype, toStringTag);
    return (
      tag !== undefined && hasOwn(tag, 'value') && typeof tag.value === 'string' &&
      !tag.writable && !tag.enumerable && tag.configurable
    );
  };

  const openKind = (object, kind) => {
    let slot;
    try {
      slot = kind.prove(object);
    } catch {
      return undefined;
    }
    return kind.open(object, slot);
  };

  const openOther = (object) => {
    let prototype = getPrototypeOf(object);
    while (prototype !== null && prototype !== plainPrototype) {
      const kind = apply(lookUp, kinds, [prototype]);
      if (kind !== undefined) {
        const entry = openKind(object, kind);
        if (entry !== undefined) {
          return entry;
        }
      } else if (isOfPlatform(prototype)) {
        refuse("An object of this kind can't be cloned");
      }
      prototype = getPrototypeOf(prototype);
    }
    return readingEntryOf(object, {}, keysOf(object), addMember, finishMembers);
  };

  const open = (object) => {
    if (typeof object === 'function') {
      refuse("A function can't be cloned");
    }
    if (isProxy(object)) {
      refuse("A proxy can't be cloned");
    }
    return isArray(object)
      ? openArray(object)
      : isView(object)
        ? openView(object)
        : openOther(object);
  };

  const readNext = (entry) => {
    const { source, copy, keys, values } = entry;
    const place = entry.next++;
    if (keys === undefined) {
      return values[place];
    }
    const key = keys[place];
    if (!hasOwn(source, key)) {
      // A getter has taken it away.
      keys[place] = undefined;
      return undefined;
    }
    const value = source[key];
    entry.add(copy, key, value);
    return value;
  };

  // Adds the entries of all that a value refers to, depth first, as the web says. It is no recursion: depth takes memory, not stack.
  const read = (root, memory, entries) => {
    const path = asList([]);
    const visit = (value) => {
      if (typeof value === 'symbol') {
        refuse("A symbol can't be cloned");
      }
      if (isObject(value) && !apply(knows, memory, [value])) {
        const entry = open(value);
        apply(remember, memory, [value, entry]);
        entries[entries.length] = entry;
        path[path.length] = entry;
      }
    };
    visit(root);
    while (path.length > 0) {
      const entry = path[path.length - 1];
      if (entry.next < (entry.keys ?? entry.values).length) {
        visit(readNext(entry));
      } else {
        path.length--;
      }
    }
  };

  const isBuffer = (object) => {
    try {
      sizeOfBuffer(object);
      return true;
    } catch {
      return false;
    }
  };

  // The objects to transfer.
  const transferListOf = (options) => {
    const list = asList([]);
    const { transfer: objects } = dictionary(options);
    if (objects === undefined) {
      return list;
    }
    if (!isObject(objects)) {
      throw new NativeTypeError('What to transfer must be a sequence');
    }
    for (const object of objects) {
      if (!isObject(object)) {
        throw new NativeTypeError('What to transfer must be objects');
      }
      list[list.length] = object;
    }
    return list;
  };

  const clone = (value, buffers) => {
    const memory = new NativeMap();
    for (let index = 0; index < buffers.length; index++) {
      if (!isBuffer(buffers[index])) {
        refuse("An object that is no ArrayBuffer can't be transferred");
      }
      if (apply(knows, memory, [buffers[index]])) {
        refuse("An ArrayBuffer can't be transferred twice");
      }
      apply(remember, memory, [buffers[index], leafOf(undefined)]);
    }
    const entries = asList([]);
    read(value, memory, entries);
    for (let index = 0; index < buffers.length; index++) {
      refuseDetached(buffers[index]);
      apply(lookUp, memory, [buffers[index]]).copy = apply(transfer, buffers[index], []);
    }
    const copyOf = (original) => {
      if (!isObject(original)) {
        return original;
      }
      const entry = apply(lookUp, memory, [original]);
      entry.copy ??= entry.make(copyOf(entry.values[0]));
      return entry.copy;
    };
    for (let index = 0; index < entries.length; index++) {
      entries[index].finish(entries[index], copyOf);
    }
    return copyOf(value);
  };

  return {
    structuredClone(value, options = undefined) {
      needArguments(arguments, 1);
      return clone(value, transferListOf(options));
    },
  };
})

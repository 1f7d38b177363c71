// What Web IDL asks of all interfaces. The script of a topic follows, and is called with this.
//
// Scripts of the library keep what they use of JavaScript's own objects when they start, and look at no property that an app may
// change afterwards: its changes to `Array.prototype` and the like neither break them nor show it what they do. So they use neither
// template literals, for which QuickJS calls `String.prototype.concat`, nor what iterates over arrays.
((define) => {
  'use strict';

  const { defineProperty, setPrototypeOf } = Object;
  const { apply, getOwnPropertyDescriptor, ownKeys } = Reflect;
  const { concat, toWellFormed } = String.prototype;
  const { toStringTag } = Symbol;
  const NativeError = Error;
  const NativeTypeError = TypeError;

  const exposeOwn = (owner) => {
    const keys = ownKeys(owner);
    for (let index = 0; index < keys.length; index++) {
      const { configurable, get, value } = getOwnPropertyDescriptor(owner, keys[index]);
      const isMember = typeof keys[index] === 'string' && keys[index] !== 'constructor';
      if (isMember && configurable && (get !== undefined || typeof value === 'function')) {
        defineProperty(owner, keys[index], { __proto__: null, enumerable: true });
      }
    }
  };

  // Shows the members of a class as the web shows them.
  const expose = (Class, name) => {
    exposeOwn(Class);
    exposeOwn(Class.prototype);
    defineProperty(Class.prototype, toStringTag, { __proto__: null, value: name, configurable: true });
  };

  // Any value as a string without lone surrogates.
  const toText = (value) => apply(toWellFormed, apply(concat, '', [value]), []);

  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

  // The function behind a property that is a getter. It throws for objects that don't have it, whatever they inherit.
  const getter = (prototype, name) => {
    const { get } = getOwnPropertyDescriptor(prototype, name);
    return (object) => apply(get, object, []);
  };

  // Options, which may be left out.
  const dictionary = (value) => {
    if (value === undefined || value === null) {
      return { __proto__: null };
    }
    if (!isObject(value)) {
      throw new NativeTypeError('Options must be an object');
    }
    return value;
  };

  const needArguments = (given, needed) => {
    if (given.length < needed) {
      throw new NativeTypeError('Passed ' + given.length + ' arguments, but expected at least ' + needed);
    }
  };

  // The web's `DOMException`, which is an error of that name here.
  const webError = (name, code, message) => {
    const error = new NativeError(message);
    defineProperty(error, 'name', { __proto__: null, value: name, writable: true, configurable: true });
    defineProperty(error, 'code', { __proto__: null, value: code, writable: true, configurable: true });
    return error;
  };

  // An array that inherits nothing: assigning an element runs no setter of an app.
  const asList = (array) => setPrototypeOf(array, null);

  return (host) => define(host, { asList, dictionary, expose, getter, isObject, needArguments, toText, webError });
})

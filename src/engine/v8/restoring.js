// What V8 adds to a realm while it restores one from a snapshot. It ends the process when an object that it adds to has been
// frozen or has the property already, so a capture watches those places while the app's top level runs.
//
// `list` names every property of every object that can be reached from the global one. `watch` puts a watcher where `additions`
// says that a property will appear, and answers with a function that takes the watchers away again and tells what prevents it.
({
  list() {
    const names = new Set();
    const seen = new Set([globalThis]);
    const queue = [[globalThis, []]];
    for (const [object, path] of queue) {
      const visit = (value, step) => {
        const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
        if (isObject && !seen.has(value)) {
          seen.add(value);
          queue.push([value, [...path, step]]);
        }
      };
      for (const key of Reflect.ownKeys(object)) {
        const step = typeof key === 'symbol' ? `@@${key.description}` : key;
        names.add(JSON.stringify([...path, step]));
        visit(Reflect.getOwnPropertyDescriptor(object, key).value, step);
      }
      visit(Reflect.getPrototypeOf(object), '__proto__');
    }
    return JSON.stringify([...names]);
  },

  watch(additions, note) {
    const { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, isExtensible } = Reflect;
    const watched = [];
    // `Symbol.iterator` and the like are written as `@@Symbol.iterator`.
    const keyOf = (step) => (step.startsWith('@@Symbol.') ? Symbol[step.slice('@@Symbol.'.length)] : step);
    for (const path of JSON.parse(additions)) {
      const name = path.join('.');
      const key = keyOf(path.pop());
      let object = globalThis;
      for (const step of path) {
        object = step === '__proto__' ? getPrototypeOf(object) : getOwnPropertyDescriptor(object, keyOf(step) ?? '')?.value;
        if (object === undefined || object === null) break;
      }
      if (object === undefined || object === null) continue;
      if (key === undefined || getOwnPropertyDescriptor(object, key)) {
        // A symbol that comes with the restored realm, or a property that is reached on another way there.
        watched.push({ object, key: undefined, name });
        continue;
      }
      if (name === 'Error.stackTraceLimit') {
        // Errors of the top level have a stack, as they would in a restored realm.
        const value = 10;
        defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
        watched.push({ object, key, name, same: (property) => property.value === value });
        continue;
      }
      const get = () => note(name);
      const set = function (value) {
        note(name);
        defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      };
      defineProperty(object, key, { get, set, enumerable: false, configurable: true });
      watched.push({ object, key, name, same: (property) => property.get === get });
    }
    return () => {
      for (let index = 0; index < watched.length; index++) {
        const { object, key, name, same } = watched[index];
        if (!isExtensible(object)) return name;
        if (key === undefined) continue;
        const property = getOwnPropertyDescriptor(object, key);
        if (!property || !same(property) || !deleteProperty(object, key)) return name;
      }
      return undefined;
    };
  },
})

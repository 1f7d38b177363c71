// What shows, in an app's own realm, that the side-effect check works: calls that it has to stop, and calls that it has to let end.
(function () {
  'use strict';
  const older = { value: 1, list: [1, 2, 3], set: new Set([1, 2]), map: new Map([[1, 2]]), bytes: new Uint8Array(4) };
  older.expression = /a/g;
  older.moved = /a/g;
  older.plain = /a/;
  class Given {
    constructor(object) {
      return object;
    }
  }
  const Lazy = function () {};
  const generator = (function* () {
    yield 1;
  })();
  const iterators = { array: older.list.values(), set: older.set.values(), map: older.map.entries() };
  const giveList = function () {
    return older.list;
  };
  class Subclass extends Array {
    constructor() {
      super();
      return older.list;
    }
  }
  const stopped = {
    store: () => (older.value = 2),
    push: () => older.list.push(4),
    'define a property': () => Object.defineProperty(older, 'other', { value: 1 }),
    'assign a property': () => Object.assign(older, { value: 2 }),
    'delete a property': () => Reflect.deleteProperty(older, 'value'),
    'change a set': () => older.set.add(3),
    'change a map': () => older.map.delete(1),
    'change bytes': () => (older.bytes[0] = 1),
    'change a global': () => (globalThis.canary = 1),
    'change a prototype': () => (Array.prototype.canary = 1),
    'make a symbol known': () => Symbol.for('canary'),
    'spread an iterator of an array': () => [...iterators.array],
    'spread an iterator of a set': () => [...iterators.set],
    'read an iterator of a map': () => new Map(iterators.map),
    'fill a given array': () => Array.of.call(giveList, 9),
    'copy to a given array': () => Array.from.call(giveList, [9]),
    'map to a given array': () => {
      const list = [1, 2];
      list.constructor = { [Symbol.species]: giveList };
      return list.map((value) => value + 5);
    },
    'cut out of a subclass': () => Subclass.of(7, 8),
    'revive into an older object': () =>
      JSON.parse('{"a":1,"b":2}', function (key, value) {
        if (key === 'a') this.b = older;
        return value;
      }),
    'give an older object a field': () => {
      class Field extends Given {
        field = 1;
      }
      return new Field(older);
    },
    'give an older object a private field': () => {
      class Field extends Given {
        #field = 1;
      }
      return new Field(older);
    },
    'write through a new view': () => (new Uint8Array(older.bytes.buffer)[0] = 1),
    'go on with a generator': () => generator.next(),
    'give a function a prototype': () => (Object.getPrototypeOf(new Lazy()).canary = 1),
    'move a regular expression': () => older.moved.test('a'),
    'compile code': () => new Function('return 1')(),
  };
  const ended = {
    nothing: () => {},
    'read what is older': () => older.value + older.list.length + older.map.get(1),
    'make and change objects': () => {
      const made = { list: [], map: new Map() };
      made.list.push(1);
      made.map.set(1, 2);
      made.other = made.list.map((value) => value + 1).concat(older.list);
      return Object.assign({}, made, Object.fromEntries([['a', 1]]));
    },
    'write and read JSON': () => JSON.parse(JSON.stringify(older), (key, value) => value),
    'match text': () => 'a-b'.split('-').join('').replace(/b/, 'c'),
    'use classes with private fields': () => {
      class Field {
        #value = 1;
        computed = 2;
        get value() {
          return this.#value + this.computed;
        }
      }
      return new Field().value;
    },
    'spread objects': () => {
      const { value, ...rest } = { ...older, other: 1 };
      return { value, ...rest, get last() { return 1; } };
    },
    'write new bytes': () => {
      const bytes = new Uint8Array(8);
      bytes[1] = 5;
      bytes.set([1, 2], 3);
      new DataView(bytes.buffer).setUint16(4, 77);
      return bytes;
    },
    'use generators': () => {
      const count = function* () {
        yield 1;
        yield 2;
      };
      return [...count()];
    },
    'match an older regular expression': () => /b/.test('b') && older.plain.test('a') && 'aXa'.replace(older.expression, ''),
    throw: () => {
      throw new Error('canary');
    },
  };
  const list = (functions) => Reflect.ownKeys(functions).map((name) => [name, functions[name]]);
  return [list(stopped), list(ended)];
})()

// What `Object.assign` and `JSON.parse` do in proven realms, where they are the library's own, must be what V8's own do. Each function
// answers with text, and runs in both.
const $error = (run) => {
  try {
    return run();
  } catch (error) {
    return error.name + ': ' + error.message;
  }
};
const $log = (value) => JSON.stringify(value, (key, one) => (typeof one === 'bigint' ? one + 'n' : one === undefined ? '(undefined)' : Object.is(one, -0) ? '(-0)' : typeof one === 'function' ? '(function)' : one));

const $texts = [
  '1', '-0', '0.1', '1e3', '1E+2', '-1.50', '12345678901234567890', '"a"', '"\\u0041\\n"', 'true', 'false', 'null', '[]', '{}', '[1]', '[1,2,3]', '[1.0,2.50,"x"]', '{"a":1}', '{"a":1.0,"b":"x"}',
  '{"a":{"b":{"c":[1,{"d":2}]}}}', '[[[[1]]]]', '{"a":1,"a":2}', '{"a":{"x":1},"a":{"y":2}}', '{"a":[1],"a":2}', '{"__proto__":1}', '{"__proto__":{"a":1},"b":2}', '{"constructor":1,"toString":2}', '{"1":1,"0":2,"b":3,"a":4}', '{"":1}', '[null,true,"",0]',
  '{"length":2,"0":1}', '[{"a":1},{"a":1},{"a":"1"}]', ' [ 1 , 2 ] ', '\n{\t"a"\r: 1}', '{"a":1e400}', '[-0,0]', '["\\ud800"]', '{"é":"ü"}', '[[],{},[[]],{"a":{}}]', '{"9007199254740993":9007199254740993}',
  '', '{', '[1,]', '{"a"}', 'undefined', "{'a':1}", '01', '1 2', '[1', 'nul', '{"a":1,}', '\ufeff1',
  JSON.stringify(Array.from({ length: 300 }, (_, index) => ({ index, text: 'x' + index }))), JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, index) => ['k' + index, index / 8]))),
];
const $revivers = [
  () => (key, value) => value,
  (log) => (key, value, context) => (log.push([key, value, Object.keys(context), context.source]), value),
  (log) => function (key, value, context) { log.push([key, Array.isArray(this), this[key] === value, context.source]); return value },
  () => (key, value) => (typeof value === 'number' ? value + 1 : value),
  () => (key, value) => (typeof value === 'string' ? { was: value } : value),
  (log) => function (key, value, context) { if (key === '0' || key === 'a') { if (Array.isArray(this)) this[1] = 'new'; else this.b = 'new' } log.push([key, value, context.source]); return value },
  (log) => function (key, value, context) { if (key === '0' && this.length === 2) this[1] = 2; log.push([key, value, context.source]); return value },
  (log) => function (key, value, context) { if (key === '0' || key === 'a') this.added = [7, { deep: 8 }]; log.push([key, value, context.source]); return value },
  (log) => function (key, value, context) { if (key === '0' || key === 'a') { if (Array.isArray(this)) this[1] = [7, [8]]; else this.b = { c: [9] } } log.push([key, value, context.source]); return value },
  () => (key, value) => { if (key === '1' || key === 'b') throw new Error('at ' + key); return value },
  () => (key, value) => (key === '' ? undefined : value),
  () => (key, value) => (Array.isArray(value) ? value.length : value),
  () => 'no function', () => undefined, () => null, () => ({}),
];
export const parse = $texts.map((text) => () => $revivers.map((make) => {
  const log = [];
  return $error(() => $log(JSON.parse(text, make(log)))) + $log(log);
}).join('\n'));
export const removing = $texts.map((text) => () => {
  const log = [];
  return $error(() => $log(JSON.parse(text, (key, value, context) => (log.push([key, value, context.source]), key === '1' || key === 'b' ? undefined : value)))) + $log(log);
});

const $sources = () => [
  undefined, null, 1, 'ab', '', true, 5n, Symbol('x'), [], [1, , 3], {}, { a: 1 }, { b: 1, a: 2, 1: 3, 0: 4 }, { [Symbol.iterator]: 1, a: 2, [Symbol.for === 1]: 3 },
  old, arr, symbols, hidden, frozen, quietProxy, Object.create({ inherited: 1 }), new Map([[1, 2]]), /a/g, (x) => x, new Error('e'), 'sy😀', { undefined: undefined, null: null }, { length: 5 }, { a: { b: 1 } }, new (class { x = 1 })(),
];
const $targets = () => [{}, { a: 0 }, [], [9, 9, 9], 'ab', 1, true, null, undefined, Object.create({ a: 1 }), Object.create(frozen), Object.create(readOnly), (x) => x, new Map(), 5n, /a/, { a: 0, length: 1 }];
const $all = (object) => (object === null || object === undefined ? String(object) : Reflect.ownKeys(Object(object)).filter((key) => key !== 'stack').map((key) => String(key) + '=' + $show(object[key])).join() + typeof object);
export const assign = $targets().map((_, target) => () => $sources().map((_, source) => $error(() => {
  const to = $targets()[target];
  const done = Object.assign(to, $sources()[source], { last: 1 });
  return (done === to) + $all(done);
})).join('\n'));
export const others = [
  () => $error(() => Object.assign()),
  () => $error(() => $all(Object.assign({}))),
  () => $all(Object.assign({ a: 1 }, { a: 2 }, null, { a: 3 }, undefined, { b: 4 })),
  () => Object.assign.length + Object.assign.name + JSON.parse.length + JSON.parse.name,
  () => $log([Object.keys(Object.assign({}, { b: 1, 2: 1, a: 1, 1: 1, [Symbol.iterator]: 1 }))]),
  () => $error(() => $all(Object.assign(Object.create(setter, {}), {}))),
  () => $error(() => JSON.parse()),
  () => $error(() => JSON.parse('[1]', (key, value) => value, 'more')),
  () => $error(() => $log(JSON.parse({ toString: () => '[1,2]' }, (key, value) => value))),
  () => $error(() => JSON.parse(Symbol('x'), (key, value) => value)),
  () => $error(() => $log(JSON.parse(null, (key, value) => value))),
  () => $error(() => $log(JSON.parse('['.repeat(200) + ']'.repeat(200), (key, value) => value))),
  () => { const { parse } = JSON; return $log(parse('{"a":[1]}', (key, value) => value)) },
  () => $log(['[1]', '[2]'].map((text) => JSON.parse(text, (key, value) => value))),
  () => { const seen = []; JSON.parse('{"a":[1,{"b":2}]}', function (key) { seen.push(Object.keys(this)); return this[key] }); return $log(seen) },
  () => { let root; JSON.parse('5', function (key, value) { root = this; return value }); return $log([root, Object.getPrototypeOf(root) === Object.prototype]) },
  () => { const order = []; const from = { get b() { order.push('b'); return 1 } }; return $error(() => $log([Object.assign({}, from), order])) },
];

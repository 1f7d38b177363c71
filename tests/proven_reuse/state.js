// The old state: one of everything that a realm can hold and a later request could look at. Attacks use these names.
var old = { a: 1, n: { m: 2 } }, arr = [1, 2, 3], darr = [1.5, 2.5], holey = [1, , 3], nested = [[1], [2]];
var m = new Map([[1, 'x']]), s = new Set([1, 2]), wm = new WeakMap(), ws = new WeakSet(), sets = [new Set([1]), new Set([2])];
// An app that keeps buffers is never captured, so there are two states: with them, and captured without.
var ta, ta2, fa, bi, ab, rab, rta, dv, heapta, empty, clamped, floats, detached, lone;
if (withBuffers) {
  ta = new Uint8Array([1, 2, 3, 4]), ta2 = ta.subarray(1), fa = new Float64Array([1, 2]), bi = new BigInt64Array(2);
  ab = new ArrayBuffer(8), rab = new ArrayBuffer(8, { maxByteLength: 16 }), rta = new Uint8Array(rab), dv = new DataView(ta.buffer), heapta = new Uint8Array(3);
  empty = new Uint8Array(0), clamped = new Uint8ClampedArray(4), floats = new Float32Array([3, 1, 2]), detached = new ArrayBuffer(8), lone = new DataView(new ArrayBuffer(8));
  detached.transfer();
}
var re = /a(b)/g, rey = /a/y, plainre = /a/, date = new Date(0), sym = Symbol('s'), sobj = new String('abc'), nobj = new Number(5), bobj = Object(5n);
// a regular-expression-like object: it has a lastIndex and an exec that does nothing
var relike = { lastIndex: 5, exec() { return null }, flags: '' };
// iterators and generators in the middle of their work
var ait = arr[Symbol.iterator](), mit = m.entries(), sit = s.values(), stit = 'abc'[Symbol.iterator](), reit = 'aba'.matchAll(/a/g), tait = withBuffers ? ta.values() : [5, 6].values(), mkit = m.keys(), mvit = m.values(), seit = s.entries(), aeit = arr.entries();
function* gen() { let x = yield 1; yield x; yield 3 } var g = gen(); g.next(); var g0 = gen();
async function* agen() { yield 1; yield 2 } var ag = agen();
var helper = arr.values().map(x => x + 1), helper2 = [1, 2, 3].values().filter(x => x), wrapit = Iterator.from({ i: 0, next() { return { value: this.i++, done: this.i > 5 } } });
var mine = { i: 0, next() { return { value: 1, done: this.i > 2 } }, return() { this.i++; return {} }, [Symbol.iterator]() { return this } };
var iterp = { [Symbol.iterator]() { return ait } };
// classes with private, static and accessor members
var C = class C { #p = 1; static #sp = 5; static s = 1; get p() { return this.#p } set p(v) { this.#p = v } static get sp() { return C.#sp } static set sp(v) { C.#sp = v } m() { return this.#p } acc = 3; static has(o) { return #p in o } static tag(o, v) { o.#p = v } }
var c = new C(); var D = class D extends C { }
var Returns = class Returns { constructor(o) { return o } }; var Stamp = class Stamp extends Returns { #x = 1; static has(o) { return #x in o } }; var Field = class Field extends Returns { zz = 1 }
// functions that give out old things, as constructors and as species
var counter = 0, getcount = 0; function inc() { return ++counter } function F() { } function Fs() { return old } function Fa() { return arr } function Fd() { return darr } function Fre() { return re } function Frelike() { return relike }
function Fta() { return ta } function Fab() { return ab } function Fset() { return s } function Fmap() { return m } function Fdate() { return date } function Ferr() { return err } function Fns() { return nsobj }
var speciesArr = { [Symbol.species]: Fa }, speciesOld = { [Symbol.species]: Fs }, speciesTa = { [Symbol.species]: Fta }, speciesAb = { [Symbol.species]: Fab }, speciesRe = { [Symbol.species]: Fre }, speciesLike = { [Symbol.species]: Frelike };
var OldArray = class OldArray extends Array { static get [Symbol.species]() { return Fa } }; var OldMaker = class OldMaker extends Array { constructor() { return arr } }; var OldTa = class OldTa extends Uint8Array { static get [Symbol.species]() { return Fta } }
var OldBuffer = class OldBuffer extends ArrayBuffer { static get [Symbol.species]() { return Fab } }; var OldRe = class OldRe extends RegExp { static get [Symbol.species]() { return Frelike } }
var oldArray = new OldArray(3).fill(7), oldTa = withBuffers && new OldTa(3), oldBuffer = withBuffers && new OldBuffer(8), oldRe = new OldRe('a');
var clos = (() => { let x = 0; return { inc() { return ++x }, get() { return x }, mk() { return () => ++x }, block() { let r; for (let i = 0; i < 2; i++) r = { up() { return ++i }, at() { return i } }; return r } } })();
var block = clos.block(); var scriptLet = 1, scriptConst = { q: 1 };
var acc = { get v() { return ++getcount }, set v(x) { getcount = x } }, setter = { set k(v) { old.fromSetter = v }, get k() { return 1 } };
var lazyget = { get once() { Object.defineProperty(this, 'once', { value: 1 }); return 1 } }, memo = { get made() { return this.cache ??= {} } };
var prox = new Proxy(old, {}), parr = new Proxy(arr, {}), pfun = new Proxy(inc, {}), ptrap = new Proxy({}, { get(t, k) { t[k] = 1; return 1 }, set(t, k, v) { t[k] = v; return true }, has(t, k) { t[k] = 1; return true }, ownKeys(t) { t.keys = 1; return [] }, getPrototypeOf(t) { t.proto = 1; return null } }), pta = new Proxy(ta ?? {}, {}), pquiet = new Proxy(Fs, { construct() { return old } });
var err = new Error('old'), errp = (() => { Error.prepareStackTrace = (e, st) => ({ made: true }); const e = new Error('lazy'); Error.prepareStackTrace = undefined; delete Error.prepareStackTrace; return e })();
// functions whose prototype nobody has asked for yet
var lazyF = function () { }, lazy2 = function () { }, lazy3 = function () { this.x = 1 }, lazy4 = function () { }, arrow = () => { }, method = { m() { } }.m, bound = F.bind(null, 1), boundLazy = lazy4.bind(null), lazyBase = function () { }, lazyProx = new Proxy(function () { }, {}), asyncF = async () => 1;
var ds = new DisposableStack(), ads = new AsyncDisposableStack(); ds.adopt(old, x => 0);
var resolvers = Promise.withResolvers(), promise = Promise.resolve(1), pend = resolvers.promise, rejected = Promise.reject(new Error('r')); rejected.catch(() => 0);
var thenable = { then(r) { old.a = 'then' } }, frozen = Object.freeze({ f: 1 }), ext = {}, dict = Object.create(null); dict.x = 1; delete dict.x; dict.y = 2;
var args = (function () { return arguments })(1, 2), sloppyArgs = (function (a) { return [arguments, () => a] })(7);
var tpl = (s) => s; function tag() { return tpl`a${1}b` } var nsobj = ns;
var sloppyWrite = new Function('x', 'with (x) { a = 99 }'), sloppyThis = new Function('this.sneak = 1'), sloppyCaller = function () { return sloppyCaller.caller }, sloppyArguments = function (a) { return sloppyArguments.arguments };
var proto = { get inherited() { return ++getcount }, set inherited(v) { old.a = v } }, lengthProto = Object.create(arr), wide = null;
var json = { toJSON() { counter++; return 1 } }, evil = { toString() { counter++; return 'a' }, valueOf() { counter++; return 1 }, [Symbol.toPrimitive]() { counter++; return 1 } };
var hostObject = globalThis, shadow = { __proto__: null, x: 1 }, withTag = { get [Symbol.toStringTag]() { counter++; return 'T' } }, unscopable = { [Symbol.unscopables]: { a: true }, a: 1 };


// Expressions that stand somewhere else than at the beginning, and such whose place is no plain number.
var remid = /a/g, reymid = /a/y, regymid = /a/gy, replainmid = /a/, reminus = /q/g, renan = /a/g, retext = /a/g, reobj = /a/g, recount = /a/g, relocked = Object.freeze(/a/g), relockedmid = /a/g, reown = /a/, refar = /a/g, renamed = /(?<y>a)/dg;
remid.lastIndex = reymid.lastIndex = regymid.lastIndex = replainmid.lastIndex = 1; reminus.lastIndex = -0; renan.lastIndex = NaN; retext.lastIndex = '1'; reobj.lastIndex = { valueOf() { return 1 } };
recount.lastIndex = { valueOf() { return ++counter } }; relockedmid.lastIndex = 1; Object.freeze(relockedmid); refar.lastIndex = 99; reown.exec = function (text) { return RegExp.prototype.exec.call(re, text) };
var SubRe = class SubRe extends RegExp { exec(text) { counter++; return super.exec(text) } }; var subre = new SubRe('a', 'g'), PlainSubRe = class PlainSubRe extends RegExp { }, plainsubre = new PlainSubRe('a', 'g');
var relikeg = { lastIndex: 5, exec() { return null }, flags: 'g', global: true, constructor: RegExp }, respecies = /a/g; respecies.constructor = speciesLike;
// Generators: never asked for a prototype, writing what is old, in the middle of a block with an end, delegating.
function* lazyGen() { yield 1 } function* lazyGen2() { yield 1 } async function* lazyAsyncGen() { yield 1 }
function* genCounts() { counter++; yield counter } function* genFinal() { try { yield 1; yield 2 } finally { old.a = 'final' } } var gf = genFinal(); gf.next();
function* genDelegates() { yield* ait } var gd = genDelegates(); function* genArgs(a) { a = 5; yield arguments[0]; arguments[0] = 7; yield a } var ga = genArgs(1); ga.next();
var holder = { *each() { yield this; this.seen = 1; yield 2 } }, gh = holder.each(), gdone = gen(); [...gdone]; var gens = [gen(), gen()];
// Templates that nobody has used yet.
function tagOnce() { return tpl`once${1}` } function tagTwice() { return tpl`twice${1}${2}` } function tagIn(f) { return f`in${1}` }
// Private members to read and write from outside, and a reader with consequences.
var Priv = class Priv { #v = 1; #w = { deep: 1 }; get #g() { return ++counter } set #g(v) { counter = v } #m() { return ++counter } static #s = 1; static read(o) { return o.#v } static deep(o) { return o.#w } static write(o, v) { o.#v = v } static getter(o) { return o.#g } static setter(o, v) { o.#g = v } static method(o) { return o.#m() } static bump() { return ++Priv.#s } static s() { return Priv.#s } static has(o) { return #v in o } };
var priv = new Priv(); var Branded = class Branded extends Returns { #m() { } static has(o) { return #m in o } };
// `super` that reads, calls and writes.
var base = { get g() { return ++getcount }, m() { return this.z }, set z2(v) { old.a = v }, list: [1] }, home = { __proto__: base, read() { return super.g }, call() { return super.m() }, list() { return super.list }, write(v) { super.z = v }, writeSetter(v) { super.z2 = v }, keyed(k) { return super[k] } };
// Getters that change something when an object is spread, assigned or written as JSON.
var changing = { get x() { return ++counter }, y: 1 }, spreadSeen = { p: 1 }, spreadTrap = new Proxy(spreadSeen, { ownKeys(t) { t.asked = 1; return ['p'] }, getOwnPropertyDescriptor(t, k) { t.described = 1; return { value: 1, enumerable: true, configurable: true } }, get(t, k) { t.got = 1; return 1 } }), quietProxy = new Proxy({ p: 1, q: { r: 1 } }, {});
var symbols = { [sym]: 1, b: 2, 1: 3 }, hidden = Object.defineProperty({ a: 1 }, 'h', { value: 2, enumerable: false }), sealed = Object.seal({ a: 1 }), readOnly = Object.defineProperty({}, 'r', { value: 1, writable: false, configurable: true, enumerable: true });
var weakKey = {}, weakKey2 = {}, wm2 = new WeakMap([[weakKey, { v: 1 }]]), ws2 = new WeakSet([weakKey]); var url = new URL('http://a.b/c?d=e'), params = new URLSearchParams('a=1'), decoder = new TextDecoder(), encoder = new TextEncoder(), handleOf = (name) => ccf.kv[name];
// What is found by the hash of an object.
var globals = new Set([old, globalThis, arr]);

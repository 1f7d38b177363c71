"""What survives the end of a process: from the log alone, and from a checkpoint.

The table of what a checkpoint holds; `test_durable.py` has the cases that it shares.
"""

import pytest

from durable import DURABLE_ENGINES, Shell, checkpoint, copy, options
from hosts import run_host
from test_durable import SURVIVORS

# Turns before the end of the process, a turn after it, and what that answers.
MORE_SURVIVORS = {
    "async generators": (
        ["async function* ag() { yield 1; yield 2; } var i = ag(), seen; i.next().then(v => seen = v.value)"],
        "i.next().then(v => [seen, v.value])",
        "[1,2]",
    ),
    "errors kept": (["function f() { return new Error('kept'); } var e = f()"], "e.stack.includes('at f')", "true"),
    "error stack": (
        ["var mk = () => { try { null.x } catch (e) { return e } }"],
        "mk().stack.split('\\n').length",
        "3",
    ),
    "tagged templates": (["const t = (s) => s; const f = () => t`a${1}b`; const first = f()"], "f() === first", "true"),
    "array buffer": (
        ["var t = new ArrayBuffer(8); new DataView(t).setInt16(0, 77)"],
        "new DataView(t).getInt16(0)",
        "77",
    ),
    "large typed array": (["var t = new Float64Array(1000).fill(1.5)"], "t.reduce((a, b) => a + b)", "1500"),
    "two views": (
        ["var t = new Uint8Array(100000); var u = new Uint16Array(t.buffer, 2, 4); u[0] = 258"],
        "[t[2], t[3], u.buffer === t.buffer]",
        "[2,1,true]",
    ),
    "asm": (
        ["function M(s, f, h) { 'use asm'; function g(x) { x = x|0; return (x+1)|0 } return g } var g = M()", "g(1)"],
        "g(2)",
        "3",
    ),
    "eval": (["var f = eval('(function(){ var q = 4; return function(){ return eval(\"q\") } })()')"], "f()", "4"),
    "with": (["var f = new Function('o', 'with (o) { return () => z }')({z: 9})"], "f()", "9"),
    "registered symbols": (["var s = Symbol.for('here'); var o = {[s]: 3}"], "o[Symbol.for('here')]", "3"),
    "big numbers": (["var b = 2n ** 100n"], "b", "1267650600228229401496703205376"),
    "frozen global": (["Object.freeze(globalThis); 1"], "Object.isFrozen(globalThis)", "true"),
    "stack limit": (["Error.stackTraceLimit = 1; 1"], "Error.stackTraceLimit", "1"),
    "WebAssembly set": (["var WebAssembly = 5; globalThis.Atomics = 6"], "[WebAssembly, Atomics]", "[5,6]"),
    "detached": (["var t = new Uint8Array(5); t.buffer.transfer(); 1"], "t.length", "0"),
    "arguments": (["var a = (function () { return arguments })(1, 2)"], "a[1]", "2"),
    "url": (["var u = new URL('http://a.b/c?d=1')"], "u.searchParams.get('d')", '"1"'),
    "handles": (["var h = ccf.kv['m']; 1"], "typeof h.get", '"function"'),
    "iterators": (
        [
            "var it = [1, 2, 3][Symbol.iterator](); it.next()",
            "var mi = new Map([[1, 2], [3, 4]]).entries(); mi.next(); 1",
        ],
        "[it.next().value, mi.next().value]",
        "[2,[3,4]]",
    ),
    "regexp statics": (["/(b)/.exec('abc'); 1"], "RegExp.$1", '"b"'),
    "dictionaries": (
        ["var o = {}; for (let i = 0; i < 2000; i++) o['k' + (i * 7919 % 2000)] = i; delete o.k5; 1"],
        "Object.keys(o).slice(0, 3).join()",
        '"k0,k1919,k1838"',
    ),
    "class statics": (["class A { static #c = 0; static inc() { return ++A.#c; } }; A.inc()"], "A.inc()", "2"),
    "disposable": (["var ds = new DisposableStack(); var dn = 0; ds.defer(() => dn = 4); 1"], "ds.dispose(), dn", "4"),
    "long string": (["var s = 'ab'.repeat(100000) + 'c'; s.length"], "s.length + s[200000]", '"200001c"'),
    "bound": (["var b = ((a, c) => a + c).bind(null, 5)"], "b(3)", "8"),
    "holey": (["var a = [1,,3]; a.length = 10; a[1e6] = 4"], "[1 in a, a[1000000]]", "[false,4]"),
    "proxy revoked": (
        ["var {proxy, revoke} = Proxy.revocable({}, {}); revoke(); 1"],
        "try { proxy.x } catch (e) { e.constructor.name }",
        '"TypeError"',
    ),
    "getter": (["var o = { get x() { return this.y * 2 }, y: 4 }; 1"], "o.x", "8"),
    "float16": (["var f = new Float16Array([1.5])"], "f[0]", "1.5"),
    "crypto": (
        ["var d = ccf.crypto.digest('SHA-256', ccf.strToBuf('a')); d.byteLength"],
        "new Uint8Array(d)[0]",
        "202",
    ),
    "small integers in maps and sets": (
        ["var m = new Map([[1, 2]]); var s = new Set([3])"],
        "[m.get(1), s.has(3)]",
        "[2,true]",
    ),
    "boxed primitives": (["var n = [new Number(1), new String('b'), new Boolean(true)]"], "n", '[1,"b",true]'),
    "sparse arrays": (["var a = []; for (let i = 1; i < 200; i++) a[i * 9973] = i; 1"], "a[9973 * 100]", "100"),
    "enumeration orders": (
        ["var o = {b: 1, a: 2, 3: 4, 1: 5}; o.c = 6; delete o.b; o.b = 7; 1"],
        "Object.entries(o).join()",
        '"1,5,3,4,a,2,c,6,b,7"',
    ),
    "sources": (["function  spaced ( a )  { return a }"], "String(spaced)", '"function  spaced ( a )  { return a }"'),
    "names of scripts": (["var thrower = () => new Error('x').stack"], "thrower().includes('turn-1:1')", "true"),
    "settled promises": (["var p = Promise.reject(4); p.catch(() => {}); 1"], "p.catch(value => value + 1)", "5"),
    "hidden prototypes": (["Object.getPrototypeOf([][Symbol.iterator]()).mark = 8"], "[][Symbol.iterator]().mark", "8"),
    "attributes": (["var o = Object.defineProperty({}, 'x', {value: 1}); Object.seal(o); 1"], "o.x = 2, o.x", "1"),
}


@pytest.fixture(params=DURABLE_ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.mark.parametrize("case", [*SURVIVORS, *MORE_SURVIVORS])
def test_state_survives_from_the_log_and_from_a_checkpoint(engine, tmp_path, case):
    before, after, expected = {**SURVIVORS, **MORE_SURVIVORS}[case]
    with Shell(engine, tmp_path / "log") as shell:
        for line in before:
            shell.ask(line)
        shell.kill()
    data = copy(tmp_path / "log", "checkpointed")
    assert checkpoint(engine, data)["made"]
    for directory in (tmp_path / "log", data):
        with Shell(engine, directory) as shell:
            assert shell.ask(after) == expected
    # The second one came from the checkpoint, and can be captured itself.
    again = checkpoint(engine, data)
    assert (again["made"], again["replayed"]) == (True, 1)
    with Shell(engine, data) as shell:
        assert "Restored" in shell.greeting


# The digest by which a capture is compared with what is restored from it, sees these.
SEEN = {
    "variables of closures": "var f = (() => { let n = %s; return () => n; })()",
    "private fields": "class P { #x = %s; get x() { return this.#x; } }; var p = new P",
    "locals of generators": "var g = (function* () { let x = %s; yield 1; yield x; })(); g.next()",
    "sources of functions": "var f = () => %s",
    "properties": "var o = {x: %s}",
    "bound arguments": "var f = (() => 1).bind(null, %s)",
    "hidden prototypes": "Object.getPrototypeOf([][Symbol.iterator]()).mark = %s",
    "entries of weak maps": "var k = {}; var w = new WeakMap([[k, '%s']])",
    "strings in maps": "var m = new Map([['k', '%s']])",
    "numbers in maps": "var m = new Map([['k', %s]])",
    "fractions in maps": "var m = new Map([['k', %s.5]])",
    "big integers in sets": "var s = new Set([1, %sn])",
    "orders of sets": "var s = new Set([1, %s, 7, 8])",
    "dates": "var d = new Date(%s)",
    "boxed numbers": "var n = new Number(%s)",
    "bytes of buffers": "var b = new ArrayBuffer(1000); new Uint8Array(b)[999] = %s; 0",
    "bytes of short arrays": "var b = new Uint8Array([1, %s])",
    "places of views": "var v = new DataView(new ArrayBuffer(9), %s)",
    "whole numbers in arrays": "var a = [1, 2, %s]",
    "fractions in arrays": "var a = [1.5, %s.5]",
    "numbers in arrays with holes": "var a = []; a[3] = %s; a[1e6] = 1; 0",
    "lengths of arrays": "var a = []; a.length = %s",
}


@pytest.mark.parametrize("case", SEEN)
def test_the_digest_of_a_state_sees(tmp_path, case):
    engine = DURABLE_ENGINES[0]
    digests = []
    for name, value in [("one", 7), ("same", 7), ("other", 8)]:
        with Shell(engine, tmp_path / name) as shell:
            shell.ask(SEEN[case] % value)
        digests.append(checkpoint(engine, tmp_path / name)["digest"])
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_an_engine_without_durable_realms_makes_no_checkpoints(tmp_path):
    quickjs = [engine for engine in DURABLE_ENGINES if "quickjs" in engine.name]
    for engine in quickjs:
        with Shell(DURABLE_ENGINES[0], tmp_path / "realm"):
            pass
        answer = run_host("realm", "checkpoint", *options(engine, tmp_path / "realm"))
        assert answer.exit_code != 0
        assert "not supported" in answer.errors

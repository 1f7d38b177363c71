"""What the top level of a module may make: all of it works in a handler, whatever the engine keeps between requests."""

import json

import pytest

from hosts import call

METADATA = {
    "endpoints": {
        "/x": {
            "get": {
                "js_module": "main.js",
                "js_function": "handler",
                "mode": "readonly",
                "forwarding_required": "never",
                "authn_policies": [],
            }
        }
    }
}

# Name: what the top level does, what the handler evaluates, what must come out.
TOP_LEVELS = {
    "typed array": ("const kept = new Uint8Array([1, 2]);", "[...kept]", [1, 2]),
    "empty typed array": ("const kept = new Uint8Array(0);", "kept.length", 0),
    "large typed array": (
        "const kept = new Float64Array(100000).fill(0.5);",
        "[kept.length, kept[99999]]",
        [100000, 0.5],
    ),
    "view of a buffer": ("const kept = new Uint16Array(new Uint8Array([1, 0, 2, 0]).buffer, 2, 1);", "kept[0]", 2),
    "two views of a buffer": (
        "const buffer = new ArrayBuffer(2); const one = new Uint8Array(buffer); const two = new Uint8Array(buffer);",
        "(one[1] = 7, [two[1], one.buffer === two.buffer])",
        [7, True],
    ),
    "data view": ("const kept = new DataView(new Uint8Array([1, 2]).buffer, 1);", "kept.getUint8(0)", 2),
    "array buffer": ("const kept = new Uint8Array([1, 2]).buffer;", "[...new Uint8Array(kept)]", [1, 2]),
    "empty array buffer": ("const kept = new ArrayBuffer(0);", "kept.byteLength", 0),
    "resizable buffer": (
        "const kept = new ArrayBuffer(2, { maxByteLength: 4 });",
        "(kept.resize(3), kept.byteLength)",
        3,
    ),
    "converted text": ("const kept = ccf.strToBuf('text');", "ccf.bufToStr(kept)", "text"),
    "digest": ("const kept = ccf.crypto.digest('SHA-256', ccf.strToBuf(''));", "kept.byteLength", 32),
    "table handle": ("const kept = ccf.kv.table;", "kept.size", 0),
    "functions of ccf": ("const { strToBuf: kept } = ccf;", "kept('ab').byteLength", 2),
    "bound function of ccf": ("const kept = ccf.rpc.setApplyWrites.bind(ccf.rpc);", "typeof kept(true)", "undefined"),
    "weak map": ("const key = {}; const kept = new WeakMap([[key, 1]]);", "kept.get(key)", 1),
    "weak set": ("const key = {}; const kept = new WeakSet([key]);", "kept.has(key)", True),
    "proxy": ("const kept = new Proxy({ a: 1 }, { has: () => true });", "['b' in kept, kept.a]", [True, 1]),
    "revoked proxy": ("const kept = Proxy.revocable({}, {}); kept.revoke();", "typeof kept.proxy", "object"),
    "generator": ("const kept = (function* () { yield 1; yield 2; })(); kept.next();", "kept.next().value", 2),
    "async function": ("const kept = async () => 1;", "kept() instanceof Promise", True),
    "async generator": ("const kept = (async function* () { yield 1; })();", "typeof kept.next", "function"),
    "pending promise": ("const kept = new Promise(() => {});", "kept instanceof Promise", True),
    "promise with reactions": ("let done = 0; Promise.resolve().then(() => { done += 1; });", "done", 1),
    "rejected promise": ("const kept = Promise.reject(new Error('x')); kept.catch(() => {});", "typeof kept", "object"),
    "unhandled rejection": ("const kept = Promise.reject(new Error('x'));", "typeof kept", "object"),
    "awaited value": ("const kept = await new Promise((resolve) => resolve(5));", "kept", 5),
    "error": ("const kept = new RangeError('r');", "[String(kept), typeof kept.stack]", ["RangeError: r", "string"]),
    "caught error": ("let kept; try { null.x; } catch (error) { kept = error; }", "kept instanceof TypeError", True),
    "regular expression": (
        "const kept = /(?<a>x+)/dgu; kept.exec('axx');",
        "[kept.lastIndex, 'yx'.replace(kept, '-')]",
        [3, "y-"],
    ),
    "big integer": ("const kept = 2n ** 200n;", "String(kept % 1000007n)", str(2**200 % 1000007)),
    "date": ("const kept = new Date(86400000);", "kept.toISOString()", "1970-01-02T00:00:00.000Z"),
    "symbols": (
        "const kept = Symbol('a'); const shared = Symbol.for('b');",
        "[kept.description, Symbol.keyFor(shared)]",
        ["a", "b"],
    ),
    "private members": (
        "class A { #a = 1; static #b = 2; #m() { return this.#a; } get x() { return this.#m() + A.#b; } }"
        " const kept = new A();",
        "kept.x",
        3,
    ),
    "class hierarchy": (
        "class A extends Map { get(key) { return super.get(key) ?? 'none'; } } const kept = new A([[1, 'one']]);",
        "[kept.get(1), kept.get(2)]",
        ["one", "none"],
    ),
    "evaluated code": ("const kept = (0, eval)('(a) => a + 1');", "kept(1)", 2),
    "function from text": ("const kept = new Function('a', 'return a * 2');", "kept(4)", 8),
    "template object": (
        "const tag = (strings) => strings; const kept = tag`a${1}b`;",
        "[kept.raw.length, Object.isFrozen(kept)]",
        [2, True],
    ),
    "arguments object": ("const kept = (function () { return arguments; })(1, 2);", "kept.length", 2),
    "module namespace": ("import * as kept from './main.js';", "typeof kept.handler", "function"),
    "import meta": ("const kept = typeof import.meta;", "kept", "object"),
    "text beyond latin": (r"const kept = 'a\u0000ü\ud83d\ude00';", "[...kept].length", 4),
    "long text": ("const kept = 'ab'.repeat(100000);", "[kept.length, kept.lastIndexOf('a')]", [200000, 199998]),
    "many objects": ("const kept = Array.from({ length: 20000 }, (_, a) => ({ a }));", "kept[19999].a", 19999),
    "deep nesting": ("let kept = null; for (let i = 0; i < 5000; i++) kept = { kept };", "typeof kept", "object"),
    "holes and extras": (
        "const kept = [1, , 3]; kept.extra = 4;",
        "[kept.length, 1 in kept, kept.extra]",
        [3, False, 4],
    ),
    "frozen error": ("Object.freeze(Error); Object.freeze(Error.prototype);", "Object.isFrozen(Error)", True),
    "frozen built-ins": (
        "for (const kept of [Object, Array, Function, Promise, Map])"
        " { Object.freeze(kept); Object.freeze(kept.prototype); }",
        "Object.isFrozen(Array.prototype)",
        True,
    ),
    "frozen promises": ("Object.freeze(Promise);", "Object.isFrozen(Promise)", True),
    "frozen mathematics": ("Object.freeze(Math);", "[Object.isFrozen(Math), Math.random() < 1]", [True, True]),
    "frozen iterators": ("Object.freeze(Iterator.prototype);", "[...new Map([[1, 2]]).keys()]", [1]),
    "frozen ccf": (
        "Object.freeze(ccf); Object.freeze(console);",
        "[Object.isFrozen(ccf), typeof ccf.kv.a.get]",
        [True, "function"],
    ),
    "frozen global": ("Object.freeze(globalThis);", "Object.isFrozen(globalThis)", True),
    "closed global": ("Object.preventExtensions(globalThis);", "Object.isExtensible(globalThis)", False),
    "length of stack traces": ("Error.stackTraceLimit = 3;", "Error.stackTraceLimit", 3),
    "no stack traces": ("Error.stackTraceLimit = 0;", "typeof new Error('x')", "object"),
    "own stack traces": ("Error.prepareStackTrace = () => 'own';", "typeof new Error('x')", "object"),
    "error below a function that ran often": (
        "const make = (i) => (i === 299999 ? new Error('kept') : undefined); let kept; "
        "for (let i = 0; i < 300000; i++) kept = make(i);",
        "typeof kept.stack",
        "string",
    ),
    "replaced built-ins": (
        "Array.prototype.map = () => 'own'; JSON.parse = () => 'own';",
        "[[1].map(), JSON.parse('1')]",
        ["own", "own"],
    ),
    "removed built-ins": (
        "delete globalThis.Map; delete Object.entries;",
        "[typeof Map, typeof Object.entries]",
        ["undefined", "undefined"],
    ),
    "removed console": ("delete globalThis.console;", "typeof console", "undefined"),
    "accessor on global": ("Object.defineProperty(globalThis, 'kept', { get: () => 6 });", "kept", 6),
    "variables of evaluated code": (
        "(0, eval)('var kept = 1; function more() { return 2; }');",
        "[kept, more()]",
        [1, 2],
    ),
    "log": ("console.log('from the top level');", "1", 1),
    "garbage": ("for (let i = 0; i < 200000; i++) { [i]; }", "1", 1),
}


@pytest.mark.parametrize("name", TOP_LEVELS)
def test_top_level(engine, tmp_path, name):
    statement, expression, expected = TOP_LEVELS[name]
    (tmp_path / "src").mkdir()
    (tmp_path / "app.json").write_text(json.dumps(METADATA))
    handler = f"export function handler() {{\n  return {{ body: {{ value: {expression} }} }};\n}}\n"
    (tmp_path / "src/main.js").write_text(f"{statement}\n{handler}")
    answer = call(engine, tmp_path, "GET", "/x")
    assert (answer.exit_code, answer.status) == (0, 200), answer
    assert json.loads(answer.body) == {"value": expected}


def test_top_level_sees_the_same_globals_as_a_handler(engine, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "app.json").write_text(json.dumps(METADATA))
    names = "Object.getOwnPropertyNames(globalThis).sort()"
    handler = f"export const handler = () => ({{ body: [atTopLevel, {names}] }});"
    (tmp_path / "src/main.js").write_text(f"const atTopLevel = {names};\n{handler}\n")
    at_top_level, in_handler = json.loads(call(engine, tmp_path, "GET", "/x").body)
    assert "Object" in at_top_level
    assert at_top_level == in_handler


def test_top_level_that_looks_at_the_past_state(engine, tmp_path):
    properties = METADATA["endpoints"]["/x"]["get"]
    metadata = {"endpoints": {"/x": {"get": properties}, "/former": {"get": {**properties, "mode": "historical"}}}}
    (tmp_path / "src").mkdir()
    (tmp_path / "app.json").write_text(json.dumps(metadata))
    source = "const { historicalState } = ccf;\nexport const handler = () => ({ body: typeof historicalState });\n"
    (tmp_path / "src/main.js").write_text(source)
    answer = call(engine, tmp_path, "GET", "/x")
    assert (answer.exit_code, answer.body) == (0, "undefined"), answer

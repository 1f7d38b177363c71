"""Hypothesis strategies that give source text of JavaScript."""

import json
import math

from hypothesis import strategies as st

# Any text but with single surrogates too, which Python allows in a string as JavaScript does.
texts = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.characters(categories=["Cs"]),
        st.sampled_from('\0\n\r"\\<>&%+=/\u2028\u2029\ufeff\ufffd\uffff\x7f\x80\xff😀\U0010ffff'),
    ),
    max_size=12,
)

# Text that has an encoding.
whole_texts = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from('\0\n\r"\\\u2028\ufeff\x80😀')),
    max_size=12,
)


def literal(value: str) -> str:
    """A string literal in ASCII."""
    return json.dumps(value)


def number(value: float) -> str:
    """A number literal, with its sign."""
    words = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    return words.get(repr(value), repr(value))


small_integers = st.integers(-2, 20)
integers = st.one_of(small_integers, st.integers(-(2**53), 2**53), st.sampled_from([2**31, 2**32, 2**32 + 200]))
# QuickJS writes some powers of two with a digit too many, which is a known difference.
floats = st.floats().filter(lambda value: abs(math.frexp(value)[0]) != 0.5)
numbers = st.one_of(integers.map(str), floats.map(number), st.just("-0"))
strings = texts.map(literal)
words = st.sampled_from(["undefined", "null", "true", "false"])
big_integers = st.integers(-(2**70), 2**70).map(lambda value: f"{value}n")
symbols = st.sampled_from(['Symbol("a")', "Symbol.iterator"])

scalars = st.one_of(words, numbers, strings, big_integers, symbols)

# Values that JSON can say.
plain_scalars = st.one_of(st.sampled_from(["null", "true", "false"]), numbers, strings)

_ITEM_SIZES = {
    "Int8Array": 1,
    "Uint8Array": 1,
    "Uint8ClampedArray": 1,
    "Int16Array": 2,
    "Uint32Array": 4,
    "Float64Array": 8,
    "BigInt64Array": 8,
    "DataView": 1,
}
_BUFFER_SIZE = 8


@st.composite
def views(draw) -> str:
    """A view of a part of a buffer. The buffer may change its size afterwards, and the view may claim untruths."""
    kind, item_size = draw(st.sampled_from(list(_ITEM_SIZES.items())))
    items = _BUFFER_SIZE // item_size
    length = draw(st.integers(0, items))
    offset = draw(st.integers(0, items - length)) * item_size
    length_argument = draw(st.sampled_from(["", f", {length}"]))
    resized = draw(st.sampled_from(["", "", "buffer.resize(3); ", "buffer.resize(12); ", "buffer.transfer(); "]))
    limit = ", { maxByteLength: 16 }" if "resize" in resized or draw(st.booleans()) else ""
    claimed = draw(st.sampled_from(["", "", "", "byteLength", "byteOffset", "length", "buffer"]))
    claim = f"Object.defineProperty(view, {literal(claimed)}, {{ value: 2 }}); " if claimed else ""
    return (
        f"(() => {{ const buffer = new ArrayBuffer({_BUFFER_SIZE}{limit}); new Uint8Array(buffer).fill(7, 1); "
        f"const view = new {kind}(buffer, {offset}{length_argument}); {resized}{claim}return view; }})()"
    )


buffers = st.one_of(
    st.lists(st.integers(0, 255), max_size=8).map(lambda items: f"new Uint8Array({items}).buffer"),
    st.sampled_from(["new ArrayBuffer(0)", "new ArrayBuffer(2, { maxByteLength: 4 })"]),
)

# Not among them: globalThis, which has a tag in QuickJS; that is a known difference.
curiosities = st.sampled_from(
    [
        "() => 1",
        "class A {}",
        "function () {}",
        "/a/g",
        "new Date(0)",
        "new Date(NaN)",
        'new Map([["a", 1]])',
        'new Set(["a"])',
        'new Error("e")',
        "new (class A { b = 1; get c() { return 2; } })()",
        "Object.create(null)",
        "Object.create({ a: 1 })",
        "Object.freeze({ a: 1 })",
        'Object.defineProperty({}, "hidden", { value: 1 })',
        "Object(1n)",
        'Object(Symbol("b"))',
        'new String("s\\u0000")',
        "new Number(-0)",
        "new Boolean(false)",
        "[, 1]",
        "Object.assign([1], { a: 2 })",
        "(function () { return arguments; })(1, 2)",
        "[1, 2].values()",
        "Promise.resolve(1)",
        "ccf.kv",
        'ccf.kv["table"]',
        "request.body",
        "Math",
        "(() => { const cycle = {}; cycle.self = cycle; return cycle; })()",
        '({ toString() { return "text"; } })',
        "({ toString() { return {}; } })",
        "({ valueOf() { return 7; } })",
        "({ [Symbol.toPrimitive]() { return 8; } })",
    ]
)

property_names = st.one_of(
    st.sampled_from(["a", "b", "length", "toString", "constructor", "then", "0", "1", "-1", "4294967295"]), texts
)


def _members(values) -> st.SearchStrategy[str]:
    """One member of an object literal."""
    return st.one_of(
        st.tuples(property_names, values).map(lambda pair: f"[{literal(pair[0])}]: {pair[1]}"),
        st.tuples(property_names, values).map(lambda pair: f"get [{literal(pair[0])}]() {{ return {pair[1]}; }}"),
        property_names.map(lambda name: f'get [{literal(name)}]() {{ throw new Error("getter"); }}'),
        values.map(lambda value: f"__proto__: {value}"),
        # QuickJS spreads no strings into objects, which is a known difference.
        values.filter(lambda value: not value.startswith('"')).map(lambda value: f"...{value}"),
        values.map(lambda value: f"toJSON() {{ return {value}; }}"),
        st.just("toJSON(key) { return [key, typeof key]; }"),
    )


def unique_members(members: list[str]) -> str:
    """An object literal of these members; a second `__proto__` would be a syntax error."""
    prototypes = [member for member in members if member.startswith("__proto__")]
    return "({ " + ", ".join(member for member in members if member not in prototypes[1:]) + " })"


_TRAPS = st.sampled_from(
    [
        "",
        'get() { throw new Error("trap"); }',
        "get(target, key) { return typeof key; }",
        "has() { return false; }",
        "ownKeys() { return []; }",
        'ownKeys() { return ["z", "a", "0"]; }, '
        "getOwnPropertyDescriptor() { return { value: 1, enumerable: true, configurable: true }; }",
        'ownKeys() { throw new Error("trap"); }',
        'getOwnPropertyDescriptor() { throw new Error("trap"); }',
    ]
)


def _compounds(values) -> st.SearchStrategy[str]:
    objects = st.lists(_members(values), max_size=3).map(unique_members)
    arrays = st.lists(values, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    proxies = st.tuples(st.one_of(objects, arrays, st.just("() => 1"), st.just("new Uint8Array(2)")), _TRAPS).map(
        lambda pair: f"new Proxy({pair[0]}, {{ {pair[1]} }})"
    )
    return st.one_of(objects, objects, arrays, proxies)


values = st.recursive(st.one_of(scalars, curiosities, views(), buffers), _compounds, max_leaves=5)

json_values = st.recursive(
    plain_scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(property_names, inner, max_size=4).map(
            lambda members: "({ " + ", ".join(f"[{literal(k)}]: {v}" for k, v in members.items()) + " })"
        ),
    ),
    max_leaves=8,
)

# Texts of which most are JSON.
json_texts = st.recursive(
    st.one_of(
        st.sampled_from(
            ["null", "true", "1e400", "-0", "0.1e-7", "01", "1.", "+1", "NaN", "\\u0061", '"\\x"', "'a'", '"\t"']
        ),
        floats.map(number),
        integers.map(str),
        texts.map(literal),
        whole_texts.map(lambda text: json.dumps(text, ensure_ascii=False)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)},]"),
        st.lists(st.tuples(property_names.map(literal), inner), max_size=3).map(
            lambda members: "{" + ", ".join(f"{name}: {value}" for name, value in members) + "}"
        ),
        inner.map(lambda value: '{"__proto__": ' + value + "}"),
        inner.map(lambda value: "\ufeff" + value),
        inner.map(lambda value: " \t\n\r" + value + "\n"),
    ),
    max_leaves=6,
)

"""Generated requests and scripts get the same answers from both libraries."""

import http.client
import io
import itertools
import re
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import javascript as js
from generated import generated
from hosts import ENGINES, REQUEST_SECONDS, TEST_APPS, TRANSACTION_HEADER, Host

# Status of the app when it can't make a function of a script.
NO_SCRIPT = 599
# QuickJS sends them as three bytes, V8 as U+FFFD: `test_response.py` has a test of it.
LONE_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
PASSING_HEADERS = {"date", TRANSACTION_HEADER}

differential = generated(250)


@dataclass(frozen=True)
class Reply:
    """What engines have to agree on."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _Received:
    """What a connection has given until its end, as http.client wants a socket to be."""

    def __init__(self, data: bytes):
        self.stream = io.BytesIO(data)
        self.stream.close = lambda: None

    def makefile(self, _mode: str) -> io.BytesIO:
        return self.stream


def send(host: Host, request: bytes, method: str) -> Reply:
    """Sends the bytes of one request, which no client library has made proper, on a connection of its own."""
    address = urlsplit(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=REQUEST_SECONDS) as connection:
        connection.sendall(request)
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    received = _Received(data)
    response = http.client.HTTPResponse(received, method=method)
    response.begin()
    body = response.read()
    assert received.stream.read() == b"", "the response is longer than it says"
    headers = sorted((name, value) for name, value in response.getheaders() if name not in PASSING_HEADERS)
    return Reply(response.status, tuple(headers), LONE_SURROGATE.sub("\ufffd".encode(), body))


@pytest.fixture(scope="module")
def all_hosts(tmp_path_factory):
    logs = tmp_path_factory.mktemp("differential")
    hosts = {}
    with ExitStack() as at_the_end:
        for engine in ENGINES:
            hosts[engine.name] = Host(engine, TEST_APPS / "differential", logs / f"{engine.name}.log", (), {})
            at_the_end.callback(hosts[engine.name].stop)
        yield hosts


@pytest.fixture(scope="module")
def ask(all_hosts):
    """Sends a request to all engines and gives their one reply."""

    def same(method: str, target: bytes, headers: list[tuple[bytes, bytes]] = (), body: bytes = b"") -> Reply:
        lines = [b"%s %s HTTP/1.1" % (method.encode(), target), b"host: host.test", b"connection: close"]
        lines += [b"%s: %s" % header for header in headers]
        lines += [b"content-length: %d" % len(body), b"", body]
        request = b"\r\n".join(lines)
        replies = {name: send(host, request, method) for name, host in all_hosts.items()}
        expected = replies["jsquickjs"]
        for name, reply in replies.items():
            # With schemathesis loaded hypothesis does not show the values of a failed example.
            assert reply == expected, f"{name} does not answer like jsquickjs to {request.decode('latin-1')}"
        for host in all_hosts.values():
            host.assert_alive()
        return expected

    return same


@pytest.fixture(scope="module")
def run(ask):
    """Runs the body of a function of the request."""

    def run_everywhere(script: str) -> Reply:
        reply = ask("POST", b"/run", body=script.encode("ascii"))
        assert reply.status != NO_SCRIPT, f"the generated script is none: {reply.body!r}"
        return reply

    return run_everywhere


# What a handler returns

header_names = st.one_of(st.sampled_from(["content-type", "Content-Type", "x-a", "X-A", "x-b", "1", "é", ""]), js.texts)
HEADERS = st.lists(
    st.one_of(
        st.tuples(header_names, js.values).map(lambda pair: f"[{js.literal(pair[0])}]: {pair[1]}"),
        st.just('get "x-getter"() { throw new Error("getter"); }'),
        st.just('[Symbol("x")]: 1'),
    ),
    max_size=4,
).map(js.unique_members)
STATUSES = st.one_of(st.integers(195, 605).map(str), js.numbers, js.values)


# The texts of native functions have line breaks in QuickJS.
EVEN_FUNCTION_TEXTS = """
const textOf = Function.prototype.toString;
Function.prototype.toString = function () { return textOf.call(this).replace(/\\s+/g, " "); };
"""


def reply_field(name, values):
    """A member of a result, now and then one that throws."""
    return st.one_of(
        values.map(lambda value: f"{name}: {value}"),
        values.map(lambda value: f"get {name}() {{ return {value}; }}"),
        st.just(f'get {name}() {{ throw new Error("getter"); }}'),
    )


def replies(**fields) -> st.SearchStrategy[str]:
    """Source of a result with some of these fields."""
    members = st.tuples(*(st.one_of(st.just(""), reply_field(name, values)) for name, values in fields.items()))
    return members.map(lambda chosen: "({ " + ", ".join(filter(None, chosen)) + " })")


@differential
@given(result=js.values)
def test_any_value_as_result(run, result):
    run(f"return {result};")


@differential
@given(body=st.one_of(js.strings, js.views(), js.values))
def test_any_value_as_body(run, body):
    run(f"return {{ body: {body} }};")


@differential
@given(body=js.json_values)
def test_json_as_body(run, body):
    run(f"return {{ body: {body} }};")


@differential
@given(result=replies(body=js.strings, headers=st.one_of(HEADERS, js.values), statusCode=STATUSES))
def test_headers_and_status(run, result):
    run(f"{EVEN_FUNCTION_TEXTS} return {result};")


@differential
@given(reason=js.values)
def test_any_value_as_exception(run, reason):
    run(f"throw {reason};")


PROMISES = st.one_of(
    js.values.map(lambda value: f"Promise.resolve({value})"),
    js.values.map(lambda value: f"Promise.reject({value})"),
    js.values.map(lambda value: f"Promise.resolve().then(() => ({value}))"),
    js.values.map(lambda value: f"Promise.resolve().then(() => {{ throw {value}; }})"),
    js.values.map(lambda value: f"({{ then(resolve) {{ resolve({value}); }} }})"),
    js.values.map(lambda value: f"new Promise((resolve, reject) => {{ reject({value}); resolve(1); }})"),
    st.sampled_from(["new Promise(() => {})", "({ get then() { throw 1; } })", "1"]),
)
IMPORTS = st.one_of(
    js.values.map(lambda value: f'import("./" + ({value}))'),
    st.sampled_from(['import("./differential.js")', 'import("/differential.js", { with: { type: "a" } })']),
)
# Steps that take turns, as the order of what they log shows. When an import is done is left to the engine.
TURNS = st.lists(
    st.lists(
        st.one_of(PROMISES.map(lambda promise: f"await {promise};"), st.sampled_from(["await 0;", "await null;"])),
        max_size=3,
    ),
    max_size=3,
)


@differential
@given(promise=st.one_of(PROMISES, IMPORTS))
def test_any_promise_as_result(run, promise):
    run(f"return {promise};")


@differential
@given(turns=TURNS)
def test_order_of_turns(run, turns):
    steps = [
        "(async () => { try { "
        + " ".join(f"{step} order.push([{turn}, {number}]);" for number, step in enumerate(turn_steps))
        + f" }} catch (error) {{ order.push([{turn}, error?.name ?? typeof error]); }} }})();"
        for turn, turn_steps in enumerate(turns)
    ]
    run(f"const order = []; {' '.join(steps)} return {{ get body() {{ return order; }} }};")


# What a handler sees of its request

SEGMENTS = st.one_of(
    st.text("ab%+/?#.~:@!$&'()*;=,\\\"<>[]^`{|}", min_size=1, max_size=8).map(str.encode),
    st.binary(min_size=1, max_size=6),
    js.whole_texts.map(lambda text: quote(text, safe="").encode()),
)
QUERIES = st.lists(
    st.one_of(
        SEGMENTS,
        st.sampled_from(
            [b"&", b"=", b"%", b"%4", b"%zz", b"%00", b"%ff", b"%C3%A4", b"%c3", b"%ed%a0%80", b"+", b"%2B"]
        ),
    ),
    max_size=4,
).map(b"".join)
HEADER_FIELDS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from([b"x-a", b"X-A", b"x-b", b"__proto__", b"constructor", b"1", b"cookie", b"content-type"]),
            st.binary(min_size=1, max_size=4),
        ),
        st.one_of(st.sampled_from([b"", b"a", b" a  b\t", b"\xc3\xa4"]), st.binary(max_size=6)),
    ),
    max_size=4,
)
BODIES = st.one_of(
    st.binary(max_size=24),
    js.whole_texts.map(str.encode),
    js.json_texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@differential
@given(method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "get"]), name=SEGMENTS, query=st.none() | QUERIES)
def test_path_and_query(ask, method, name, query):
    ask(method, b"/echo/" + name + (b"" if query is None else b"?" + query))


@differential
@given(headers=HEADER_FIELDS)
def test_headers_of_the_request(ask, headers):
    ask("GET", b"/echo/a", headers=headers)


@differential
@given(body=BODIES)
def test_body_of_the_request(ask, body):
    assert ask("POST", b"/echo/a", body=body).status == 200


# Functions of the host

BUFFERS = st.one_of(js.buffers, js.whole_texts.map(lambda text: f"new Uint8Array({list(text.encode())}).buffer"))
ARGUMENTS = st.one_of(js.strings, BUFFERS, js.json_values, js.values)
# Their errors have texts of the host.
HOST_FUNCTIONS = [
    "ccf.strToBuf",
    "ccf.bufToStr",
    "ccf.enableUntrustedDateTime",
    "ccf.enableMetricsLogging",
    "ccf.pemToId",
    "ccf.rpc.setApplyWrites",
    "ccf.rpc.setClaimsDigest",
    "ccf.consensus.getLastCommittedTxId",
    "ccf.consensus.getStatusForTxId",
    "ccf.consensus.getViewForSeqno",
    "ccf.historical.getStateRange",
    "ccf.historical.dropCachedStates",
    "ccf.crypto.digest",
    "ccf.crypto.isValidX509CertBundle",
    "ccf.crypto.isValidX509CertChain",
    "ccf.crypto.pubPemToJwk",
    "ccf.crypto.pemToJwk",
    "ccf.crypto.wrapKey",
    "ccf.crypto.unwrapKey",
    "ccf.crypto.sign",
    "ccf.crypto.verifySignature",
    "request.body.text",
    "request.body.arrayBuffer",
    *(f'ccf.kv["differential"].{method}' for method in ["has", "get", "set", "delete", "clear", "forEach"]),
    'ccf.kv["differential"].getVersionOfPreviousWrite',
]
# Their errors have texts of the engine.
ENGINE_FUNCTIONS = [
    "ccf.jsonCompatibleToBuf",
    "ccf.bufToJsonCompatible",
    "ccf.crypto.pubJwkToPem",
    "ccf.crypto.jwkToPem",
    "request.body.json",
    "structuredClone",
    "queueMicrotask",
    "atob",
    "btoa",
    "new URL",
    "new URLSearchParams",
    "new TextEncoder().encode",
    "new TextDecoder().decode",
    "Object.keys",
    "JSON.stringify",
    "JSON.parse",
    "String",
    "Number",
    "Object.entries",
]

# What an action comes to, as JSON can say it.
DESCRIBE = """
function describe(value) {
  if (value instanceof ArrayBuffer) {
    return ["ArrayBuffer", ...new Uint8Array(value)];
  }
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return [typeof value, Object.prototype.toString.call(value), text];
}
function outcome(action, told) {
  try {
    return { value: describe(action()) };
  } catch (error) {
    return { thrown: told.map((property) => error?.[property]) };
  }
}
"""


def call(function: str, arguments: list[str], told: str) -> str:
    """Code that calls a function. An argument that can't be made tells no message: that is the engine's own."""
    return f"""{DESCRIBE}
      let given;
      try {{
        given = [{", ".join(arguments)}];
      }} catch (error) {{
        return {{ body: {{ refused: error?.name }} }};
      }}
      return {{ body: outcome(() => {function}(...given), {told}) }};"""


@differential
@given(function=st.sampled_from(HOST_FUNCTIONS), arguments=st.lists(ARGUMENTS, max_size=3))
def test_any_arguments_of_functions_of_the_host(run, function, arguments):
    assert run(call(function, arguments, '["name", "message"]')).status == 200


@differential
@given(function=st.sampled_from(ENGINE_FUNCTIONS), arguments=st.lists(ARGUMENTS, max_size=3))
def test_any_arguments_of_functions_of_the_engine(run, function, arguments):
    assert run(EVEN_FUNCTION_TEXTS + call(function, arguments, '["name"]')).status == 200


# The store

KEYS = st.sampled_from(['""', '"a"', '"b"', '"\\0"']).map(lambda text: f"ccf.strToBuf({text})")
OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(["has", "get", "delete", "getVersionOfPreviousWrite"]), st.tuples(KEYS)),
    st.tuples(st.just("set"), st.tuples(KEYS, BUFFERS)),
    st.tuples(st.just("clear"), st.just(())),
    st.tuples(st.just("forEach"), st.tuples(st.sampled_from(["collect", "drop", "add", "fail"]))),
)
REQUESTS = st.lists(
    st.tuples(st.lists(OPERATIONS, max_size=6), st.sampled_from([200, 400]), st.sampled_from(["", "true", "false"])),
    min_size=1,
    max_size=3,
)
# What is called for each entry of a map while others may be changed.
WALKS = """
const seen = [];
const collect = (value, key) => { seen.push([...new Uint8Array(key), "=", ...new Uint8Array(value)].join()); };
const drop = (value, key, map) => { map.delete(key); };
const add = (value, key, map) => { map.set(ccf.strToBuf(ccf.bufToStr(key) + "+"), value); };
const fail = () => { throw new Error("stop"); };
"""
tables = itertools.count(1)


@differential
@given(requests=REQUESTS)
def test_store(run, requests):
    table = f"table{next(tables)}"
    for operations, status, applies in requests:
        calls = [f"outcome(() => map.{method}({', '.join(arguments)}), ['name'])" for method, arguments in operations]
        choice = f"ccf.rpc.setApplyWrites({applies});" if applies else ""
        reply = run(
            f"{DESCRIBE}{WALKS} const map = ccf.kv[{js.literal(table)}]; {choice}"
            f"const results = [{', '.join(calls)}];"
            f"return {{ statusCode: {status}, body: [results, seen.sort(), map.size] }};"
        )
        assert reply.status == status


# Known differences, which the generated examples keep clear of


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("2 ** -24", "5.960464477539063e-8"),
        ('JSON.stringify({ ..."ab" })', '{"0":"a","1":"b"}'),
        ("String(Array.isArray)", "function isArray() { [native code] }"),
    ],
    ids=["digits of a power of two", "spread of a string", "text of a native function"],
)
def test_language(serve, expression, text):
    assert serve("differential").post("/run", data=f"return {{ body: String({expression}) }};").text == text

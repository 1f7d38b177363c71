"""The exact names that scripts find around them. What is not listed here is not there."""

import pytest

from hosts import V8

# The names that belong there, by where they come from.
GLOBAL = {
    "ECMAScript": """
        AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean DataView Date
        DisposableStack Error EvalError Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array
        Int8Array Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
        String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
        Uint8ClampedArray WeakMap WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval
        globalThis isFinite isNaN parseFloat parseInt undefined unescape
    """,
    "the web": "TextDecoder TextEncoder URL URLSearchParams atob btoa queueMicrotask structuredClone",
    "the contract": "ccf console snp_attestation",
}
CCF = {
    "converters": "bufToJsonCompatible bufToStr jsonCompatibleToBuf pemToId strToBuf",
    "switches": "enableMetricsLogging enableUntrustedDateTime",
    "parts": "consensus crypto historical kv rpc",
    "aliases of crypto": """
        digest generateAesKey generateEcdsaKeyPair generateRsaKeyPair isValidX509CertBundle isValidX509CertChain wrapKey
    """,
}
PARTS = {
    "ccf.rpc": "setApplyWrites setClaimsDigest",
    "ccf.consensus": "getLastCommittedTxId getStatusForTxId getViewForSeqno",
    "ccf.historical": "dropCachedStates getStateRange",
    "ccf.crypto": """
        digest eddsaJwkToPem eddsaPemToJwk generateAesKey generateEcdsaKeyPair generateEddsaKeyPair generateRsaKeyPair
        isValidX509CertBundle isValidX509CertChain jwkToPem pemToJwk pubEddsaJwkToPem pubEddsaPemToJwk pubJwkToPem
        pubPemToJwk pubRsaJwkToPem pubRsaPemToJwk rsaJwkToPem rsaPemToJwk sign unwrapKey verifySignature wrapKey
    """,
    "console": "error info log warn",
    "snp_attestation": "verifySnpAttestation",
}


@pytest.fixture
def value(serve):
    """Evaluates an expression, which must not throw."""

    def run(expression, **options):
        return serve("evaluate", **options).post("/evaluate", data=expression).json()["value"]

    return run


@pytest.fixture
def names(value):
    """The own names of an object, sorted."""

    def run(of, **options):
        return value(f"Object.getOwnPropertyNames({of}).sort()", **options)

    return run


@pytest.fixture
def machine_code(engine) -> list[str]:
    return ["WebAssembly"] if engine.library == V8 and "jit=off" not in engine.options else []


def test_names_of_the_global_object(names, machine_code):
    # The class of errors that engines raise themselves has a test of its own.
    found = [name for name in names("globalThis") if name != "InternalError"]
    assert found == sorted([*" ".join(GLOBAL.values()).split(), *machine_code])


def test_internal_error_is_no_class(value):
    assert value("typeof InternalError") == "undefined"


def test_names_of_ccf(names):
    assert names("ccf") == sorted(" ".join(CCF.values()).split())


@pytest.mark.parametrize("part", PARTS)
def test_names_of_a_part(names, part):
    assert names(part) == sorted(PARTS[part].split())


def test_names_of_the_host(names):
    assert names("ccf.host", subprocesses="on") == ["triggerSubprocess"]


@pytest.mark.parametrize("part", ["globalThis", "ccf", *PARTS])
def test_no_symbols(value, part):
    assert value(f"Object.getOwnPropertySymbols({part}).length") == 0


@pytest.mark.parametrize("part", ["ccf", *PARTS])
def test_part_has_no_hidden_parent(value, part):
    parents = "((object) => { let names = []; while ((object = Object.getPrototypeOf(object)) !== Object.prototype)"
    assert value(f"{parents} names.push(...Reflect.ownKeys(object)); return names; }})({part})") == []


@pytest.mark.parametrize("name", ["ccf", "console"])
def test_part_can_be_replaced(value, name):
    descriptor = value(f"Object.getOwnPropertyDescriptor(globalThis, '{name}')")
    assert (descriptor["writable"], descriptor["configurable"]) == (True, True)


@pytest.mark.parametrize("part", ["ccf", *PARTS])
def test_functions_have_their_names(value, part):
    functions = f"Object.entries(Object.getOwnPropertyDescriptors({part}))"
    assert (
        value(f"{functions}.filter(([name, {{ value }}]) => typeof value === 'function' && value.name !== name)") == []
    )


def test_functions_need_no_receiver(value):
    used = """
        const { setApplyWrites } = ccf.rpc;
        const { getViewForSeqno } = ccf.consensus;
        const { dropCachedStates } = ccf.historical;
        const { digest } = ccf.crypto;
        const { log } = console;
        [
          typeof setApplyWrites.call(null, true),
          typeof getViewForSeqno(1000000),
          typeof dropCachedStates.call(1, 1000000),
          digest.call("no object", "SHA-256", new ArrayBuffer(1)).byteLength,
          typeof log("detached"),
        ]
    """
    assert value(used) == ["undefined", "object", "boolean", 32, "undefined"]


# WebAssembly, where it is there

# A module with one function, `add`, of two 32-bit integers.
ADDING = "0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11"
# A module with one function, `run`, that never ends.
ENDLESS = "0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,7,1,3,114,117,110,0,0,10,9,1,7,0,3,64,12,0,11,11"


def exports(module: str) -> str:
    return f"new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([{module}]))).exports"


def test_web_assembly_runs(value, machine_code):
    if machine_code:
        assert value(f"{exports(ADDING)}.add(2, 40)") == 42
    else:
        assert value("typeof WebAssembly") == "undefined"


# Calls that wait for promises would have stacks of their own, which no limit counts.
def test_names_of_web_assembly(names, machine_code):
    if not machine_code:
        pytest.skip("there is none")
    expected = "Exception Global Instance JSTag Memory Module Table Tag CompileError LinkError RuntimeError"
    assert names("WebAssembly") == sorted([*expected.split(), "compile", "instantiate", "validate"])


def test_web_assembly_has_the_limit_of_time(serve_impatient, machine_code):
    app = serve_impatient("evaluate")
    response = app.post("/evaluate", data=f"{exports(ENDLESS)}.run()")
    if machine_code:
        assert response.json()["error"]["message"] == "Operation took too long to complete."
    else:
        assert "WebAssembly" in response.json()["thrown"]
    assert app.post("/evaluate", data="1").json() == {"value": 1}


# The heap has 100 MiB by default. Thousands of pages have place in it one after the other, not at once.
def test_memories_of_web_assembly_count_as_long_as_they_are_there(serve, machine_code):
    if not machine_code:
        pytest.skip("there is none")
    app = serve("evaluate")
    of_one_page = "new WebAssembly.Memory({ initial: 1, maximum: 20 })"
    of_ten_pages = "(() => { const memory = new WebAssembly.Memory({ initial: 1 }); memory.grow(9); return memory; })()"
    for memory, length in (of_one_page, 1), (of_ten_pages, 10):
        script = f"Array.from({{ length: 3000 }}, () => {memory}.buffer.byteLength).at(-1)"
        for _ in range(3):
            assert app.post("/evaluate", data=script).json() == {"value": length << 16}
        kept = app.post("/evaluate", data=f"Array.from({{ length: 1500 }}, () => {memory}).length")
        assert ("thrown" in kept.json()) == (length > 1), kept.text


def number(value: int, signed: bool) -> bytes:
    """LEB128, as modules have numbers."""
    result = bytearray()
    while value >= (0x40 if signed else 0x80):
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*result, value])


def section(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + number(len(content), signed=False) + content


def repeated(operation: bytes, times: int) -> str:
    """A module with 600 pages of memory and a million places in a table; its function does the same again and again."""
    body = b"\0" + operation * times + b"\x0b"
    module = (
        b"\0asm\1\0\0\0"
        + section(1, b"\1\x60\0\0")
        + section(3, b"\1\0")
        + section(4, b"\1\x70\0" + number(1_000_000, signed=False))
        + section(5, b"\1\0" + number(600, signed=False))
        + section(7, b"\1\3run\0\0")
        + section(10, b"\1" + number(len(body), signed=False) + body)
    )
    return ",".join(map(str, module))


BYTES = b"\x41" + number(39_000_000, signed=True)
PLACES = b"\x41" + number(999_999, signed=True)
BULK_OPERATIONS = {
    "fill-memory": b"\x41\0\x41\1" + BYTES + b"\xfc\x0b\0",
    "copy-memory": b"\x41\0\x41\1" + BYTES + b"\xfc\x0a\0\0",
    "fill-table": b"\x41\0\xd0\x70" + PLACES + b"\xfc\x11\0",
    "copy-table": b"\x41\0\x41\1" + PLACES + b"\xfc\x0e\0\0",
}


@pytest.mark.parametrize("operation", BULK_OPERATIONS)
def test_bulk_operations_of_web_assembly_have_the_limit_of_time(serve_impatient, machine_code, operation):
    if not machine_code:
        pytest.skip("there is none")
    app = serve_impatient("evaluate")
    script = f"{exports(repeated(BULK_OPERATIONS[operation], 10_000))}.run()"
    response = app.post("/evaluate", data=script)
    assert response.json()["error"]["message"] == "Operation took too long to complete."
    # One after the other they take minutes.
    assert response.elapsed.total_seconds() < 20
    assert app.post("/evaluate", data="1").json() == {"value": 1}

"""What scripts find around them: converters, clock, random numbers, log."""

import hashlib
import re
import time

import pytest

from certificates import new_certificate

NOT_A_BUFFER = "TypeError: Argument must be an ArrayBuffer"


@pytest.fixture
def app(serve):
    return serve("globals")


@pytest.fixture
def case(app):
    def run(name, **keywords):
        response = app.post(f"/case/{name}", **keywords)
        assert response.status_code == 200, response.text
        return response.json() if response.headers["content-type"] == "application/json" else response.text

    return run


# Converters


def test_text_to_bytes(case):
    assert case("strToBufBytes") == [list("aü€😀\0z".encode()), [], True]


def test_bytes_to_text(case):
    assert case("bufToStrText") == ["aü\0z", ""]


def test_invalid_utf8_does_not_throw(case):
    assert case("bufToStrOfInvalidUtf8") == "string"


def test_round_trip_of_text(case):
    assert case("roundTripOfText") is True


def test_json_to_bytes(case):
    assert case("jsonToBuf") == '{"a":[1,null,"ü"],"c":"1970-01-01T00:00:00.000Z"}'


def test_bytes_to_json(case):
    assert case("bufToJson") == {"a": [1, None, "ü"]}


def test_converters_can_be_detached(case):
    assert case("detachedConverters") == ["text", {"a": 1}]


def test_errors_of_text_to_bytes(case):
    assert case("strToBufErrors") == [
        "TypeError: Passed 0 arguments, but expected 1",
        "TypeError: Passed 2 arguments, but expected 1",
        "TypeError: Argument must be a string",
    ]


def test_text_to_bytes_takes_strings_only(case):
    assert case("strToBufTypes") == ["TypeError: Argument must be a string"]


def test_errors_of_bytes_to_text(case):
    assert case("bufToStrErrors") == [
        "TypeError: Passed 0 arguments, but expected 1",
        "TypeError: Passed 2 arguments, but expected 1",
    ]


def test_bytes_to_text_takes_array_buffers_only(case):
    assert case("bufToStrTypes") == [NOT_A_BUFFER]


def test_errors_of_json(case):
    assert case("jsonErrors") == {
        "undefinedValue": "TypeError: Argument must be a string",
        "cycleError": True,
        "parseError": True,
        "viewRefused": NOT_A_BUFFER,
        "counts": ["TypeError: Passed 0 arguments, but expected 1"] * 2,
    }


def test_id_of_a_certificate(case):
    certificate = new_certificate("user")
    assert case("pemToId", data=certificate.pem) == hashlib.sha256(certificate.der).hexdigest()


def test_id_of_no_certificate(case):
    assert case("pemToIdOfNonsense").startswith("InternalError: Failed to parse PEM: ")


@pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 100], ids=["empty", "abc", "long"])
def test_digest(case, data):
    assert case("digest", data=data) == [list(hashlib.sha256(data).digest())] * 2


def test_digest_knows_one_algorithm(case):
    assert case("digestOfUnknownAlgorithm").endswith("unsupported digest algorithm, supported: SHA-256")


def test_claims_digest_is_32_bytes_in_an_array_buffer(case):
    size = "TypeError: Argument must be an ArrayBuffer of the right size: 32"
    assert case("claimsDigestErrors") == [NOT_A_BUFFER, NOT_A_BUFFER, size, "nothing thrown"]


def test_apply_writes_takes_one_argument(case):
    assert case("applyWritesErrors") == [
        "TypeError: Passed 0 arguments but expected 1",
        "TypeError: Passed 2 arguments but expected 1",
    ]


# Globals


@pytest.mark.parametrize(
    "name",
    ["SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry", "Intl", "Temporal", "fetch", "setTimeout"],
)
def test_absent_global(case, name):
    assert case("presence", json=[name]) == {name: "undefined"}


@pytest.mark.parametrize(
    "name",
    [
        "queueMicrotask",
        "Promise",
        "Proxy",
        "WeakMap",
        "BigInt",
        "eval",
        "Function",
    ],
)
def test_present_function(case, name):
    assert case("presence", json=[name]) == {name: "function"}


def test_web_assembly_needs_machine_code(case, engine):
    with_machine_code = engine.library.name == "libjsv8.so" and "jit=off" not in engine.options
    expected = "object" if with_machine_code else "undefined"
    assert case("presence", json=["WebAssembly"]) == {"WebAssembly": expected}


def test_missing_globals_are_undefined(case):
    assert case("readingMissingGlobals") == [True, True]


def test_queue_microtask(case):
    assert case("microtasks") == ["handler", "queued"]


def test_code_can_be_evaluated(case):
    assert case("evaluatedCode") == [2, 42]


# Clock


def test_clock_is_real(case):
    before = time.time_ns() // 1_000_000
    readings = case("now")
    after = time.time_ns() // 1_000_000 + 1
    assert [reading for reading in readings if not before <= reading <= after] == []


def test_gated_clock_leaves_given_dates(serve):
    app = serve("globals", untrusted_time="gated")
    assert app.post("/case/givenDates").json() == [5, "2020-02-29T00:00:00.000Z", 951782400000]


def test_switch_of_the_clock_gives_its_former_state(case):
    assert case("untrustedDateTime")[1:] == [True, False]


def test_switches_take_booleans(case):
    assert case("switchErrors") == ["TypeError: First argument must be a boolean"]


# Random numbers


def test_random_numbers_never_repeat(case, call_app):
    numbers = [number for _ in range(10) for number in case("randomNumbers")]
    for _ in range(2):
        answer = call_app("globals", "GET", "/case/randomNumbers")
        numbers += [float(text) for text in re.findall(r"[^\[\],\s]+", answer.body)]
    assert len(numbers) == 12 * 200
    assert len(set(numbers)) == len(numbers)
    assert 0 <= min(numbers) < 0.1
    assert 0.9 < max(numbers) < 1


# Log


def logged(app, name, mark):
    lines = app.log_lines_of(lambda: app.post(f"/case/{name}?{mark}").raise_for_status())
    return [line for line in lines if mark in line]


def test_members_of_console(case):
    assert case("consoleMembers") == ["function"] * 4


def test_console_levels(app, table):
    lines = logged(app, "consoleLevels", table)
    assert [line.partition(table)[2] for line in lines] == [" from log", " from info", " from warn", " from error"]
    levels = [line.partition(table)[0].lower() for line in lines]
    assert ["info" in levels[0], "info" in levels[1], "fail" in levels[2], "fatal" in levels[3]] == [True] * 4


def test_console_joins_its_arguments(app, table):
    lines = logged(app, "consoleArguments", table)
    assert [line.partition(table)[2] for line in lines] == [
        ' 1 true null undefined 12 text {"a":[1,"b"]} [1,2] Error: boom'
    ]


def test_console_without_arguments(case):
    assert case("consoleWithoutArguments") is True


def test_console_refuses_cycles(case):
    assert case("consoleOfCycle") is True


def test_console_beyond_latin(app, table):
    assert [line.partition(table)[2] for line in logged(app, "consoleBeyondLatin", table)] == [" ü 😀"]


def test_console_functions_can_be_detached(app, table):
    assert [line.partition(table)[2] for line in logged(app, "consoleDetached", table)] == [" detached"]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\0"], ids=repr)
def test_log_line_can_not_be_forged(app, table, end):
    forged = "[fatal] forged"
    response = app.post(f"/case/consoleOf?{table}", data=f"{table}{end}{forged}")
    assert response.status_code == 200
    assert [line for line in app.log().splitlines() if line.startswith(forged)] == []
    assert [line for line in app.log().splitlines() if table in line and "forged" in line] != []


METRICS = re.compile(
    r"\[js\] JS execution complete: Method=(\w+), Path=(\S+), Status=(\d+), ExecMilliseconds=(\d+)$", re.MULTILINE
)


def metrics_of(app, action):
    return [match.groups()[:3] for match in METRICS.finditer("\n".join(app.log_lines_of(action)))]


def test_one_line_per_request_in_the_log(app):
    assert metrics_of(app, lambda: app.get("/status/201")) == [("GET", "/app/status/{status}", "201")]


def test_line_per_request_for_a_status_of_failure(app):
    assert metrics_of(app, lambda: app.get("/app/status/404")) == [("GET", "/app/status/{status}", "404")]


@pytest.mark.parametrize("path", ["/fail", "/fail_to_answer"])
def test_no_line_for_a_request_without_result(app, path):
    assert metrics_of(app, lambda: app.get(path)) == []


def test_line_per_request_can_be_switched_off(app):
    assert metrics_of(app, lambda: app.get("/quiet")) == []
    assert app.get("/quiet").json() == [True, False]


def test_line_per_request_is_back_for_the_next_request(app):
    app.get("/quiet")
    assert len(metrics_of(app, lambda: app.get("/status/200"))) == 1


def test_exceptions_are_logged_on_demand_only(app, serve):
    assert "on purpose" not in "\n".join(app.log_lines_of(lambda: app.get("/fail")))
    talkative = serve("globals", log_exception_details="true")
    assert "on purpose" in "\n".join(talkative.log_lines_of(lambda: talkative.get("/fail")))

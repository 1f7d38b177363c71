"""What goes wrong in a request, from an unknown path to an endless loop: a clear answer, and a host that lives on."""

import json
import re
from pathlib import Path

import pytest

from hosts import DEFAULT_OPTIONS, TEST_APPS, V8, arguments, run_host

SMALL_HEAP = 32 << 20
MEMORY_CASES = (TEST_APPS / "errors/src/memory.js").read_text()
THROWN = "Exception thrown while executing."
TIMED_OUT = "Operation took too long to complete."


# Requests that match nothing


@pytest.fixture
def app(serve):
    return serve("errors")


@pytest.mark.parametrize("prefix", ["", "/app"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_path(app, prefix, method):
    response = app.request(method, f"{prefix}/no/such%20path?query")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"error": {"code": "ResourceNotFound", "message": "Unknown path: /no/such%20path."}}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_root_is_unknown(app, method):
    response = app.request(method, "/")
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Unknown path: /."


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_the_prefix_is_taken_off_once(app, method):
    response = app.request(method, "/app/app/fine")
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Unknown path: /app/fine."


@pytest.mark.parametrize("prefix", ["", "/app"])
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_method_that_the_path_lacks(app, prefix, method):
    response = app.request(method, f"{prefix}/fine")
    assert response.status_code == 405
    error = response.json()["error"]
    assert error["code"] == "UnsupportedHttpVerb"
    start = "Allowed methods for '/fine' are: OPTIONS, "
    assert error["message"].startswith(start)
    assert set(error["message"].removeprefix(start).rstrip(".").split(", ")) == {"GET", "POST"}
    assert response.headers["allow"].startswith("OPTIONS, ")
    assert set(response.headers["allow"].split(", ")) == {"OPTIONS", "GET", "POST"}


def test_options_of_a_known_path(app):
    response = app.request("OPTIONS", "/case/anything")
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["allow"] == "OPTIONS, GET"


def test_options_of_an_unknown_path(app):
    assert app.request("OPTIONS", "/no/such").status_code == 404


def test_head_of_an_unknown_path(app):
    response = app.request("HEAD", "/no/such")
    assert response.status_code == 404
    assert response.content == b""


def test_head_of_a_path_with_get(app):
    response = app.request("HEAD", "/fine")
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["content-type"] == "text/plain"


def test_head_of_a_path_without_get(app):
    assert app.request("HEAD", "/json").status_code == 405


# Exceptions


def assert_error(response, message):
    assert response.status_code == 500, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"error": {"code": "InternalError", "message": message}}


def assert_works(app):
    response = app.get("/fine")
    assert (response.status_code, response.text) == (200, "fine")


@pytest.fixture
def talkative(serve):
    return serve("errors", return_exception_details="true")


def detail(app, name):
    response = app.get(f"/case/{name}")
    assert response.status_code == 500
    error = response.json()["error"]
    assert error["code"] == "InternalError"
    assert len(error["details"]) == 1
    assert error["details"][0]["code"] == "JSException"
    return error["details"][0]


def test_body_that_is_no_json(app):
    assert_error(app.post("/json", data="{"), THROWN)
    assert app.post("/json", data="[1]").json() == [1]


@pytest.mark.parametrize(
    "name",
    [
        "error",
        "typeError",
        "ownError",
        "engineError",
        "string",
        "number",
        "nullValue",
        "undefinedValue",
        "symbol",
        "bigInt",
        "object",
        "cycle",
        "hostileError",
        "errorWithHostileText",
        "errorWithOddStack",
        "rejection",
    ],
)
def test_exception_is_not_shown(app, name):
    assert_error(app.get(f"/case/{name}"), THROWN)
    assert_works(app)


def test_handler_that_returns_nothing(app):
    assert_error(app.get("/case/nothing"), "Invalid endpoint function return value (not an object).")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("error", "Error: boom"),
        ("typeError", "TypeError: wrong type"),
        ("ownError", "OwnError: own"),
        ("rejection", "RangeError: rejected"),
        ("string", "a text"),
        ("number", "12.5"),
        ("nullValue", "null"),
        ("undefinedValue", "undefined"),
        ("bigInt", "12"),
        ("object", '{"code":1,"text":"ü"}'),
        ("array", "[1,2]"),
        ("errorWithNul", "Error: a\0b"),
        ("errorOfManyLines", "Error: first line\nsecond line\n    at nowhere (nothing.js:1:1)"),
    ],
    ids=lambda value: value if value.isalpha() else "",
)
def test_message_of_an_exception_on_demand(talkative, name, message):
    assert detail(talkative, name)["message"] == message


@pytest.mark.parametrize("name", ["cycle", "hostileError", "errorWithHostileText", "errorWithOddStack", "symbol"])
def test_value_that_resists_being_shown(talkative, name):
    response = talkative.get(f"/case/{name}")
    assert response.status_code == 500
    assert response.json()["error"]["message"] == THROWN
    assert_works(talkative)


FRAME = re.compile(r"^ +at .*\((?:[\w/.]+\.js(?::\d+){1,2}|native)\)$|^ +at (?:[\w/.]+\.js(?::\d+){1,2}|.*\(native\))$")


@pytest.mark.parametrize("name", ["error", "nestedError", "rejection", "errorOfManyLines"])
def test_trace_holds_frames_only(talkative, name):
    lines = detail(talkative, name)["trace"].rstrip("\n").split("\n")
    assert lines != [""]
    assert [line for line in lines if not FRAME.match(line)] == []


def test_trace_names_function_file_line_and_column(talkative):
    lines = (TEST_APPS / "errors/src/thrown.js").read_text().splitlines()
    line_of = {name: lines.index(text) + 1 for name, text in {"inner": '    throw new Error("nested");'}.items()}
    trace = detail(talkative, "nestedError")["trace"]
    first, second, third = trace.splitlines()[:3]
    assert re.fullmatch(rf"    at inner \(thrown\.js:{line_of['inner']}:\d+\)", first), trace
    assert second.startswith("    at outer (thrown.js:")
    # An engine may name the object that the function was called on, too.
    assert re.match(r"    at (?:\w+\.)?nestedError \(thrown\.js:", third), trace


@pytest.mark.parametrize("name", ["string", "number", "nullValue", "object"])
def test_values_that_are_no_errors_have_no_trace(talkative, name):
    assert "trace" not in detail(talkative, name)


@pytest.mark.parametrize(("name", "message"), [("getterOfResult", "in getter"), ("toJsonOfResult", "in toJSON")])
def test_details_of_an_exception_in_the_result(talkative, name, message):
    assert detail(talkative, name)["message"] == f"Error: {message}"


def test_no_details_without_exception(talkative):
    response = talkative.get("/case/nothing")
    assert response.json()["error"].get("details", []) == []


# Time


ENDLESS = sorted(
    set(
        re.findall(
            r"^export (?:async )?(?:function|const) (\w+)", Path(TEST_APPS / "errors/src/endless.js").read_text(), re.M
        )
    )
    - {"loopInThrownValue", "loopInThrownError"}
)


@pytest.fixture
def impatient(serve_impatient):
    return serve_impatient("errors")


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_loop(impatient, name):
    assert_error(impatient.get(f"/case/{name}"), TIMED_OUT)
    assert_works(impatient)


def test_endless_loop_without_memory(serve, engine):
    """The script ends though there is no memory for the exception that ends it; on V8 memory is what ends it."""
    app = serve("errors", max_heap_bytes=SMALL_HEAP, max_execution_time_ms=2000)
    assert_error(app.get("/case/loopWithoutMemory"), THROWN if engine.library == V8 else TIMED_OUT)
    assert_works(app)


@pytest.mark.parametrize("name", ["loopInThrownValue", "loopInThrownError"])
def test_endless_loop_in_a_thrown_value(impatient, name):
    response = impatient.get(f"/case/{name}")
    assert response.status_code == 500
    assert response.json()["error"]["message"] in (THROWN, TIMED_OUT)
    assert_works(impatient)


@pytest.mark.parametrize("name", ["loopInThrownValue", "loopInThrownError"])
def test_endless_loop_in_a_thrown_value_that_is_shown(serve_impatient, name):
    app = serve_impatient("errors", return_exception_details="true", log_exception_details="true")
    response = app.get(f"/case/{name}")
    assert response.status_code == 500
    assert response.json()["error"]["message"] in (THROWN, TIMED_OUT)
    assert_works(app)


IN_LINEAR_TIME = [
    "nestedRepeats",
    "nestedRepeatsAnywhere",
    "overlappingChoices",
    "nestedRepeatsInReplace",
    "nestedRepeatsInSplit",
    "nestedRepeatsInMatchAll",
]


def assert_matches(app):
    response = app.get("/case/goodExpression")
    assert (response.status_code, response.text) == (200, "29.02.2020")


@pytest.mark.parametrize("name", IN_LINEAR_TIME)
def test_expression_with_an_answer_in_linear_time(impatient, engine, name):
    response = impatient.get(f"/case/{name}")
    if engine.library == V8:
        assert (response.status_code, response.json()) == (200, False)
    else:
        assert_error(response, TIMED_OUT)
    assert_matches(impatient)


@pytest.mark.parametrize("name", ["backReference", "lookAhead", "countedRepeats", "withoutCase", "ofUnicode"])
def test_endless_regular_expression(impatient, name):
    assert_error(impatient.get(f"/case/{name}"), TIMED_OUT)
    assert_matches(impatient)


def test_details_of_the_time_limit(serve_impatient):
    app = serve_impatient("errors", return_exception_details="true")
    error = app.get("/case/loop").json()["error"]
    assert error["message"] == TIMED_OUT
    assert error["details"][0]["message"] == "InternalError: interrupted"


def test_default_time_limit_is_longer_than_a_short_loop(app):
    assert app.get("/case/garbage").json() == 200 << 20


# Limits that nothing can run in


@pytest.mark.parametrize(
    ("name", "value", "message", "exception"),
    [
        ("max_execution_time_ms", 0, TIMED_OUT, "interrupted"),
        ("max_stack_bytes", 100, THROWN, "stack overflow"),
        ("max_heap_bytes", 100, THROWN, "out of memory"),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)
def test_limit_too_low_for_anything(call_app, name, value, message, exception):
    # The limit holds for the install as well, which may be the first to meet it.
    answer = call_app("errors", "GET", "/fine", **{name: value})
    assert answer.exit_code > 0
    if answer.status == 500:
        assert json.loads(answer.body)["error"]["message"] == message
    else:
        assert exception in answer.errors


# Stack


@pytest.mark.parametrize("name", ["recursionWithoutEnd", "recursionInProxy", "recursionInToString"])
def test_recursion_without_end(app, name):
    assert_error(app.get(f"/case/{name}"), THROWN)
    assert_works(app)


JSON_OF_BODY = "Invalid endpoint function return value (error during JSON conversion of body)."


def test_deep_nesting_does_no_harm_in_json(app):
    assert_error(app.get("/case/recursionInJson"), JSON_OF_BODY)
    assert_works(app)


def test_deep_nesting_does_no_harm_in_a_parser_of_json(app, engine):
    """V8 parses without recursion; what it has parsed can't be made text again."""
    assert_error(app.get("/case/recursionInParse"), JSON_OF_BODY if engine.library == V8 else THROWN)
    assert_works(app)


@pytest.mark.parametrize("name", ["recursionInEval", "recursionInRegularExpression"])
def test_deep_nesting_does_no_harm(app, name):
    assert_error(app.get(f"/case/{name}"), THROWN)
    assert_works(app)


# Within which docs/reliability.md says that the stack's limit is noticed.
STACK_MARGIN = 128 << 10


@pytest.mark.parametrize("name", re.findall(r"^export const (recursion\w+)", MEMORY_CASES, re.MULTILINE))
def test_stack_is_used_no_further_than_its_margin(app, name):
    app.get(f"/case/{name}")
    limit = DEFAULT_OPTIONS["max_stack_bytes"]
    assert limit // 2 < app.deepest_stack() < limit + STACK_MARGIN


def test_recursion_in_a_getter_of_the_result(app):
    assert_error(app.get("/case/recursionInGetter"), "Invalid endpoint function return value (error reading body).")
    assert_works(app)


def test_recursion_in_json_of_the_result(app):
    assert_error(app.get("/case/recursionInToJson"), JSON_OF_BODY)
    assert_works(app)


def test_stack_overflow_can_be_caught(app):
    assert app.get("/case/recursionCaught").text == "caught"


def test_details_of_the_stack_limit(talkative):
    assert detail(talkative, "recursionWithoutEnd")["message"] == "InternalError: stack overflow"


def test_stack_limit_is_found_by_doubling(serve):
    app = serve("errors", max_stack_bytes=512 << 10)
    depth = 1
    while (response := app.get(f"/recursion/{depth}")).status_code == 200:
        assert response.json() == depth
        depth *= 2
        assert depth < 1 << 22, "no depth reaches the limit"
    assert depth > 64
    assert_error(response, THROWN)
    assert app.get("/recursion/1").json() == 1


# Heap


@pytest.fixture
def small(serve):
    return serve("errors", max_heap_bytes=SMALL_HEAP)


@pytest.fixture
def small_and_talkative(serve):
    return serve("errors", max_heap_bytes=SMALL_HEAP, return_exception_details="true")


@pytest.mark.parametrize(
    "name",
    [
        "growingArray",
        "growingString",
        "growingMap",
        "growingBuffers",
        "growingSmallBuffers",
        "growingInCatch",
        "growingClosures",
        "growingPromises",
        "growingResizableBuffer",
        "hugeBuffer",
        "hugeArray",
    ],
)
def test_heap_limit(small_and_talkative, name):
    """It is the heap that ends each of these, and no limit of the engine's own."""
    error = small_and_talkative.get(f"/case/{name}").json()["error"]
    details = [detail["message"] for detail in error["details"]]
    assert (error["message"], details) == (THROWN, ["InternalError: out of memory"])
    assert_works(small_and_talkative)


# Within which docs/reliability.md says that scripts which keep what they make are ended.
V8_HEAP_MARGIN = 64 << 20
QUICKJS_HEAP_MARGIN = 16 << 20


@pytest.mark.parametrize("name", re.findall(r"^export const (growing\w+)", MEMORY_CASES, re.MULTILINE))
def test_heap_grows_no_further_than_its_margin(serve_alone, engine, name):
    if "realm" in engine.name:
        pytest.skip("limits are the same on each rung")
    # Nobody else's host: what earlier requests gave back may still be the process's, and hide what this one takes.
    app = serve_alone("errors", max_heap_bytes=SMALL_HEAP)
    assert_works(app)
    before = app.forget_peak()
    assert app.get(f"/case/{name}").status_code == 500
    margin = V8_HEAP_MARGIN if engine.library == V8 else QUICKJS_HEAP_MARGIN
    assert app.peak_memory() - before < SMALL_HEAP + margin


def retired_isolates(engine, app, *requests, **options):
    """How many isolates were replaced after these requests, the last of which has to be answered."""
    if engine.library != V8:
        pytest.skip("on QuickJS each request has an interpreter of its own, which goes with it")
    words = [word for request in requests for word in ("--request", request)]
    answer = run_host("report", *arguments(engine, TEST_APPS / app, options), *words, "--count", "1")
    failed = re.findall(r"--request (.*): the answer has status 500", answer.errors)
    assert failed == list(requests[:-1]), answer.errors
    return json.loads(answer.output)["registry"]["realms"]["retired_isolates"]


@pytest.mark.parametrize("name", ["growingArray", "growingInCatch", "growingClosures"])
def test_isolate_is_replaced_after_the_heap_limit(engine, name):
    ended = f"GET /case/{name}"
    assert retired_isolates(engine, "errors", ended, ended, "GET /fine", max_heap_bytes=SMALL_HEAP) == 2


def test_isolate_is_replaced_after_the_time_limit(engine):
    """A built-in function that nothing stops goes on to its own end, and then its isolate goes."""
    slow = "GET /handler/slowUpperCase"
    assert retired_isolates(engine, "limits", slow, "GET /handler/nothing", max_execution_time_ms=2000) == 1


@pytest.mark.parametrize("name", ["error", "recursionWithoutEnd"])
def test_isolate_stays_after_an_exception(engine, name):
    assert retired_isolates(engine, "errors", f"GET /case/{name}", "GET /fine") == 0


def test_heap_limit_while_the_result_is_read(small):
    response = small.get("/case/growingInGetter")
    assert response.status_code == 500
    assert_works(small)


@pytest.mark.parametrize("name", ["hugeStringJson", "impossibleBuffer"])
def test_result_that_does_not_fit(small, name):
    assert small.get(f"/case/{name}").status_code == 500
    assert_works(small)


def test_long_string_does_no_harm(small):
    # It may fit, where an engine keeps repetitions of a string as such.
    assert small.get("/case/hugeString").status_code in (200, 500)
    assert_works(small)


def test_memory_error_may_be_caught(small):
    response = small.get("/case/hugeBufferCaught")
    assert response.text == "caught" or response.status_code == 500
    assert_works(small)


def test_heap_limit_again_and_again(small):
    for _ in range(5):
        assert_error(small.get("/case/growingArray"), THROWN)
        assert_error(small.get("/case/growingBuffers"), THROWN)
        assert_works(small)


def test_garbage_does_not_count(small):
    assert small.get("/case/garbage").json() == 200 << 20


@pytest.mark.parametrize(("limit", "fits"), [(SMALL_HEAP, 5 << 20), (100 << 20, 50 << 20)])
def test_buffers_count_as_heap(serve, limit, fits):
    app = serve("errors", max_heap_bytes=limit)
    assert app.get(f"/allocation/{fits}").json() == fits
    assert_error(app.get(f"/allocation/{limit + 1}"), THROWN)
    assert_error(app.get(f"/allocation/{5 * limit}"), THROWN)
    assert app.get(f"/allocation/{fits}").json() == fits


def test_buffer_above_a_small_limit(serve):
    app = serve("errors", max_heap_bytes=3 << 20, return_exception_details="true")
    response = app.get(f"/allocation/{5 << 20}")
    assert response.status_code == 500
    assert response.json()["error"]["details"][0]["message"] == "InternalError: out of memory"

"""More memory than there is, asked for in many ways: an answer, and a host that lives on, whatever the heap limit.

What V8 makes in one step it can't always give up in between, so a request may take longer and more than its limits say.
How much is in docs/reliability.md, and `JSEP_TEST_GROWTH=1 pytest python_tests/test_growth.py -s` shows it.
"""

import os
import re
import time

import pytest

from hosts import TEST_APPS, V8, call

SOURCES = (TEST_APPS / "growth/src/ways.js").read_text()
WAYS = re.findall(r"^export (?:const|function) (\w+)", SOURCES, re.MULTILINE)
# Those that go on until a limit ends them. What the others make may fit.
ENDLESS = re.findall(
    r"^export (?:const|function) (\w+)(?:(?!^export)[^\n]*\n)*? *for \([^;]*; ?;", SOURCES, re.MULTILINE
)
ENDLESS += ["fromEndlessIterator", "spreadOfEndlessIterator"]
ERRORS = ("Exception thrown while executing.", "Operation took too long to complete.")
MILLISECONDS = 300
PATIENCE_SECONDS = 120

# One built-in function does all of the work there, which takes seconds before V8 looks at the limit, and gigabytes.
LONG = {
    "encodedText",
    "joinedText",
    "normalized",
    "objectOfArray",
    "quotedText",
    "rawTextOfMany",
}
LONG |= {"reflectConstructed", "replacedText", "replacedBetween", "stringified", "upperCase", "joinedLongestArray"}
LONG |= {
    "concatOfLongArrays",
    "concatOfSpreadable",
    "namesOfArray",
    "cloned",
    "hugeLiteral",
    "splitText",
    "rawText",
    "splitParts",
}

# With JSEP_TEST_GROWTH all ways are tried with each heap; otherwise those that do not take long, with one heap.
ALL = bool(os.environ.get("JSEP_TEST_GROWTH"))
HEAPS = [16, 100, 1024] if ALL else [100]


@pytest.fixture(params=HEAPS, ids=lambda mebibytes: f"{mebibytes}MiB")
def app(serve, engine, request):
    if not ALL and "realm" in engine.name:
        pytest.skip("limits are the same on each rung")
    app = serve("growth", "--custom-endpoints", "anyone", max_heap_bytes=request.param << 20)
    limit = {"max_execution_time_ms": MILLISECONDS}
    app.request("PATCH", "/app/custom_endpoints/runtime_options", json=limit).raise_for_status()
    return app


def grow(app, path, may_fit=False):
    begin = time.monotonic()
    response = app.session.get(app.url + path, timeout=PATIENCE_SECONDS)
    print(f"{path} {(time.monotonic() - begin) * 1000:.0f} ms, {response.status_code}")
    if response.status_code == 200:
        assert (may_fit, response.text) == (True, "grown")
    else:
        assert response.status_code == 500, response.text
        error = response.json()["error"]
        assert (error["code"], error["message"] in ERRORS) == ("InternalError", True), error
    fine = app.get("/fine")
    assert (fine.status_code, fine.text) == (200, "2,4,6")


@pytest.mark.parametrize("way", [way for way in WAYS if ALL or way not in LONG])
def test_growth_ends_in_an_answer(app, way):
    grow(app, f"/once/{way}", may_fit=way not in ENDLESS)


@pytest.mark.parametrize("way", ["pushedNumbers", "grownMap", "manyBuffers", "manyResizable", "repeatedTooOften"])
def test_growth_that_is_caught_ends_in_an_answer(app, way):
    grow(app, f"/again/{way}")


SORTED = ["sortedLength", "sortedLengths", "sortedProxy"]


# What V8 would make of each is beyond its own limit for arrays, where it would end the process.
@pytest.mark.parametrize(
    "way", ["splitText", "namesOfText", "assigned", "replacedByPattern", "appliedToLongArray", *SORTED]
)
def test_list_beyond_all_limits_does_no_harm(app, way):
    grow(app, f"/once/{way}")


# A heap of this size has room for them, but V8's lists end there, and V8 would end the process. Text that is split at a
# separator takes gigabytes for that, so it is tried with the long ways.
@pytest.mark.parametrize("way", ["splitText", "parsedBeyondLimit", *(["splitParts"] if ALL else [])])
def test_list_beyond_the_limit_of_v8_does_no_harm_in_a_large_heap(engine, way):
    if "realm" in engine.name or engine.library != V8:
        pytest.skip("limits are the same on each rung, and those of QuickJS are others")
    options = {"max_heap_bytes": 4 << 30, "max_execution_time_ms": 60_000}
    answer = call(engine, TEST_APPS / "growth", "GET", f"/once/{way}", **options)
    assert answer.status == 500
    assert '"code":"InternalError"' in answer.body


# QuickJS finds no memory in another place of its own with each size; some of them once ended the process.
def test_list_that_grows_from_behind_in_heaps_of_many_sizes(engine):
    if "realm" in engine.name:
        pytest.skip("limits are the same on each rung")
    step = 3000 if engine.library == V8 else 450
    for kibibytes in range(900, 16000, step):
        answer = call(engine, TEST_APPS / "growth", "GET", "/once/grownFromBehind", max_heap_bytes=kibibytes << 10)
        assert answer.exit_code >= 0, f"{kibibytes} KiB"

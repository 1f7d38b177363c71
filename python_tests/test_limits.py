"""A limit holds wherever a script runs: code made of text, functions that others call, jobs, reading the result."""

import re

import pytest

from hosts import TEST_APPS

HEAP = 64 << 20
# Gets full soon.
SMALL_HEAP = 24 << 20
MILLISECONDS = 200
TIMED_OUT = "Operation took too long to complete."
ENDS = {"recursion": "stack overflow", "allocation": "out of memory"}
# Many times what the limit is, because the machine may be busy.
SECONDS_FOR_A_LIST = 10
PLACES = re.findall(r"^export const (\w+)", (TEST_APPS / "limits/src/places.js").read_text(), re.MULTILINE)


@pytest.fixture
def app(serve):
    return serve("limits", "--custom-endpoints", "anyone", max_heap_bytes=HEAP, return_exception_details="true")


@pytest.fixture
def impatient(app):
    """The app with little time, which its install had not to get along with."""
    set_time(app, MILLISECONDS)
    yield app
    set_time(app, None)


def set_time(app, milliseconds):
    changes = {"max_execution_time_ms": milliseconds}
    app.request("PATCH", "/app/custom_endpoints/runtime_options", json=changes).raise_for_status()


def error_of(response):
    """The message of an error, and those of its details."""
    assert response.status_code == 500, response.text
    error = response.json()["error"]
    return error["message"], [detail["message"] for detail in error["details"]]


@pytest.mark.parametrize("place", PLACES)
def test_script_runs_in_each_place(app, place):
    assert app.get(f"/{place}/nothing").status_code < 300


@pytest.mark.parametrize("place", PLACES)
def test_time_limit_holds_everywhere(impatient, place):
    assert error_of(impatient.get(f"/{place}/loop")) == (TIMED_OUT, ["InternalError: interrupted"])
    set_time(impatient, None)
    assert impatient.get(f"/{place}/nothing").status_code < 300


@pytest.mark.parametrize("deed", ["slowDigests", "slowTexts", "slowKeys"])
def test_time_limit_holds_for_native_functions(impatient, deed):
    assert error_of(impatient.get(f"/handler/{deed}")) == (TIMED_OUT, ["InternalError: interrupted"])


def test_end_inside_of_a_native_function_does_no_harm(impatient):
    """Where V8 takes for granted that nothing is thrown, it must not be ended: each request ends at another place."""
    for _ in range(10):
        assert error_of(impatient.get("/handler/slowDefinitions")) == (TIMED_OUT, ["InternalError: interrupted"])


@pytest.mark.parametrize("deed", ["bindToMany", "bindMany"])
def test_heap_that_ends_while_functions_are_bound(serve_alone, deed):
    """QuickJS takes for granted that it has the memory for it: each request ends at another place."""
    app = serve_alone("limits", "--custom-endpoints", "anyone", return_exception_details="true")
    for step in range(15):
        limit = {"max_heap_bytes": (20 << 20) + step * 13_331}
        app.request("PATCH", "/app/custom_endpoints/runtime_options", json=limit).raise_for_status()
        assert error_of(app.get(f"/handler/{deed}"))[1] == ["InternalError: out of memory"]


@pytest.mark.parametrize("deed", ENDS)
@pytest.mark.parametrize("place", PLACES)
def test_memory_limits_hold_everywhere(app, place, deed):
    message, details = error_of(app.get(f"/{place}/{deed}"))
    assert details == [f"InternalError: {ENDS[deed]}"]
    assert message != TIMED_OUT
    assert app.get(f"/{place}/nothing").status_code < 300


@pytest.mark.parametrize("place", PLACES)
def test_heap_limit_holds_everywhere(serve, engine, place):
    """Not one block that is refused, but a heap that gets full bit by bit, so that the engine has to end the script."""
    if "realm" in engine.name:
        pytest.skip("limits are the same on each rung")
    app = serve("limits", max_heap_bytes=SMALL_HEAP, return_exception_details="true")
    message, details = error_of(app.get(f"/{place}/heap"))
    assert details == ["InternalError: out of memory"]
    assert message != TIMED_OUT
    assert app.get(f"/{place}/nothing").status_code < 300


JOBS = {
    "loop": "interrupted",
    "loopAfterAwait": "interrupted",
    "loopOfConversion": "interrupted",
    "heap": "out of memory",
    "heapAfterAwait": "out of memory",
}


@pytest.mark.parametrize("kept", ["", "/kept"])
@pytest.mark.parametrize("job", JOBS)
def test_nothing_runs_after_a_job_that_met_a_limit(app, job, kept):
    """Nobody waits for the job, the response is fine: still the request fails, and what later jobs write is lost."""
    key = job + kept.strip("/")
    set_time(app, MILLISECONDS if job.startswith("loop") else None)
    assert error_of(app.post(f"{kept}/jobs/{job}/{key}"))[1] == [f"InternalError: {JOBS[job]}"]
    set_time(app, None)
    assert app.get(f"/jobs/read/{key}").json() == {"written": False}
    # An interpreter that is kept is made anew, because it may have jobs left.
    assert app.post(f"{kept}/jobs/nothing/{key}").headers["x-calls"] == "1"
    assert app.get(f"/jobs/read/{key}").json() == {"written": True}


LISTS = ["object", "array", "proxy", "table"]
FUNCTIONS_OF_LISTS = [
    *["concat", "copyWithin", "every", "fill", "filter", "find", "findIndex", "findLast", "findLastIndex", "flat"],
    *["flatMap", "forEach", "forEachOfMany", "from", "includes", "indexOf", "join", "joinWithNothing", "lastIndexOf"],
    *["map", "raw", "reduce", "reduceRight", "reverse", "shift", "slice", "some", "sort", "splice", "toLocaleString"],
    *["unshift"],
]
FUNCTIONS_OF_ARRAYS = ["flatOfLists", "flatOfNothing", "concatOfLists", "listOfNames", "text"]


def seconds_of(response):
    return response.elapsed.total_seconds()


@pytest.mark.parametrize("name", FUNCTIONS_OF_LISTS)
@pytest.mark.parametrize("kind", LISTS)
def test_long_list_does_not_outlast_the_time_limit(impatient, kind, name):
    assert seconds_of(impatient.get(f"/lists/{kind}/{name}")) < SECONDS_FOR_A_LIST


@pytest.mark.parametrize("name", FUNCTIONS_OF_ARRAYS)
def test_long_array_does_not_outlast_the_time_limit(impatient, name):
    assert seconds_of(impatient.get(f"/lists/array/{name}")) < SECONDS_FOR_A_LIST


TEXTS = ["indexOf", "lastIndexOf", "includes", "replaceAll", "split", "wide", "wideBackward", "normalize"]


@pytest.mark.parametrize("name", TEXTS)
def test_search_does_not_take_the_product_of_two_lengths(app, name):
    assert seconds_of(app.get(f"/texts/of/{name}")) < SECONDS_FOR_A_LIST


ENDS_WITH_MORE = re.findall(r"^  (\w+)(?:: |\(\) \{)", (TEST_APPS / "limits/src/ends.js").read_text(), re.MULTILINE)


@pytest.mark.parametrize("way", ENDS_WITH_MORE)
def test_nothing_of_the_script_runs_after_its_end(impatient, way):
    """Engines go on with code of a script where they clean up, make texts of errors, or run jobs."""
    assert error_of(impatient.get(f"/ends/of/{way}")) == (TIMED_OUT, ["InternalError: interrupted"])


STATEMENTS, STATEMENTS_OF_LARGE_THINGS = (
    re.findall(r"^  (\w+): \".*\",$", table, re.MULTILINE)
    for table in (TEST_APPS / "limits/src/statements.js").read_text().split("const ofLargeThings")
)


@pytest.mark.parametrize("name", STATEMENTS)
def test_long_statements_without_a_loop_do_not_outlast_the_time_limit(impatient, name):
    response = impatient.get(f"/statements/of/{name}")
    assert error_of(response) == (TIMED_OUT, ["InternalError: interrupted"])
    assert seconds_of(response) < SECONDS_FOR_A_LIST


@pytest.mark.parametrize("name", STATEMENTS_OF_LARGE_THINGS)
def test_large_things_do_not_outlast_the_time_limit(impatient, name):
    """An engine may also be done in time."""
    assert seconds_of(impatient.get(f"/large/of/{name}")) < SECONDS_FOR_A_LIST


CALLS = re.findall(r"^  (\w+)(?:: \(|\(\) \{)", (TEST_APPS / "limits/src/natives.js").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", CALLS)
def test_one_call_does_not_outlast_the_time_limit(impatient, name):
    """An engine may also be done in time."""
    assert seconds_of(impatient.get(f"/natives/of/{name}")) < SECONDS_FOR_A_LIST


@pytest.mark.parametrize("way", ["values", "keys", "removals", "maps"])
def test_writes_take_no_more_than_the_heap(app, way):
    assert error_of(app.post(f"/writes/of/{way}"))[1] == ["InternalError: out of memory"]
    assert app.post("/writes/of/oneKey").json() is True


def test_refused_writes_that_are_caught_take_nothing(app):
    assert app.post("/writes/of/caught").json() is True


@pytest.mark.parametrize("way", ["oneKey", "smaller", "removed", "cleared"])
def test_writes_that_are_gone_do_not_count(app, way):
    assert app.post(f"/writes/of/{way}").json() is True

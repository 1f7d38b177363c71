"""What native functions make for a script counts as its memory: a little of it can't become gigabytes of the host's."""

import re
import time

import pytest

from hosts import TEST_APPS, V8

APP = TEST_APPS / "budgets"
WAYS = re.findall(r"^export (?:const|function) (\w+)", (APP / "src/ways.js").read_text(), re.MULTILINE)
HEAP = 64 << 20

# The heap and as much outside of it, and what the host itself needs.
MOST_GROWTH = 3 * HEAP


@pytest.fixture
def app(serve):
    options = {"max_heap_bytes": HEAP, "max_execution_time_ms": 15_000, "return_exception_details": "true"}
    return serve("budgets", subprocesses="on", **options)


def growth_of(app, path):
    """The response to a request, and by how much the host has grown at most."""
    app.get("/fine").raise_for_status()
    before = app.forget_peak()
    response = app.get(path)
    return response, app.peak_memory() - before


@pytest.mark.parametrize("way", WAYS)
def test_what_natives_make_counts_as_heap(app, way):
    response, growth = growth_of(app, f"/{way}")
    assert growth < MOST_GROWTH
    assert response.status_code == 500
    error = response.json()["error"]
    details = [detail["message"] for detail in error["details"]]
    assert (error["message"], details) == ("Exception thrown while executing.", ["InternalError: out of memory"])
    assert [name for name in response.headers if re.fullmatch(r"h\d+", name)] == []
    assert app.get("/fine").text == "fine"


@pytest.mark.parametrize("way", [way for way in WAYS if way != "headers"])
def test_what_was_refused_is_there_again(app, way):
    response, growth = growth_of(app, f"/caught/{way}")
    assert growth < MOST_GROWTH
    assert (response.status_code, response.text) == (200, "InternalError: out of memory")


def test_lines_that_left_take_no_memory(app):
    response, growth = growth_of(app, "/lines")
    assert response.text == "written"
    assert growth < 64 << 20


BUFFERS = re.findall(r"^export (?:const|function) (\w+)", (APP / "src/buffers.js").read_text(), re.MULTILINE)
HEAP_OF_BUFFERS = 32 << 20


def serve_buffers(serve):
    return serve("budgets", max_heap_bytes=HEAP_OF_BUFFERS, return_exception_details="true")


def assert_ends_at_the_heap_limit(app, name, detail):
    response, growth = growth_of(app, f"/buffers/{name}")
    assert response.status_code == 500, response.text
    assert [found["message"] for found in response.json()["error"]["details"]] == [detail]
    assert growth < 3 * HEAP_OF_BUFFERS


@pytest.mark.parametrize("name", [name for name in BUFFERS if name.startswith("kept") and name != "keptMemories"])
def test_buffers_that_change_hands_count_as_heap(serve, name):
    assert_ends_at_the_heap_limit(serve_buffers(serve), name, "InternalError: out of memory")


IN_TURN = {"transferredInTurn": 20 << 20, "resizableInTurn": 1 << 20, "clonedInTurn": 20 << 20}


@pytest.mark.parametrize("name", IN_TURN)
def test_buffer_that_changes_hands_counts_once(serve, name):
    response = serve_buffers(serve).get(f"/buffers/{name}")
    assert (response.status_code, response.json()) == (200, IN_TURN[name])


def test_resizable_buffer_that_changed_hands_still_grows(serve):
    response = serve_buffers(serve).get("/buffers/resizedAfterTransfer")
    assert (response.status_code, response.json()) == (200, 10 << 20)


@pytest.fixture
def memories(engine, serve_alone):
    if engine.library != V8 or "jit=off" in engine.options:
        pytest.skip("WebAssembly is there with machine code only")
    return serve_buffers(serve_alone)


@pytest.mark.parametrize("name", ["memoryBeyondTheHeap", "memoryGrownBeyondTheHeap"])
def test_memory_of_web_assembly_beyond_the_heap_is_refused(memories, name):
    response = memories.get(f"/buffers/{name}")
    assert (response.status_code, response.text) == (200, "RangeError")


def test_memory_of_web_assembly_within_the_heap_is_granted(memories):
    response = memories.get("/buffers/memoryGrownWithinTheHeap")
    assert (response.status_code, response.text) == (200, "granted")


def test_memories_of_web_assembly_that_are_kept_count_as_heap(memories):
    assert_ends_at_the_heap_limit(
        memories, "keptMemories", "RangeError: WebAssembly.Memory(): could not allocate memory"
    )


QUERIES = re.findall(r"^export (?:const|function) (\w+)", (APP / "src/queries.js").read_text(), re.MULTILINE)
# Many times what the limit is, because the machine may be busy.
PATIENCE_SECONDS = 15


@pytest.mark.parametrize("query", QUERIES)
def test_query_of_many_parts_ends_in_time(serve_impatient, query):
    app = serve_impatient("budgets", max_heap_bytes=512 << 20)
    begin = time.monotonic()
    response, growth = growth_of(app, f"/query/{query}")
    assert time.monotonic() - begin < PATIENCE_SECONDS
    assert growth < 400 << 20
    assert response.json()["error"]["message"] == "Operation took too long to complete."

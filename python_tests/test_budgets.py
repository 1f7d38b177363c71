"""What native functions make for a script counts as its memory: a little of it can't become gigabytes of the host's."""

import re
import time

import pytest

from hosts import TEST_APPS

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

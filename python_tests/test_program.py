"""The host program: its arguments, its exit code, what it says of a library and of an app."""

import ctypes.util
import json

import pytest

from hosts import DEFAULT_OPTIONS, QUICKJS, TEST_APPS, arguments, run_host
from written_apps import assert_refused


def test_library_that_does_not_exist(tmp_path):
    answer = run_host(
        "call", "--plugin", str(tmp_path / "missing.so"), "--app", str(TEST_APPS / "errors"), "GET", "/fine"
    )
    assert_refused(answer, "missing.so")


def test_library_that_is_no_plugin():
    library = ctypes.util.find_library("m")
    answer = run_host("call", "--plugin", library, "--app", str(TEST_APPS / "errors"), "GET", "/fine")
    assert_refused(answer, library)


def test_library_that_is_no_library(tmp_path):
    (tmp_path / "text.so").write_text("no library")
    answer = run_host("call", "--plugin", str(tmp_path / "text.so"), "--app", str(TEST_APPS / "errors"), "GET", "/fine")
    assert_refused(answer, "text.so")


def test_unknown_option_lists_the_known_ones(call_app):
    answer = call_app("errors", "GET", "/fine", no_such_option=1)
    assert_refused(answer, "no_such_option", "jit", "realm", "max_heap_bytes", "max_execution_time_ms")


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_heap_bytes", "much"), ("max_heap_bytes", "-1"), ("jit", "maybe"), ("return_exception_details", "1")],
)
def test_option_with_a_bad_value(call_app, name, value):
    assert_refused(call_app("errors", "GET", "/fine", **{name: value}), name, value)


def test_program_without_arguments():
    assert run_host().exit_code > 0


def test_status_of_500_is_the_exit_code_of_call(call_app):
    answer = call_app("errors", "GET", "/case/error")
    assert answer.status == 500
    assert answer.exit_code > 0


def test_status_below_500_is_no_failure_of_call(call_app):
    answer = call_app("errors", "GET", "/no/such/path")
    assert (answer.status, answer.exit_code) == (404, 0)


def test_call_sends_headers_and_body(call_app, tmp_path):
    file = tmp_path / "body.txt"
    file.write_text("from a file")
    answer = call_app("request", "POST", "/case/bodyText", "--header", "X-Name: Value", "--body", f"@{file}")
    assert answer.body == "from a file"
    answer = call_app("request", "POST", "/case/bodyText", "--body", "text")
    assert answer.body == "text"
    answer = call_app("request", "GET", "/echo", "--header", "X-Name: Value")
    assert json.loads(answer.body)["headers"]["x-name"] == "Value"


# What the library says


def report(engine, app, **options):
    answer = run_host("report", *arguments(engine, TEST_APPS / app, options))
    assert answer.exit_code == 0, answer.errors
    return json.loads(answer.output)


def test_report_shows_the_app(engine):
    shown = report(engine, "impure")
    assert shown["engine"]["engine"] == ("quickjs" if engine.library.name == "libjsquickjs.so" else "v8")
    assert shown["engine"]["version"] in shown["engine"]["library"]
    assert shown["registry"]["installed"] is True
    assert sorted(shown["registry"]["endpoints"]) == ["GET /top_level", "PUT /value"]
    assert shown["registry"]["timings"]["total_ns"] > 0


def test_report_shows_the_defaults(engine):
    assert report(engine, "impure")["registry"]["options"] == DEFAULT_OPTIONS


def test_report_shows_options_that_were_given(engine):
    shown = report(engine, "impure", max_heap_bytes=1 << 25, return_exception_details="true")
    options = shown["registry"]["options"]
    assert (options["max_heap_bytes"], options["return_exception_details"]) == (1 << 25, True)


@pytest.mark.parametrize(("app", "part"), [("impure", "store"), ("clock", "clock"), ("random", "random")])
def test_report_says_why_the_top_level_runs_again(engine, app, part):
    realms = report(engine, app)["registry"]["realms"]
    keeps_code = engine.library.name == "libjsv8.so" and "realm=0" not in engine.options
    assert realms["rung"] == (1 if keeps_code else 0)
    if engine.library.name == "libjsv8.so" and not engine.options:
        assert part in realms["reason"]


def test_engine_without_durable_realms_says_so(engine, tmp_path):
    answer = run_host("shell", "--plugin", str(engine.library), "--data", str(tmp_path / "realm"))
    if engine.library == QUICKJS:
        assert_refused(answer, "durable realms are not supported by this engine")
    else:
        assert (answer.exit_code, answer.output) == (0, "Initialized realm\n")

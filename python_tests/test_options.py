"""Engine options that change what scripts see."""

import json

import pytest

from hosts import TEST_APPS, V8, arguments, call, run_host

REAL = ["real", "real", "real"]
EPOCH = [0, 0, 0]


def test_clock_is_real_by_default(serve):
    app = serve("options")
    expected = {"before": REAL, "wasOn": False, "on": REAL, "wasStillOn": True, "off": REAL}
    assert app.get("/clock").json() == expected


def test_gated_clock_shows_0_until_it_is_switched_on(serve):
    app = serve("options", untrusted_time="gated")
    expected = {"before": EPOCH, "wasOn": False, "on": REAL, "wasStillOn": True, "off": EPOCH}
    assert app.get("/clock").json() == expected


def test_gated_clock_is_off_at_each_request(serve):
    app = serve("options", untrusted_time="gated")
    assert [app.get(f"/clock/{state}").json() for state in ("on", "off", "on")] == [True, False, True]
    assert app.get("/clock").json()["before"] == EPOCH


def test_gated_clock_is_off_at_each_request_of_a_shared_realm(serve):
    app = serve("options", untrusted_time="gated")
    assert [app.get("/shared_clock").json()["before"] for _ in range(3)] == [EPOCH] * 3


def test_optional_globals_are_absent_by_default(serve):
    assert serve("options").get("/globals").json() == {"Intl": "undefined", "host": "undefined"}


def test_processes_are_an_option(serve):
    assert serve("options", subprocesses="on").get("/globals").json()["host"] == "object"


def test_intl_is_an_option(engine, serve):
    if engine.library.name == "libjsquickjs.so":
        answer = call(engine, TEST_APPS / "options", "GET", "/globals", intl="on")
        assert answer.exit_code != 0
        assert "option `intl` is `on`, but must be off, because this engine has no Intl" in answer.errors
    else:
        app = serve("options", intl="on")
        assert app.get("/globals").json()["Intl"] == "object"
        assert app.get("/numbers").text == "1,234.50"


@pytest.mark.parametrize("compilation", ["auto", "lazy", "eager"])
def test_compilation_changes_no_answer(serve, compilation):
    app = serve("options", compilation=compilation)
    assert app.get("/globals").json() == {"Intl": "undefined", "host": "undefined"}


def test_eager_compilation_keeps_more_than_lazy_compilation(engine):
    if engine.library != V8 or "realm=0" in engine.options:
        pytest.skip("nothing is kept that depends on it")

    def realms(**options):
        answer = run_host("report", *arguments(engine, TEST_APPS / "options", options))
        assert answer.exit_code == 0, answer.errors
        return json.loads(answer.output)["registry"]["realms"]

    lazy, eager, first = realms(compilation="lazy"), realms(compilation="eager"), realms()
    kept = [realms["blob_bytes"] + (realms["code"] or {"bytes": 0})["bytes"] for realms in (lazy, eager)]
    assert kept[0] < kept[1]
    assert [realms["compilation"] for realms in (lazy, eager, first)] == ["lazy", "eager", "lazy"]
    assert first["compilation_because"] == "no version was replaced yet"


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("untrusted_time", "false", "real or gated"),
        ("subprocesses", "yes", "on or off"),
        ("intl", "1", "o"),
        ("realm", "6", "auto, fresh, 0, 1, 2, 3 or 4"),
        ("compilation", "jit", "auto, lazy or eager"),
        ("helper_threads", "9", "a number from 0 to 8"),
        ("max_heap_bytes", "-1", "a whole number from 0 to 9007199254740992"),
        ("return_exception_details", "on", "true or false"),
    ],
)
def test_value_that_an_option_does_not_have(engine, option, value, wanted):
    answer = call(engine, TEST_APPS / "options", "GET", "/globals", **{option: value})
    assert answer.exit_code != 0
    assert f"option `{option}` is `{value}`, but must be {wanted}" in answer.errors


def test_option_that_does_not_exist(engine):
    answer = call(engine, TEST_APPS / "options", "GET", "/globals", turbo="on")
    assert answer.exit_code != 0
    assert "option `turbo` is not known; known are: jit, realm" in answer.errors

"""The realm ladder: which realm serves a request, and that nobody can tell from the answers."""

import json

import pytest

from hosts import TEST_APPS, arguments, run_host

APP = TEST_APPS / "ladder"
REQUESTS = 4
PROVEN = 4
HARMLESS = {
    "spread": {"first": 1, "second": 2, "list": [1, 2, 3], "other": 1},
    "generator": [1, 2],
    "classes": [3, 5],
    "bytes": [1, 2, 3, 4],
    "waits": [1, 2],
    "expressions": ["a+b", True, ["a", "b"]],
    "web": ["dGV4dA==", "text"],
}


@pytest.fixture
def app(serve):
    return serve("ladder")


def is_held_to_a_rung(engine):
    return any(option.startswith("realm=") for option in engine.options)


def realms(engine, *requests):
    """What the report says of the realms after these requests."""
    words = [word for request in requests for word in ("--request", request)]
    answer = run_host("report", *arguments(engine, APP, {}), "--count", str(REQUESTS), *words)
    assert answer.exit_code == 0, answer.errors
    return json.loads(answer.output)["registry"]["realms"]


# What nobody can tell


def test_request_that_changes_its_realm_starts_from_the_top_level(app):
    assert [app.get("/changes").json() for _ in range(REQUESTS)] == [{"calls": 1}] * REQUESTS
    assert app.get("/answer").json() == {"calls": 0}


def test_line_of_the_log_is_written_once(app):
    for number in range(REQUESTS):
        assert app.get(f"/logs?number={number}").json() == {"calls": 1}
    for number in range(REQUESTS):
        assert app.log().count(f"logged number={number}") == 1


def test_writes_count_once(serve_alone):
    app = serve_alone("ladder")
    counts = [app.post("/writes").json() for _ in range(REQUESTS)]
    assert counts == [{"count": number, "calls": 1} for number in range(1, REQUESTS + 1)]


@pytest.mark.parametrize("endpoint", HARMLESS)
def test_answer_is_the_same_at_each_request(app, endpoint):
    for _ in range(REQUESTS):
        assert app.get(f"/harmless/{endpoint}").json() == HARMLESS[endpoint]


# What the report tells


@pytest.mark.parametrize("endpoint", HARMLESS)
def test_request_that_changes_nothing_older_shares_a_realm(engine, endpoint):
    if engine.library.name == "libjsquickjs.so" or is_held_to_a_rung(engine):
        pytest.skip("only where the engine chooses")
    shown = realms(engine, f"GET /harmless/{endpoint}")
    assert shown["served_by_rung"][PROVEN] == REQUESTS, shown["endpoints"]


def test_request_that_changes_its_realm_has_one_of_its_own(engine):
    if engine.library.name == "libjsquickjs.so" or is_held_to_a_rung(engine):
        pytest.skip("only where the engine chooses")
    shown = realms(engine, "GET /changes")
    assert shown["served_by_rung"][PROVEN] == 0
    assert "ladder.js" in shown["endpoints"]["GET /changes"]["refused"]


@pytest.mark.parametrize("realm", ["1", "2", "3", "4"])
def test_endpoint_asks_for_its_realm(engine, realm):
    if engine.library.name == "libjsquickjs.so" or is_held_to_a_rung(engine):
        pytest.skip("only V8 has these realms, where the endpoint is free to ask")
    served = realms(engine, f"GET /asked/{realm}")["served_by_rung"]
    # The first request finds no ready realm.
    wanted = [2, 3] if realm == "3" else [int(realm)]
    assert sum(served[rung] for rung in wanted) == REQUESTS, served


def test_endpoint_that_wants_fresh_realms_shares_none(engine):
    if engine.library.name == "libjsquickjs.so":
        pytest.skip("QuickJS has nothing else")
    assert realms(engine, "GET /asked/fresh")["served_by_rung"][PROVEN] == 0


def test_realm_that_does_not_exist(engine, tmp_path):
    description = json.loads((APP / "app.json").read_text())
    description["endpoints"]["/answer"]["get"]["realm"] = "5"
    (tmp_path / "app.json").write_text(json.dumps(description))
    (tmp_path / "src").symlink_to(APP / "src")
    answer = run_host("call", *arguments(engine, tmp_path, {}), "GET", "/answer")
    assert answer.exit_code != 0
    assert '["/answer"]["get"].realm must be auto, fresh, 1, 2, 3 or 4' in answer.errors

"""Realms that endpoints share by a key: what stays, what does not, and whose request a kept object belongs to."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hosts import TRANSACTION_HEADER

THREADS = 4


@pytest.fixture
def app(serve_alone):
    """A host of the test's own, because shared realms outlive a test."""
    return serve_alone("reuse")


def calls(app, path):
    response = app.get(f"/count/{path}")
    assert response.status_code == 200, response.text
    return response.json()["calls"]


# Who shares


def test_globals_and_modules_are_shared(app):
    assert [app.get("/count/a").json() for _ in range(3)] == [{"calls": n, "seen": n} for n in (1, 2, 3)]


def test_endpoint_without_key_has_a_fresh_realm(app):
    assert calls(app, "a") == 1
    assert [calls(app, "fresh") for _ in range(3)] == [1, 1, 1]
    assert calls(app, "a") == 2


def test_endpoints_of_one_key_share_their_realm(app):
    assert calls(app, "a") == 1
    assert app.get("/also_count/a").json()["calls"] == 2


def test_realms_of_two_keys_are_apart(app):
    assert [calls(app, key) for key in "abcabc"] == [1, 1, 1, 2, 2, 2]


def test_reading_and_writing_endpoints_do_not_share(app):
    assert calls(app, "a") == 1
    assert app.post("/count/a").json()["calls"] == 1
    assert calls(app, "a") == 2
    assert app.post("/count/a").json()["calls"] == 2


def test_parallel_requests_on_one_key(app):
    def run(thread):
        words = [f"{thread}-{number}" for number in range(25)]
        with app.new_session() as session:
            return [(word, session.get(f"{app.url}/turns/{word}", timeout=60).text) for word in words]

    with ThreadPoolExecutor(THREADS) as pool:
        for answers in pool.map(run, range(THREADS)):
            assert [found for _, found in answers] == [word for word, _ in answers]


# How many are kept


def test_least_recently_used_realm_goes_first(serve_alone):
    app = serve_alone("reuse", max_cached_interpreters=2)
    assert [calls(app, key) for key in "aabb"] == [1, 2, 1, 2]
    # `a` is used again, so `c` takes the place of `b`.
    assert [calls(app, key) for key in "aca"] == [3, 1, 4]
    assert calls(app, "b") == 1


def test_three_keys_in_turn_do_not_fit_into_two_places(serve_alone):
    app = serve_alone("reuse", max_cached_interpreters=2)
    assert [calls(app, key) for key in "abc" * 3] == [1] * 9


def test_no_realm_is_kept(serve_alone):
    app = serve_alone("reuse", max_cached_interpreters=0)
    assert [calls(app, "a") for _ in range(3)] == [1, 1, 1]


def test_new_version_of_the_app_has_new_realms(serve_alone):
    app = serve_alone("reuse", "--custom-endpoints", "anyone")
    for _ in range(3):
        assert [calls(app, "a") for _ in range(2)] == [1, 2]
        bundle = app.get("/app/custom_endpoints").content
        app.request("PUT", "/app/custom_endpoints", data=bundle).raise_for_status()


# Objects that were kept


def test_kept_body_is_that_of_the_running_request(app):
    for text in ("1", "2", "[3]"):
        response = app.post("/echo", data=text)
        assert response.json() == [text, text, int(text) if text != "[3]" else [3]]


def test_kept_handle_sees_the_running_request(app):
    assert [app.post("/increment").json() for _ in range(5)] == [1, 2, 3, 4, 5]


def test_kept_functions_work_on_the_running_request(app):
    def write(key, status, apply_writes=None):
        message = {"key": key, "statusCode": status}
        if apply_writes is not None:
            message["applyWrites"] = apply_writes
        response = app.post("/write", json=message)
        assert response.status_code == status
        return TRANSACTION_HEADER in response.headers, app.get(f"/has/{key}").json()

    assert write("first", 200) == (True, True)
    assert write("dropped", 200, apply_writes=False) == (False, False)
    # The word of the request before does not count any more.
    assert write("second", 200) == (True, True)
    assert write("kept", 400, apply_writes=True) == (True, True)
    assert write("lost", 400) == (False, False)


def test_kept_request_is_that_of_its_own_time(serve_alone, service):
    """But for the body, which is that of the running request."""
    app = serve_alone("reuse", *service.words)

    def show(name, person):
        return service.send(
            app, "POST", f"/former/{name}?{name}", person, data=f"text of {name}", headers={"x-mark": name}
        )

    def expected(name, person):
        said = {"params": {"name": name}, "mark": name, "query": name, "path": f"/former/{name}", "method": "POST"}
        return said if person is None else {**said, "id": service.people[person].id}

    assert show("first", "admin").text == "kept"
    for name, person in (("second", "reader"), ("third", None), ("fourth", "admin")):
        former, own = expected("first", "admin"), expected(name, person)
        assert show(name, person).json() == {"former": former, "own": own, "text": f"text of {name}"}


# Jobs

ENDS = {
    "returns": 200,
    "throws": 500,
    "rejects": 500,
    "isNoObject": 500,
    "hasAGetter": 200,
    "hasAGetterThatThrows": 500,
}


def count_jobs(app):
    return app.post("/jobs/counted", data="counting").json()


@pytest.mark.parametrize("deed", ENDS)
def test_jobs_run_within_their_request(app, deed):
    """However it ends, the next request in the realm finds them done."""
    assert app.post(f"/jobs/left/{deed}", data="former").status_code == ENDS[deed]
    done = [f"{deed} in former", f"{deed} again in former"]
    if "Getter" in deed:
        done += ["getter in no body", "getter again in no body"]
    assert count_jobs(app) == [done, done]


def test_promise_of_a_former_request_is_resolved_in_the_running_one(app):
    """The former request has had its answer. Its jobs run in the request that resolves, with its store and its body."""
    pending = app.post("/jobs/pending", data="former")
    assert pending.status_code == 500
    assert pending.json()["error"]["message"] == "Handler did not complete."
    assert count_jobs(app) == [[], []]
    response = app.post("/jobs/resolved/here", data="running")
    assert (response.text, TRANSACTION_HEADER in response.headers) == ("resolved", True)
    assert count_jobs(app) == [["resolved in running"]] * 2
    assert app.get("/read/here").text == "running"


def test_promise_of_a_former_request_is_resolved_in_one_that_fails(app):
    """What its jobs write is lost with the writes of the request in which they run."""
    app.post("/jobs/pending", data="former")
    assert app.post("/jobs/resolved_in_vain/there", data="running").status_code == 500
    assert count_jobs(app) == [["resolved in running"]] * 2
    assert app.get("/read/there").text == "none"


# After something went wrong


def test_shared_realm_after_the_time_limit(serve_impatient):
    app = serve_impatient("reuse")
    for _ in range(2):
        assert app.get("/loop/a").json()["error"]["message"] == "Operation took too long to complete."
        counts = [calls(app, "a") for _ in range(2)]
        assert counts[1] == counts[0] + 1

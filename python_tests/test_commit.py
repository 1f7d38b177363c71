"""What becomes of the writes of a request: commit, conflict, or nothing."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hosts import TRANSACTION_HEADER

THREADS = 8


@pytest.fixture
def app(serve):
    return serve("kv")


def entry(app, table, key="key"):
    response = app.get(f"/entry/{key}?{table}")
    return response.text if response.status_code == 200 else None


# Commit


def write(app, table, status, apply_writes=None):
    message = {} if apply_writes is None else {"applyWrites": apply_writes}
    response = app.post(f"/write_with_status/{status}?{table}", json=message, allow_redirects=False)
    assert response.status_code == status
    return response


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_success_commits(app, table, status):
    response = write(app, table, status)
    assert entry(app, table) == "written"
    assert TRANSACTION_HEADER in response.headers


@pytest.mark.parametrize("status", [300, 304, 400, 404, 500, 599])
def test_other_status_drops_writes(app, table, status):
    response = write(app, table, status)
    assert entry(app, table) is None
    assert TRANSACTION_HEADER not in response.headers


@pytest.mark.parametrize("apply_writes", [True, 1, "yes", {}], ids=repr)
def test_apply_writes_commits_in_spite_of_the_status(app, table, apply_writes):
    response = write(app, table, 400, apply_writes)
    assert entry(app, table) == "written"
    assert TRANSACTION_HEADER in response.headers


@pytest.mark.parametrize("apply_writes", [False, 0, "", None], ids=repr)
def test_apply_writes_drops_in_spite_of_the_status(app, table, apply_writes):
    response = app.post(f"/write_with_status/200?{table}", json={"applyWrites": apply_writes})
    assert response.status_code == 200
    assert entry(app, table) is None
    assert TRANSACTION_HEADER not in response.headers


@pytest.mark.parametrize("last", [True, False])
def test_last_word_on_writes_counts(app, table, last):
    assert app.post(f"/write_with_words/{json.dumps([not last, last])}?{table}").status_code == 200
    assert (entry(app, table) == "written") is last


def test_time_limit_drops_writes(serve_impatient, table):
    app = serve_impatient("kv")
    response = app.post(f"/write_and_loop?{table}")
    assert response.status_code == 500
    assert TRANSACTION_HEADER not in response.headers
    assert entry(app, table) is None


def test_exception_drops_writes(app, table):
    response = app.post(f"/write_and_throw?{table}", json={})
    assert response.status_code == 500
    assert entry(app, table) is None
    assert TRANSACTION_HEADER not in response.headers


def test_apply_writes_commits_in_spite_of_an_exception(app, table):
    response = app.post(f"/write_and_throw?{table}", json={"applyWrites": True})
    assert response.status_code == 500
    assert entry(app, table) == "written"


def test_invalid_result_drops_writes(app, table):
    assert app.post(f"/write_and_return_nothing?{table}").status_code == 500
    assert entry(app, table) is None


def test_transaction_ids_grow(app, table):
    ids = [write(app, table, 200).headers[TRANSACTION_HEADER] for _ in range(3)]
    views_and_seqnos = [tuple(map(int, text.split("."))) for text in ids]
    assert views_and_seqnos == sorted(set(views_and_seqnos))


def test_deleted_entry_is_gone_for_the_next_request(app, table):
    app.request("PUT", f"/entry/key?{table}", data="value")
    assert entry(app, table) == "value"
    app.delete(f"/entry/key?{table}")
    assert entry(app, table) is None


# Conflicts


def in_parallel(app, count, action):
    """Runs `action(session, number)` for many numbers from several threads, and gives the results."""

    def run(thread):
        with app.new_session() as session:
            return [action(session, number) for number in range(thread, count, THREADS)]

    with ThreadPoolExecutor(THREADS) as pool:
        return [result for results in pool.map(run, range(THREADS)) for result in results]


def test_no_increment_is_lost(app, table):
    def increment(session, _):
        return session.post(f"{app.url}/increment/counter?{table}", timeout=60)

    responses = in_parallel(app, 400, increment)
    # A request that met too many conflicts may say so; it has then done nothing.
    assert {response.status_code for response in responses} <= {200, 503}
    values = [response.json() for response in responses if response.status_code == 200]
    assert len(values) >= THREADS
    assert sorted(values) == list(range(1, len(values) + 1))
    assert entry(app, table, "counter") == str(len(values))


def test_committed_increments_have_ids_of_their_own_in_order(app, table):
    def increment(session, _):
        response = session.post(f"{app.url}/increment/counter?{table}", timeout=60)
        if response.status_code != 200:
            return None
        return int(response.headers[TRANSACTION_HEADER].split(".")[1]), response.json()

    pairs = sorted(pair for pair in in_parallel(app, 200, increment) if pair)
    seqnos = [seqno for seqno, _ in pairs]
    assert len(set(seqnos)) == len(seqnos)
    assert [value for _, value in pairs] == list(range(1, len(pairs) + 1))


def test_increments_of_different_keys_all_succeed(app, table):
    def increment(session, number):
        return session.post(f"{app.url}/increment/{number % THREADS}?{table}", timeout=60).status_code

    assert set(in_parallel(app, 200, increment)) == {200}
    assert [entry(app, table, key) for key in range(THREADS)] == ["25"] * THREADS


def test_walks_see_one_state(app, table):
    accounts = {str(number): "100" for number in range(10)}
    assert app.post(f"/case/fill?{table}", json=accounts).json() == 10

    def transfer(session, number):
        move = {"from": str(number % 10), "to": str((number * 3 + 1) % 10)}
        return session.post(f"{app.url}/transfer?{table}", json=move, timeout=60)

    responses = in_parallel(app, 200, transfer)
    assert {response.status_code for response in responses} <= {200, 503}
    assert {response.json() for response in responses if response.status_code == 200} == {1000}
    assert sum(int(value) for _, value in app.post(f"/case/listEntries?{table}").json()) == 1000


def test_endless_conflict_is_answered(app, table):
    path = f"/increment/counter?{table}"
    app.post(path).raise_for_status()
    answered = threading.Event()

    def overtake():
        with app.new_session() as session:
            while not answered.is_set():
                session.post(app.url + path, timeout=60)

    with ThreadPoolExecutor(1) as pool:
        overtaking = pool.submit(overtake)
        # It waits at each of its tries until others have committed.
        response = app.post(f"/lag?{table}")
        answered.set()
        overtaking.result()
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "TransactionCommitAttemptsExceedLimit"
    assert response.headers["retry-after"] == "3"
    assert TRANSACTION_HEADER not in response.headers
    assert entry(app, table, "counter") != "0"

"""Ids of transactions, and what becomes of them: as clients and as scripts learn it."""

import re

import pytest

from hosts import TRANSACTION_HEADER
from ledgers import seqno_of, transaction_of

FIRST_VIEW = 2
TO_COME = 999999


@pytest.fixture
def app(serve):
    return serve("ledger")


@pytest.fixture
def unsigned(serve):
    """A host that signs so rarely that what is written stays pending."""
    return serve("ledger", "--signature-interval", "1000000")


def write(app, key, query=""):
    return app.put(f"/records/{key}{query}", data="value")


# Ids


def test_id_of_a_write(app, table):
    assert re.fullmatch(r"2\.[1-9][0-9]*", transaction_of(write(app, table)))


def test_each_write_takes_the_next_number(app, table):
    numbers = [seqno_of(transaction_of(write(app, table))) for _ in range(5)]
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_read_has_the_id_of_what_it_saw(app, table):
    written = transaction_of(write(app, table))
    assert transaction_of(app.get(f"/records/{table}")) == written
    assert transaction_of(app.get(f"/records/{table}")) == written


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_dropped_writes_have_no_id(app, table, status):
    response = write(app, table, f"?status={status}")
    assert response.status_code == status
    assert TRANSACTION_HEADER not in response.headers


def test_dropped_writes_take_no_number(app, table):
    before = transaction_of(write(app, table))
    write(app, table, "?status=400")
    assert seqno_of(transaction_of(write(app, table))) == seqno_of(before) + 1


# The last committed transaction


def test_last_transaction_covers_what_was_written(app, table):
    written = transaction_of(write(app, table))
    last = app.get("/last").json()
    assert last["view"] == FIRST_VIEW
    assert last["seqno"] > seqno_of(written)


def test_last_transaction_stays_when_nothing_is_written(app, table):
    write(app, table)
    assert app.get("/last").json() == app.get("/last").json()


def test_commit_endpoint_and_script_agree(app, table):
    write(app, table)
    last = app.get("/last").json()
    response = app.get("/app/commit")
    assert response.status_code == 200
    assert response.json() == {"transaction_id": f"{last['view']}.{last['seqno']}"}


def test_nothing_is_committed_before_the_first_signature(unsigned):
    assert unsigned.get("/last").json() == {"view": 0, "seqno": 0}


@pytest.mark.parametrize("interval", [1, 3])
def test_signatures_come_by_themselves(serve, table, interval):
    app = serve("ledger", "--signature-interval", str(interval))
    written = [transaction_of(write(app, table)) for _ in range(10)][-1]
    assert app.get("/last").json()["seqno"] > seqno_of(written) - interval


# Status


def status_for_script(app, transaction):
    view, _, seqno = transaction.partition(".")
    return app.get(f"/status?view={view}&seqno={seqno}").json()["status"]


def status_for_client(app, transaction):
    response = app.get(f"/app/tx?transaction_id={transaction}")
    assert response.status_code == 200, response.text
    assert response.json()["transaction_id"] == transaction
    return response.json()["status"]


READERS = pytest.mark.parametrize("status_of", [status_for_script, status_for_client])


@READERS
def test_written_transaction_is_committed(app, table, status_of):
    assert status_of(app, transaction_of(write(app, table))) == "Committed"


@READERS
def test_unsigned_transaction_is_pending(unsigned, table, status_of):
    assert status_of(unsigned, transaction_of(write(unsigned, table))) == "Pending"


@READERS
def test_transaction_to_come_is_unknown(app, status_of):
    assert status_of(app, f"{FIRST_VIEW}.{TO_COME}") == "Unknown"


@READERS
def test_transaction_of_a_view_to_come_is_unknown(app, status_of):
    assert status_of(app, f"{FIRST_VIEW + 1}.{TO_COME}") == "Unknown"


@READERS
def test_number_that_another_view_has_is_invalid(app, table, status_of):
    seqno = seqno_of(transaction_of(write(app, table)))
    assert status_of(app, f"{FIRST_VIEW + 1}.{seqno}") == "Invalid"


@READERS
def test_transaction_of_a_former_view_is_invalid(app, status_of):
    assert status_of(app, f"{FIRST_VIEW - 1}.{TO_COME}") == "Invalid"


@pytest.mark.parametrize("query", ["", "?transaction_id=2", "?transaction_id=2.-1", "?transaction_id=2.1.1"])
def test_status_of_no_transaction(app, query):
    response = app.get(f"/app/tx{query}")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "InvalidQueryParameterValue"


# Views


def test_view_of_a_written_transaction(app, table):
    seqno = seqno_of(transaction_of(write(app, table)))
    assert app.get(f"/view?seqno={seqno}").json() == FIRST_VIEW


@pytest.mark.parametrize("seqno", [0, TO_COME])
def test_view_of_no_transaction(app, seqno):
    assert app.get(f"/view?seqno={seqno}").json() is None


# Built-in endpoints


@pytest.mark.parametrize("path", ["/app/commit", "/commit"])
def test_prefix_may_be_left_out(app, path):
    assert app.get(path).status_code == 200


def test_method_of_a_built_in_endpoint(app):
    response = app.post("/app/commit")
    assert response.status_code == 405
    assert response.headers["allow"].startswith("OPTIONS")

"""Past states: what former transactions wrote, for one transaction and for ranges."""

import pytest

from hosts import TRANSACTION_HEADER
from ledgers import get_when_there, past, seqno_of, transaction_of

DELAY = 3
HANDLES = {name: number for number, name in enumerate(["range", "page", "other", "later", "dropped", "short"], 100)}


@pytest.fixture
def app(serve):
    return serve("ledger")


@pytest.fixture
def slow(serve):
    """A host that fetches each past state for some requests."""
    return serve("ledger", "--historical-delay", str(DELAY))


def write(app, key, value="value"):
    return transaction_of(app.put(f"/records/{key}", data=value))


def read_past(app, transaction, key):
    response = app.get(f"/past/{key}", headers=past(transaction))
    assert response.status_code == 200, response.text
    return response.json()


# One transaction


def test_value_of_a_former_transaction(app, table):
    transactions = [write(app, table, f"value {number}") for number in range(4)]
    states = [read_past(app, transaction, table) for transaction in transactions]
    assert [state["value"] for state in states] == [f"value {number}" for number in range(4)]
    assert [state["transactionId"] for state in states] == transactions


def test_present_state_is_beside_the_past(app, table):
    former = write(app, table, "former")
    write(app, table, "present")
    state = read_past(app, former, table)
    assert (state["value"], state["present"]) == ("former", "present")


def test_version_in_the_past_is_that_of_the_transaction(app, table):
    transaction = write(app, table)
    write(app, table)
    assert read_past(app, transaction, table)["version"] == seqno_of(transaction)


def test_all_functions_of_a_table_see_the_past(app, table):
    former = write(app, table, "former")
    state = read_past(app, former, table)
    assert (state["has"], state["size"], state["entries"]) == (True, 1, {table: "former"})


def test_past_state_has_what_its_transaction_wrote(app, table):
    write(app, table, "before")
    state = read_past(app, write(app, f"{table}-other"), table)
    assert (state["value"], state["has"], state["version"]) == (None, False, None)


def test_removed_record_has_no_value(app, table):
    write(app, table)
    removal = transaction_of(app.delete(f"/records/{table}"))
    state = read_past(app, removal, table)
    assert (state["value"], state["has"], state["entries"]) == (None, False, {})


def test_cleared_records_have_no_value(serve, table):
    app = serve("ledger", "--signature-interval", "2")
    former = write(app, table, "former")
    cleared = transaction_of(app.delete("/records"))
    write(app, table)
    assert read_past(app, cleared, table)["entries"] == {}
    assert read_past(app, former, table)["value"] == "former"


def test_transaction_of_a_read_is_the_one_that_it_saw(app, table):
    write(app, table, "seen")
    seen = transaction_of(app.get(f"/records/{table}"))
    write(app, table, "later")
    assert read_past(app, seen, table)["value"] == "seen"


def test_bytes_of_a_former_value(app, table):
    value = "häß 😀\0".encode()
    assert read_past(app, write(app, table, value), table)["value"].encode() == value


def test_past_is_read_only(app, table):
    response = app.put(f"/past/{table}", headers=past(write(app, table)), data="new")
    assert response.text.startswith('TypeError: Cannot call "set" on table named records.')
    assert response.text.endswith("All tables are read-only during historical transaction.")


def test_present_is_read_only(app, table):
    response = app.put(f"/present/{table}", headers=past(write(app, table)), data="new")
    assert response.text.startswith('TypeError: Cannot call "set" on table named records.')


# Transactions that can't be read


@pytest.mark.parametrize("header", [None, "", "2", "2.", ".2", "2.x", "x.2", "2.-1", "2.1.1", "0.1", "2.0", "+2.1"])
def test_header_names_no_transaction(app, header):
    response = app.get("/past/key", headers={} if header is None else {TRANSACTION_HEADER: header})
    assert response.status_code == 404
    assert response.json() == {"error": {"code": "TransactionInvalid", "message": "Could not extract Transaction Id"}}


def test_number_too_large_for_a_transaction(app):
    response = app.get("/past/key", headers=past("2.99999999999999999999999"))
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "TransactionInvalid"


def test_transaction_of_another_view(app, table):
    write(app, table)
    response = app.get("/past/key", headers=past("99999.1"))
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "TransactionInvalid"


@pytest.mark.parametrize("transaction", ["99999.999999", "2.999999"])
def test_transaction_to_come(app, transaction):
    response = app.get("/past/key", headers=past(transaction))
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "TransactionPendingOrUnknown"
    assert response.headers["cache-control"] == "no-cache"


def test_pending_transaction(serve, table):
    app = serve("ledger", "--signature-interval", "1000000")
    response = app.get("/past/key", headers=past(write(app, table)))
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "TransactionPendingOrUnknown"
    assert response.headers["cache-control"] == "no-cache"


# States that are fetched


def test_state_that_is_being_fetched(slow, table):
    transaction = write(slow, table)
    for _ in range(DELAY):
        response = slow.get(f"/past/{table}", headers=past(transaction))
        assert response.status_code == 202
        assert response.headers["retry-after"] == "3"
        assert response.headers["content-type"] == "text/plain"
        assert response.text == f"Historical transaction {transaction} is not currently available."
    assert read_past(slow, transaction, table)["value"] == "value"
    assert read_past(slow, transaction, table)["value"] == "value"


def test_receipt_that_is_being_fetched(slow, table):
    transaction = write(slow, table)
    path = f"/app/receipt?transaction_id={transaction}"
    statuses = [slow.get(path).status_code for _ in range(DELAY + 2)]
    assert statuses == [202] * DELAY + [200] * 2


# Ranges


def range_path(handle, first, last, seconds=60):
    return f"/range?{HANDLES[handle]},{first},{last},{seconds}"


def fetch_range(app, handle, first, last, seconds=60):
    """The states of a range, or None."""
    response = app.get(range_path(handle, first, last, seconds))
    assert response.status_code == 200, response.text
    return response.json()


def drop(app, handle):
    return app.delete(f"/range?{HANDLES[handle]}").json()


def written_range(app, table, count):
    """Numbers of the first and last of some transactions, of which nothing else is between."""
    transactions = [write(app, f"{table}-{number}", f"value {number}") for number in range(count)]
    return seqno_of(transactions[0]), seqno_of(transactions[-1])


def test_range_has_all_its_states_in_order(app, table):
    first, last = written_range(app, table, 10)
    states = fetch_range(app, "range", first, last)
    assert states == [
        {"transactionId": f"2.{first + number}", "entries": {f"{table}-{number}": f"value {number}"}}
        for number in range(10)
    ]


def test_range_of_one(app, table):
    first, _ = written_range(app, table, 2)
    assert [state["transactionId"] for state in fetch_range(app, "range", first, first)] == [f"2.{first}"]


def test_range_from_the_first_transaction(app, table):
    _, last = written_range(app, table, 2)
    assert len(fetch_range(app, "range", 1, last)) == last


def test_range_that_is_not_committed_yet(app, table):
    first, _ = written_range(app, table, 2)
    assert fetch_range(app, "range", first, 999999) is None


@pytest.mark.parametrize(("first", "last"), [(0, 1), (2, 1)])
def test_range_of_nothing(app, first, last):
    response = app.get(range_path("range", first, last))
    assert response.status_code == 500


def test_range_that_is_being_fetched(slow, table):
    first, last = written_range(slow, table, 3)
    answers = [fetch_range(slow, "range", first, last) for _ in range(DELAY + 2)]
    assert answers[:DELAY] == [None] * DELAY
    assert [len(states) for states in answers[DELAY:]] == [3, 3]


def test_handles_are_apart(slow, table):
    first, last = written_range(slow, table, 3)
    for _ in range(DELAY):
        fetch_range(slow, "page", first, last)
    assert fetch_range(slow, "other", first, last) is None
    assert fetch_range(slow, "page", first, last) is not None


def test_other_range_under_a_handle_takes_its_place(slow, table):
    first, last = written_range(slow, table, 3)
    for _ in range(DELAY + 1):
        states = fetch_range(slow, "later", first, last)
    assert states is not None
    assert fetch_range(slow, "later", first, first) is None
    assert fetch_range(slow, "later", first, last) is None


def test_dropped_range_is_fetched_again(slow, table):
    first, last = written_range(slow, table, 3)
    for _ in range(DELAY + 1):
        states = fetch_range(slow, "dropped", first, last)
    assert states is not None
    assert drop(slow, "dropped") is True
    assert fetch_range(slow, "dropped", first, last) is None


def test_drop_of_nothing(app):
    assert drop(app, "dropped") is False


def test_second_drop(app, table):
    first, last = written_range(app, table, 2)
    fetch_range(app, "dropped", first, last)
    assert [drop(app, "dropped"), drop(app, "dropped")] == [True, False]


def test_range_that_is_kept_for_no_time(app, table):
    first, last = written_range(app, table, 2)
    assert len(fetch_range(app, "short", first, last, 0)) == 2
    assert drop(app, "short") is False


@pytest.mark.parametrize("seconds", [2**31, 2**53])
def test_range_that_is_kept_for_long(app, table, seconds):
    first, last = written_range(app, table, 2)
    assert len(fetch_range(app, "range", first, last, seconds)) == 2
    assert drop(app, "range") is True


def test_range_holds_signatures(serve, table):
    app = serve("ledger", "--signature-interval", "2")
    transactions = [seqno_of(write(app, f"{table}-{number}")) for number in range(5)]
    states = get_when_there(app, range_path("range", transactions[0], transactions[-2])).json()
    between = [state for state in states if not state["entries"]]
    assert len(states) == transactions[-2] - transactions[0] + 1
    assert len(between) == len(states) - 4

"""The logging app's past: records as former transactions wrote them, receipts, and ranges."""

import hashlib
import json

import pytest

from hosts import REPOSITORY
from ledgers import get_when_there, past, seqno_of, transaction_of, verify

NO_SUCH_KEY = {"error": "No such key"}
TABLES = ["private", "public"]


@pytest.fixture
def app(serve):
    return serve(REPOSITORY / "apps/logging", "--historical-delay", "1")


@pytest.fixture(params=TABLES)
def path(request):
    return f"/log/{request.param}"


@pytest.fixture
def scope(table):
    """Gives each test tables of its own."""
    return f"scope={table}"


def write(app, path, scope, number, message, **more):
    return transaction_of(app.post(f"{path}?{scope}", json={"id": number, "msg": message, **more}))


def read(app, path, transaction):
    response = get_when_there(app, path, headers=past(transaction))
    assert response.status_code == 200, response.text
    return response.json()


# One transaction


def test_record_as_a_transaction_wrote_it(app, path, scope):
    transactions = [write(app, path, scope, 7, message) for message in ("one", "two", "three")]
    found = [read(app, f"{path}/historical?id=7&{scope}", transaction) for transaction in transactions]
    assert found == [{"msg": "one"}, {"msg": "two"}, {"msg": "three"}]


def test_record_that_the_transaction_did_not_write(app, path, scope):
    transaction = write(app, path, scope, 7, "here")
    assert read(app, f"{path}/historical?id=8&{scope}", transaction) == NO_SUCH_KEY


def test_record_before_it_was_removed(app, path, scope):
    transaction = write(app, path, scope, 7, "gone soon")
    app.delete(f"{path}?id=7&{scope}").raise_for_status()
    assert app.get(f"{path}?id=7&{scope}").json() == NO_SUCH_KEY
    assert read(app, f"{path}/historical?id=7&{scope}", transaction) == {"msg": "gone soon"}


def test_past_record_without_transaction(app, path):
    response = app.get(f"{path}/historical?id=7")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "TransactionInvalid"


@pytest.mark.parametrize(
    ("transaction", "code"),
    [("99999.1", "TransactionInvalid"), ("99999.999999", "TransactionPendingOrUnknown")],
)
def test_past_record_of_no_transaction(app, path, scope, transaction, code):
    write(app, path, scope, 7, "present")
    response = app.get(f"{path}/historical?id=7&{scope}", headers=past(transaction))
    assert response.status_code == 404
    assert response.json()["error"]["code"] == code


def test_past_record_is_fetched_at_first(app, path, scope):
    transaction = write(app, path, scope, 7, "fetched")
    response = app.get(f"{path}/historical?id=7&{scope}", headers=past(transaction))
    assert (response.status_code, response.headers["retry-after"]) == (202, "3")
    assert response.text == f"Historical transaction {transaction} is not currently available."


# Receipts


def test_receipt_of_a_private_record(app, scope):
    transaction = write(app, "/log/private", scope, 7, "proved")
    found = read(app, f"/log/private/historical_receipt?id=7&{scope}", transaction)
    assert found["msg"] == "proved"
    verify(found["receipt"])


def test_receipt_of_a_public_record_needs_its_message(app, scope):
    transaction = write(app, "/log/public", scope, 7, "claimed", record_claim=True)
    found = read(app, f"/log/public/historical_receipt?id=7&{scope}", transaction)
    components = found["receipt"]["leaf_components"]
    assert "claims_digest" not in components
    components["claims_digest"] = hashlib.sha256(found["msg"].encode()).hexdigest()
    verify(found["receipt"])


# Ranges


def entries(app, path, query):
    """All entries of a range, page after page."""
    found = []
    link = f"{path}/historical/range?{query}"
    while link:
        response = get_when_there(app, link)
        assert response.status_code == 200, response.text
        page = response.json()
        found += page["entries"]
        link = page.get("@nextLink")
    return found


def test_range_holds_each_record_once_and_in_order(app, path, scope):
    written = {number: [] for number in range(3)}
    for count in range(10):
        number = count % 3
        transaction = write(app, path, scope, number, f"message {count}")
        written[number].append({"seqno": seqno_of(transaction), "id": number, "msg": f"message {count}"})
    for number, expected in written.items():
        assert entries(app, path, f"id={number}&{scope}") == expected


def test_range_with_bounds(app, path, scope):
    seqnos = [seqno_of(write(app, path, scope, 7, f"message {count}")) for count in range(5)]
    found = entries(app, path, f"id=7&{scope}&from_seqno={seqnos[1]}&to_seqno={seqnos[3]}")
    assert [entry["seqno"] for entry in found] == seqnos[1:4]


def test_last_page_has_no_link(app, path, scope):
    write(app, path, scope, 7, "only")
    response = get_when_there(app, f"{path}/historical/range?id=7&{scope}")
    assert "@nextLink" not in response.json()


def test_range_is_fetched_at_first(app, path, scope):
    write(app, path, scope, 7, "fetched")
    response = app.get(f"{path}/historical/range?id=7&{scope}")
    assert (response.status_code, response.headers["retry-after"]) == (202, "1")
    assert response.headers["content-type"] == "text/plain"


def test_range_backwards_is_an_exception(app, path, scope):
    seqno = seqno_of(write(app, path, scope, 7, "present"))
    response = app.get(f"{path}/historical/range?id=7&{scope}&from_seqno={seqno}&to_seqno={seqno - 1}")
    assert response.status_code == 500


def test_range_beyond_what_is_committed_is_an_exception(app, path, scope):
    seqno = seqno_of(write(app, path, scope, 7, "present"))
    assert app.get(f"{path}/historical/range?id=7&{scope}&to_seqno={seqno + 1000000}").status_code == 500


def test_long_range_comes_in_pages(app, scope):
    first = seqno_of(write(app, "/log/private", scope, 1, "first"))
    other = json.dumps({"id": 2, "msg": "between"})
    for _ in range(2010):
        app.post(f"/log/private?{scope}", data=other).raise_for_status()
    last = seqno_of(write(app, "/log/private", scope, 1, "last"))
    path = f"/log/private/historical/range?id=1&{scope}&from_seqno={first}"
    page = get_when_there(app, path).json()
    assert [entry["msg"] for entry in page["entries"]] == ["first"]
    assert page["@nextLink"].startswith("/app/log/private/historical/range?")
    assert [entry["seqno"] for entry in entries(app, "/log/private", path.partition("?")[2])] == [first, last]

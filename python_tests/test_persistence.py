"""A host that keeps its store in a file, killed and started again."""

import sqlite3
import stat

import pytest

from hosts import TEST_APPS, Host, run_host
from hosts import arguments as host_arguments
from ledgers import node_id_of, past, receipt_of, seqno_of, transaction_of, verify

APP = TEST_APPS / "ledger"


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def start(engine, store, tmp_path):
    """Starts a host on the store; the one before is killed, without a chance to write anything."""
    running = []

    def run(*words):
        for host in running:
            host.stop()
        running.append(Host(engine, APP, tmp_path / "host.log", ("--store", str(store), *words), {}))
        return running[-1]

    yield run
    for host in running:
        host.stop()


def write(app, key, value="value"):
    return transaction_of(app.put(f"/records/{key}", data=value))


def refusal(engine, store) -> str:
    """Why a host does not start on a store."""
    answer = run_host("call", *host_arguments(engine, APP, {}), "--store", str(store), "GET", "/last")
    assert answer.exit_code == 2, answer.output
    return answer.errors


# What comes back


@pytest.mark.parametrize("value", ["", "text", "häß 😀\0", "x" * 100000], ids=len)
def test_value_survives(start, value):
    write(start(), "key", value.encode())
    assert start().get("/records/key").text == value


def test_removal_survives(start):
    app = start()
    write(app, "removed")
    write(app, "kept")
    app.delete("/records/removed")
    app = start()
    assert app.get("/records/removed").status_code == 404
    assert app.get("/records/kept").text == "value"


def test_dropped_writes_do_not_survive(start):
    assert start().put("/records/key?status=400", data="value").status_code == 400
    assert start().get("/records/key").status_code == 404


def test_each_run_adds(start):
    for number in range(3):
        write(start(), f"key{number}", str(number))
    app = start()
    assert [app.get(f"/records/key{number}").text for number in range(3)] == ["0", "1", "2"]


def test_without_a_file_nothing_survives(serve, call_app, table):
    write(serve("ledger"), table)
    assert call_app("ledger", "GET", f"/records/{table}").status == 404


# Transactions


def test_numbers_go_on_in_the_next_view(start):
    before = write(start(), "key")
    after = write(start(), "key")
    assert (before.partition(".")[0], after.partition(".")[0]) == ("2", "3")
    assert seqno_of(after) == seqno_of(before) + 1


def test_former_transaction_stays_committed(start):
    app = start()
    transaction = write(app, "key")
    app.get("/app/commit")
    status = start().get(f"/app/tx?transaction_id={transaction}").json()["status"]
    assert status == "Committed"


def test_unsigned_transaction_of_a_killed_host_is_not_lost(start):
    transaction = write(start("--signature-interval", "1000000"), "key")
    status = start().get(f"/app/tx?transaction_id={transaction}").json()["status"]
    assert status == "Committed"


def test_past_of_a_former_run(start):
    former = write(start(), "key", "former")
    app = start()
    write(app, "key", "present")
    state = app.get("/past/key", headers=past(former)).json()
    assert (state["transactionId"], state["value"], state["present"]) == (former, "former", "present")


def test_range_over_several_runs(start):
    transactions = [write(start(), "key", str(number)) for number in range(3)]
    states = start().get(f"/range?1,{seqno_of(transactions[0])},{seqno_of(transactions[-1])},60").json()
    values = {state["transactionId"]: state["entries"].get("key") for state in states if state["entries"]}
    assert values == dict(zip(transactions, ["0", "1", "2"], strict=True))


# Receipts


def test_receipt_of_a_former_run(start):
    app = start()
    transaction = write(app, "key")
    before = receipt_of(app, transaction)
    after = receipt_of(start(), transaction)
    verify(after)
    assert after == before


def test_receipt_over_several_runs(start):
    transactions = [write(start("--signature-interval", "1000000"), "key", str(number)) for number in range(3)]
    app = start()
    receipts = [receipt_of(app, transaction) for transaction in transactions]
    for receipt in receipts:
        verify(receipt)
    assert len({receipt["signature"] for receipt in receipts}) == 1


def test_node_keeps_its_key(start):
    nodes = set()
    for _ in range(2):
        app = start()
        nodes.add(node_id_of(receipt_of(app, write(app, "key"))))
    assert len(nodes) == 1


def test_claims_survive(start):
    claim = bytes(range(32))
    app = start()
    transaction = transaction_of(app.put("/claims/key", data=claim))
    receipt = receipt_of(start(), transaction)
    verify(receipt)
    assert receipt["leaf_components"]["claims_digest"] == claim.hex()


# The file


def test_only_the_owner_may_read_the_file(start, store):
    write(start(), "key")
    files = list(store.parent.glob(f"{store.name}*"))
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_one_host_at_a_time(engine, start, store):
    write(start(), "key")
    assert f"{store}: database is locked" in refusal(engine, store)


def test_file_that_is_no_store(engine, store):
    store.write_text("This is a text, and a long one, so that it can't be taken for an empty database." * 10)
    assert f"{store}: file is not a database" in refusal(engine, store)


def test_directory_that_is_missing(engine, tmp_path):
    assert "can't open the store: No such file or directory" in refusal(engine, tmp_path / "missing" / "store.db")


def change(store, sql):
    with sqlite3.connect(store) as database:
        database.execute(sql)
    database.close()


def test_transaction_that_was_taken_out(engine, start, store):
    app = start()
    seqno = seqno_of(write(app, "key"))
    write(app, "key")
    app.stop()
    change(store, f"DELETE FROM transactions WHERE seqno = {seqno}")
    assert f"the store has no transaction {seqno}" in refusal(engine, store)


@pytest.mark.parametrize(
    "assignment",
    [
        "writes = (SELECT writes FROM transactions WHERE seqno = 3)",
        "commit_evidence = 'ce:2.2:00'",
        "claims_digest = randomblob(32)",
    ],
    ids=["writes", "evidence", "claims"],
)
def test_transaction_that_was_changed(engine, start, store, assignment):
    app = start()
    assert [write(app, "key", "one"), write(app, "key", "two")] == ["2.2", "2.3"]
    app.get("/app/commit")
    app.stop()
    change(store, f"UPDATE transactions SET {assignment} WHERE seqno = 2")
    assert "the transactions of the store do not fit the signature 2.4" in refusal(engine, store)

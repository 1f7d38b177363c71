"""Receipts: proofs, which need no host to be verified, that a transaction is in the ledger."""

import base64
import copy
import hashlib

import pytest
from ccf import receipt as oracle
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from certificates import new_certificate
from ledgers import NO_CLAIMS, get_when_there, leaf_of, node_id_of, past, receipt_of, root_of, transaction_of, verify

CLAIM = hashlib.sha256(b"claim").digest()


@pytest.fixture
def app(serve):
    return serve("ledger")


def write(app, key, value="value"):
    return transaction_of(app.put(f"/records/{key}", data=value))


def verify_with_oracle(receipt):
    certificate = x509.load_pem_x509_certificate(receipt["cert"].encode())
    root = receipt.get("root_hex") or oracle.root(leaf_of(receipt["leaf_components"]).hex(), receipt["proof"])
    oracle.verify(root, receipt["signature"], certificate)


# Shape


def test_shape(app, table):
    receipt = receipt_of(app, write(app, table))
    assert set(receipt) == {"signature", "cert", "node_id", "is_signature_transaction", "leaf_components", "proof"}
    assert receipt["is_signature_transaction"] is False
    assert set(receipt["leaf_components"]) == {"write_set_digest", "commit_evidence", "claims_digest"}
    assert all(set(step) in ({"left"}, {"right"}) for step in receipt["proof"])


def test_node_id_is_the_digest_of_the_key(app, table):
    receipt = receipt_of(app, write(app, table))
    assert receipt["node_id"] == node_id_of(receipt)


def test_commit_evidence_names_the_transaction(app, table):
    transaction = write(app, table)
    receipt = receipt_of(app, transaction)
    assert receipt["leaf_components"]["commit_evidence"].startswith(f"ce:{transaction}:")


def test_commit_evidence_differs(app, table):
    evidence = {receipt_of(app, write(app, table))["leaf_components"]["commit_evidence"] for _ in range(5)}
    assert len({text.rpartition(":")[2] for text in evidence}) == 5


def test_same_writes_have_the_same_digest(app, table):
    digests = [
        receipt_of(app, write(app, key, value))["leaf_components"]["write_set_digest"]
        for key, value in [(table, "one"), (table, "one"), (table, "two"), (f"{table}-other", "one")]
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


# Verification


def test_receipt_verifies(app, table):
    verify(receipt_of(app, write(app, table)))


def test_receipt_verifies_elsewhere(app, table):
    verify_with_oracle(receipt_of(app, write(app, table)))


def test_all_receipts_of_a_ledger_verify(serve):
    app = serve("ledger", "--signature-interval", "7")
    last = [write(app, f"key{number}") for number in range(40)][-1]
    committed = int(app.get("/app/commit").json()["transaction_id"].partition(".")[2])
    assert committed <= int(last.partition(".")[2])
    receipts = [receipt_of(app, f"2.{seqno}") for seqno in range(1, committed + 1)]
    for receipt in receipts:
        verify(receipt)
        verify_with_oracle(receipt)
    assert len([receipt for receipt in receipts if receipt["is_signature_transaction"]]) >= 5


def test_receipt_of_an_old_transaction_still_verifies(app, table):
    transaction = write(app, table)
    before = receipt_of(app, transaction)
    for number in range(20):
        write(app, f"{table}-{number}")
    after = receipt_of(app, transaction)
    verify(after)
    assert after["leaf_components"] == before["leaf_components"]


CHANGES = {
    "writes": lambda receipt: receipt["leaf_components"].update(write_set_digest="11" * 32),
    "evidence": lambda receipt: receipt["leaf_components"].update(commit_evidence="ce:2.2:00"),
    "claims": lambda receipt: receipt["leaf_components"].update(claims_digest="11" * 32),
    "step left out": lambda receipt: receipt["proof"].pop(),
    "step swapped": lambda receipt: receipt["proof"].insert(0, {"left": "11" * 32}),
    "signature": lambda receipt: receipt.update(signature=receipt_signature_of_another(receipt)),
}


def receipt_signature_of_another(receipt):
    """The signature with a bit of its last byte turned."""
    signature = bytearray(base64.b64decode(receipt["signature"]))
    signature[-1] ^= 1
    return base64.b64encode(signature).decode()


@pytest.mark.parametrize("change", CHANGES)
def test_changed_receipt_does_not_verify(app, table, change):
    write(app, table)
    receipt = receipt_of(app, write(app, table))
    verify(receipt)
    changed = copy.deepcopy(receipt)
    CHANGES[change](changed)
    with pytest.raises(InvalidSignature):
        verify(changed)


def test_receipt_of_another_ledger_has_another_key(serve, table):
    ledgers = [serve("ledger"), serve("ledger", "--signature-interval", "1")]
    receipts = [receipt_of(app, write(app, table)) for app in ledgers]
    assert receipts[0]["node_id"] != receipts[1]["node_id"]
    with pytest.raises(InvalidSignature):
        verify({**receipts[0], "cert": receipts[1]["cert"]})


# Signatures


def signature_after(app, transaction):
    """The id of the first signature behind a transaction, which the host makes when somebody asks what is committed."""
    receipt_of(app, transaction)
    view, _, seqno = transaction.partition(".")
    return f"{view}.{int(seqno) + 1}"


def test_receipt_of_a_signature(app, table):
    receipt = receipt_of(app, signature_after(app, write(app, table)))
    assert set(receipt) == {"signature", "cert", "node_id", "is_signature_transaction", "root_hex"}
    assert receipt["is_signature_transaction"] is True
    verify(receipt)
    verify_with_oracle(receipt)


def test_signature_covers_the_transactions_before_it(app, table):
    transaction = write(app, table)
    signature = receipt_of(app, signature_after(app, transaction))
    assert root_of(receipt_of(app, transaction)).hex() == signature["root_hex"]


# Claims


def test_claims_digest_of_the_app(app, table):
    receipt = receipt_of(app, transaction_of(app.put(f"/claims/{table}", data=CLAIM)))
    assert receipt["leaf_components"]["claims_digest"] == CLAIM.hex()
    verify(receipt)
    verify_with_oracle(receipt)


def test_transaction_without_claims(app, table):
    receipt = receipt_of(app, write(app, table))
    assert receipt["leaf_components"]["claims_digest"] == NO_CLAIMS


def test_claims_of_dropped_writes_are_nowhere(app, table):
    before = write(app, table)
    assert app.put(f"/claims/{table}?status=400", data=CLAIM).status_code == 400
    after = write(app, table)
    assert int(after.partition(".")[2]) == int(before.partition(".")[2]) + 1
    assert receipt_of(app, after)["leaf_components"]["claims_digest"] == NO_CLAIMS


# As scripts see it


def test_script_sees_the_same_receipt(app, table):
    transaction = write(app, table)
    receipt = get_when_there(app, "/receipt_of_past", headers=past(transaction)).json()
    verify(receipt)
    assert receipt["leaf_components"] == receipt_of(app, transaction)["leaf_components"]


def test_script_sees_the_receipt_of_a_signature(app, table):
    signature = signature_after(app, write(app, table))
    receipt = get_when_there(app, "/receipt_of_past", headers=past(signature)).json()
    assert receipt == receipt_of(app, signature)


# The node's key


def test_given_key_signs(serve, tmp_path, table):
    node = new_certificate("node")
    certificate, key = node.save(tmp_path, "node")
    app = serve("ledger", "--node-key", key, "--node-cert", certificate)
    receipt = receipt_of(app, write(app, table))
    assert receipt["cert"] == node.pem
    verify(receipt)


def test_key_and_certificate_of_different_nodes(call_app, tmp_path):
    certificate, _ = new_certificate("node").save(tmp_path, "node")
    _, key = new_certificate("other").save(tmp_path, "other")
    answer = call_app("ledger", "GET", "/last", "--node-key", key, "--node-cert", certificate)
    assert answer.exit_code == 2
    assert "the node's key does not fit its certificate" in answer.errors


# Built-in endpoint


@pytest.mark.parametrize(
    "query", ["", "?transaction_id=", "?transaction_id=2", "?transaction_id=2.x", "?transaction_id=0.1"]
)
def test_query_names_no_transaction(app, query):
    response = app.get(f"/app/receipt{query}")
    assert response.status_code == 400, response.text
    assert response.json()["error"]["code"] == "InvalidQueryParameterValue"


@pytest.mark.parametrize(
    ("transaction", "code"),
    [("2.999999", "TransactionPendingOrUnknown"), ("99.1", "TransactionInvalid"), ("1.1", "TransactionInvalid")],
)
def test_receipt_of_no_transaction(app, transaction, code):
    app.get("/app/commit")
    response = app.get(f"/app/receipt?transaction_id={transaction}")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == code

"""Transactions of a running host, and receipts that are verified without it."""

import base64
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from hosts import TRANSACTION_HEADER

NO_CLAIMS = "00" * 32
MOST_POLLS = 50


def transaction_of(response) -> str:
    """The id of the transaction that a response tells of."""
    assert response.ok, response.text
    return response.headers[TRANSACTION_HEADER]


def seqno_of(transaction: str) -> int:
    return int(transaction.partition(".")[2])


def past(transaction: str) -> dict[str, str]:
    """Headers of a request for a former transaction."""
    return {TRANSACTION_HEADER: transaction}


def get_when_there(host, path: str, **keywords):
    """The answer to a request that is sent again while the host says that it fetches something."""
    for _ in range(MOST_POLLS):
        response = host.get(path, **keywords)
        if response.status_code != 202:
            return response
    raise AssertionError(f"{path} was still being fetched at request {MOST_POLLS}")


def receipt_of(host, transaction: str) -> dict:
    response = get_when_there(host, f"/app/receipt?transaction_id={transaction}")
    assert response.status_code == 200, response.text
    return response.json()


def leaf_of(components: dict) -> bytes:
    """The leaf of the tree that a transaction is."""
    parts = [
        bytes.fromhex(components["write_set_digest"]),
        hashlib.sha256(components["commit_evidence"].encode()).digest(),
        bytes.fromhex(components["claims_digest"]),
    ]
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(receipt: dict) -> bytes:
    """The root of the tree that the receipt's signature is over."""
    if receipt["is_signature_transaction"]:
        return bytes.fromhex(receipt["root_hex"])
    digest = leaf_of(receipt["leaf_components"])
    for step in receipt["proof"]:
        (side, other), *more = step.items()
        assert not more, step
        pair = [digest, bytes.fromhex(other)]
        digest = hashlib.sha256(b"".join(reversed(pair) if side == "left" else pair)).digest()
    return digest


def verify(receipt: dict) -> None:
    """Raises unless the key of the receipt's certificate has signed the root."""
    key = x509.load_pem_x509_certificate(receipt["cert"].encode()).public_key()
    signature = base64.b64decode(receipt["signature"], validate=True)
    key.verify(signature, root_of(receipt), ec.ECDSA(utils.Prehashed(hashes.SHA256())))


def node_id_of(receipt: dict) -> str:
    """The id of the node that holds the certificate's key."""
    key = x509.load_pem_x509_certificate(receipt["cert"].encode()).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()

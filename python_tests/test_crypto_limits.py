"""Keys and texts for ccf.crypto that would keep a host busy. One that does it runs into the time limit of requests."""

import base64

import pytest

from crypto_app import CryptoApp

DATA = b"data"
MEBIBYTE = 1 << 20
RSA = "1.2.840.113549.1.1.1"
DSA = "1.2.840.10040.4.1"

INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT, SEQUENCE = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30


@pytest.fixture
def crypto(serve) -> CryptoApp:
    return CryptoApp(serve("crypto"))


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(digits)]) + digits + content


def integer(number: int) -> bytes:
    return der(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def object_identifier(text: str) -> bytes:
    first, second, *others = (int(number) for number in text.split("."))
    content = bytes([40 * first + second])
    for number in others:
        groups = [number >> shift & 127 for shift in range(0, max(number.bit_length(), 1), 7)]
        content += bytes([*(group | 128 for group in reversed(groups[1:])), groups[0]])
    return der(OBJECT, content)


def pem(label: str, content: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n"


def private_pem(kind: str, parameters: bytes, key: bytes) -> str:
    algorithm = der(SEQUENCE, object_identifier(kind), parameters)
    return pem("PRIVATE KEY", der(SEQUENCE, integer(0), algorithm, der(OCTET_STRING, key)))


def long_number(bits: int) -> int:
    return (1 << bits) - 1


def rsa_private_pem(n: int, e: int, *others: int) -> str:
    return private_pem(RSA, der(NULL), der(SEQUENCE, *(integer(number) for number in (0, n, e, *others))))


def rsa_public_pem(n: int, e: int) -> str:
    key = der(SEQUENCE, integer(n), integer(e))
    algorithm = der(SEQUENCE, object_identifier(RSA), der(NULL))
    return pem("PUBLIC KEY", der(SEQUENCE, algorithm, der(BIT_STRING, b"\0", key)))


PSS = {"name": "RSA-PSS", "hash": "SHA-256"}


def test_dsa_key_of_any_length_is_refused(crypto):
    number = long_number(64_000)
    parameters = der(SEQUENCE, integer(number), integer(number), integer(number // 3))
    key = private_pem(DSA, parameters, integer(number // 7))
    for algorithm in (PSS, {"name": "ECDSA", "hash": "SHA-256"}, {"name": "EdDSA"}):
        assert crypto.thrown("sign", algorithm, key, DATA).endswith(": this is no private key that is supported")


def test_private_rsa_key_of_any_length_is_refused(crypto):
    p = q = long_number(50_000)
    key = rsa_private_pem(p * q, 65537, p * q // 3, p, q, p // 3, q // 3, q // 5)
    refusal = "the numbers of the RSA key don't belong together"
    assert crypto.thrown("sign", PSS, key, DATA) == f"InternalError: Failed to sign: {refusal}"
    algorithm = {"name": "RSA-OAEP"}
    assert (
        crypto.thrown("unwrapKey", DATA, key.encode(), algorithm) == f"InternalError: Failed to unwrap key: {refusal}"
    )
    assert crypto.thrown("rsaPemToJwk", key) == f"InternalError: Failed to convert pem to jwk: {refusal}"


@pytest.mark.parametrize("place", range(7), ids=["e", "d", "p", "q", "dp", "dq", "qi"])
def test_private_rsa_key_with_one_number_of_any_length_is_refused(crypto, place):
    p, q = long_number(1024) - 104, long_number(1024) - 2
    numbers = [65537, p * q // 3, p, q, p // 3, q // 3, q // 5]
    numbers[place] = long_number(400_000)
    refusal = "InternalError: Failed to sign: the numbers of the RSA key don't belong together"
    assert crypto.thrown("sign", PSS, rsa_private_pem(p * q, *numbers), DATA) == refusal


def test_public_rsa_key_of_any_length_is_refused(crypto):
    key = rsa_public_pem(long_number(100_000), long_number(90_000))
    refusal = "the RSA key is longer than 8192 bits"
    verified = crypto.thrown("verifySignature", PSS, key, bytes(12_500), DATA)
    assert verified == f"InternalError: Failed to verify signature: {refusal}"
    wrapped = crypto.thrown("wrapKey", DATA, key.encode(), {"name": "RSA-OAEP"})
    assert wrapped == f"InternalError: Failed to wrap key: {refusal}"
    assert crypto.thrown("pubRsaPemToJwk", key) == f"InternalError: Failed to convert pem to jwk: {refusal}"


@pytest.mark.parametrize("function", ["pemToJwk", "pubPemToJwk"])
def test_text_longer_than_a_mebibyte_is_refused(crypto, function):
    refusal = "InternalError: Failed to convert pem to jwk: the PEM text is longer than 1 MiB"
    assert crypto.thrown(function, " " * (MEBIBYTE + 1)) == refusal


@pytest.mark.parametrize(
    "part",
    [
        "-----BEGIN ",
        "-----BEGIN A-----\n",
        "-----BEGIN A-----\n-----END A-----\n",
        "-----BEGIN A-----\n-----END B-----\n",
    ],
    ids=["begun", "open", "empty", "crossed"],
)
def test_text_of_many_blocks_is_no_bundle(crypto, part):
    assert crypto.value("isValidX509CertBundle", part * (MEBIBYTE // len(part))) is False


@pytest.mark.parametrize("label", ["CERTIFICATE", "PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"])
def test_deep_nesting_is_refused(crypto, label):
    content = b""
    for _ in range(50_000):
        content = der(SEQUENCE, content) if len(content) < 1000 else b"\x30\x80" + content
    text = pem(label, content)
    assert crypto.value("isValidX509CertBundle", text) is False
    assert crypto.thrown("pemToJwk", text).startswith("InternalError: Failed to convert pem to jwk: ")
    assert crypto.thrown("pubPemToJwk", text).startswith("InternalError: Failed to convert pem to jwk: ")

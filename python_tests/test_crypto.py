"""Signatures and digests of ccf.crypto, against another implementation; what all its functions have in common."""

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from certificates import new_certificate
from crypto_app import NOT_A_BUFFER, NOT_A_STRING, UNDEFINED, CryptoApp, number, private_pem, public_pem, view

DATA = b"any data \x00\xff"
HASHES = {"SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(), "SHA-512": hashes.SHA512()}
CURVES = [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()]

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
PRIVATE = {"RSA-PSS": private_pem(RSA_KEY), "ECDSA": private_pem(EC_KEY), "EdDSA": private_pem(ED_KEY)}
PUBLIC = {"RSA-PSS": public_pem(RSA_KEY), "ECDSA": public_pem(EC_KEY), "EdDSA": public_pem(ED_KEY)}

ECDSA = {"name": "ECDSA", "hash": "SHA-256"}
EDDSA = {"name": "EdDSA"}
PSS = {"name": "RSA-PSS", "hash": "SHA-256", "saltLength": 32}
ALGORITHMS = [PSS, ECDSA, EDDSA]


@pytest.fixture
def crypto(serve) -> CryptoApp:
    return CryptoApp(serve("crypto"))


@pytest.fixture(params=ALGORITHMS, ids=lambda algorithm: algorithm["name"])
def algorithm(request) -> dict:
    return request.param


def pss(hash_name: str, salt_length: int) -> padding.PSS:
    return padding.PSS(padding.MGF1(HASHES[hash_name]), salt_length=salt_length)


def size_of(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8


def der_of(signature: bytes) -> bytes:
    """The DER form of a signature that is two numbers side by side."""
    size = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))


def side_by_side(der: bytes, size: int) -> bytes:
    return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(der))


# Sign


@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_ecdsa_signature_is_two_numbers_of_the_size_of_the_curve(crypto, curve, hash_name):
    key = ec.generate_private_key(curve)
    signature = crypto.value("sign", {"name": "ECDSA", "hash": hash_name}, private_pem(key), DATA)
    assert len(signature) == 2 * size_of(curve)
    key.public_key().verify(der_of(signature), DATA, ec.ECDSA(HASHES[hash_name]))


def test_short_numbers_of_an_ecdsa_signature_are_padded(crypto):
    # One of 128 signatures has a number with a zero in front.
    signatures = [crypto.value("sign", ECDSA, PRIVATE["ECDSA"], bytes([index])) for index in range(60)]
    assert {len(signature) for signature in signatures} == {64}


@pytest.mark.parametrize("salt_length", [0, 1, 20, 32, 190])
@pytest.mark.parametrize("hash_name", HASHES)
def test_pss_signature_has_a_salt_of_the_length_asked_for(crypto, hash_name, salt_length):
    longest = padding.calculate_max_pss_salt_length(RSA_KEY, HASHES[hash_name])
    length = min(salt_length, longest)
    algorithm = {"name": "RSA-PSS", "hash": hash_name, "saltLength": length}
    signature = crypto.value("sign", algorithm, PRIVATE["RSA-PSS"], DATA)
    RSA_KEY.public_key().verify(signature, DATA, pss(hash_name, length), HASHES[hash_name])
    with pytest.raises(InvalidSignature):
        RSA_KEY.public_key().verify(signature, DATA, pss(hash_name, length + 1), HASHES[hash_name])


@pytest.mark.parametrize(
    "algorithm", [{"name": "RSA-PSS", "hash": "SHA-256"}, {**PSS, "saltLength": UNDEFINED}], ids=str
)
def test_pss_signature_has_no_salt_without_a_length(crypto, algorithm):
    signature = crypto.value("sign", algorithm, PRIVATE["RSA-PSS"], DATA)
    RSA_KEY.public_key().verify(signature, DATA, pss("SHA-256", 0), HASHES["SHA-256"])
    assert crypto.value("verifySignature", algorithm, PUBLIC["RSA-PSS"], signature, DATA) is True


@pytest.mark.parametrize("data", [b"", DATA, bytes(100_000)], ids=["empty", "short", "long"])
def test_eddsa_signature(crypto, data):
    assert crypto.value("sign", EDDSA, PRIVATE["EdDSA"], data) == ED_KEY.sign(data)


@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize("key", ["", "Jefe", "ü😀", "long " * 100], ids=["empty", "short", "wide", "long"])
def test_hmac_signature(crypto, key, hash_name):
    expected = hmac.digest(key.encode(), DATA, hash_name.replace("-", ""))
    assert crypto.value("sign", {"name": "HMAC", "hash": hash_name}, key, DATA) == expected


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY], ids=["RSA-PSS", "ECDSA"])
def test_older_forms_of_private_keys(crypto, key):
    algorithm = PSS if key is RSA_KEY else ECDSA
    pem = private_pem(key, serialization.PrivateFormat.TraditionalOpenSSL)
    signature = crypto.value("sign", algorithm, pem, DATA)
    assert crypto.value("verifySignature", algorithm, public_pem(key), signature, DATA) is True


@pytest.mark.parametrize("algorithm", [PSS, ECDSA], ids=lambda algorithm: algorithm["name"])
def test_signatures_with_randomness_never_repeat(crypto, algorithm):
    key = PRIVATE[algorithm["name"]]
    assert len({crypto.value("sign", algorithm, key, DATA) for _ in range(5)}) == 5


# Verify


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_ecdsa_signature_of_others_is_verified(crypto, curve):
    key = ec.generate_private_key(curve)
    signature = side_by_side(key.sign(DATA, ec.ECDSA(hashes.SHA256())), size_of(curve))
    assert crypto.value("verifySignature", ECDSA, public_pem(key), signature, DATA) is True


@pytest.mark.parametrize("salt_length", [0, 20, 32])
def test_pss_signature_of_others_is_verified(crypto, salt_length):
    signature = RSA_KEY.sign(DATA, pss("SHA-256", salt_length), hashes.SHA256())
    found = [
        crypto.value("verifySignature", {**PSS, "saltLength": length}, PUBLIC["RSA-PSS"], signature, DATA)
        for length in (0, 20, 32)
    ]
    assert found == [length == salt_length for length in (0, 20, 32)]


def test_eddsa_signature_of_others_is_verified(crypto):
    assert crypto.value("verifySignature", EDDSA, PUBLIC["EdDSA"], ED_KEY.sign(DATA), DATA) is True


def test_example_of_an_eddsa_signature(crypto):
    # RFC 8032, 7.1, test 2.
    key = ed25519.Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    expected = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert crypto.value("sign", EDDSA, private_pem(key), b"\x72").hex() == expected


def test_certificate_is_a_key_to_verify_with(crypto):
    signer = new_certificate("signer")
    signature = side_by_side(signer.key.sign(DATA, ec.ECDSA(hashes.SHA256())), 32)
    bundle = signer.pem + new_certificate("other").pem
    assert crypto.value("verifySignature", ECDSA, signer.pem, signature, DATA) is True
    assert crypto.value("verifySignature", ECDSA, bundle, signature, DATA) is True


def test_signature_of_other_data_is_false(crypto, algorithm):
    name = algorithm["name"]
    signature = crypto.value("sign", algorithm, PRIVATE[name], DATA)
    assert crypto.value("verifySignature", algorithm, PUBLIC[name], signature, DATA) is True
    assert crypto.value("verifySignature", algorithm, PUBLIC[name], signature, DATA + b"x") is False


def test_changed_signature_is_false(crypto, algorithm):
    name = algorithm["name"]
    signature = crypto.value("sign", algorithm, PRIVATE[name], DATA)
    changed = [
        signature[:-1] + bytes([signature[-1] ^ 1]),
        bytes([signature[0] ^ 1]) + signature[1:],
        signature[:-1],
        signature + b"\x00",
        bytes(len(signature)),
        b"\xff" * len(signature),
        b"",
    ]
    found = [crypto.value("verifySignature", algorithm, PUBLIC[name], text, DATA) for text in changed]
    assert found == [False] * len(changed)


def test_der_form_of_an_ecdsa_signature_is_false(crypto):
    signature = EC_KEY.sign(DATA, ec.ECDSA(hashes.SHA256()))
    assert crypto.value("verifySignature", ECDSA, PUBLIC["ECDSA"], signature, DATA) is False


def test_signature_of_another_key_is_false(crypto):
    signature = crypto.value("sign", ECDSA, PRIVATE["ECDSA"], DATA)
    other = ec.generate_private_key(ec.SECP256R1())
    assert crypto.value("verifySignature", ECDSA, public_pem(other), signature, DATA) is False


# Keys and algorithms that don't work


NO_HASH_TO_SIGN = "RangeError: Unsupported hash algorithm, supported: SHA-256, SHA-384, SHA-512"
NO_HASH_TO_VERIFY = "RangeError: Unsupported hash algorithm, supported: SHA-256"
NO_NAME_TO_SIGN = "RangeError: Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA, HMAC"
NO_NAME_TO_VERIFY = "RangeError: Unsupported signing algorithm, supported: RSA-PSS, ECDSA, EdDSA"


@pytest.mark.parametrize("hash_name", ["SHA-1", "sha-256", "", 256, None, UNDEFINED], ids=str)
@pytest.mark.parametrize("name", ["RSA-PSS", "ECDSA", "HMAC"])
def test_hash_that_does_not_exist(crypto, name, hash_name):
    assert crypto.thrown("sign", {"name": name, "hash": hash_name}, "key", DATA) == NO_HASH_TO_SIGN


@pytest.mark.parametrize("hash_name", ["SHA-384", "SHA-512", "SHA-1", UNDEFINED], ids=str)
@pytest.mark.parametrize("name", ["RSA-PSS", "ECDSA"])
def test_hash_that_is_not_verified(crypto, name, hash_name):
    thrown = crypto.thrown("verifySignature", {"name": name, "hash": hash_name}, "key", DATA, DATA)
    assert thrown == NO_HASH_TO_VERIFY


@pytest.mark.parametrize("name", ["RSASSA-PKCS1-v1_5", "ecdsa", "", 1, None, UNDEFINED], ids=str)
def test_algorithm_that_does_not_exist(crypto, name):
    algorithm = {"name": name, "hash": "SHA-256"}
    assert crypto.thrown("sign", algorithm, "key", DATA) == NO_NAME_TO_SIGN
    assert crypto.thrown("verifySignature", algorithm, "key", DATA, DATA) == NO_NAME_TO_VERIFY


def test_hmac_is_not_verified(crypto):
    algorithm = {"name": "HMAC", "hash": "SHA-256"}
    assert crypto.thrown("verifySignature", algorithm, "key", DATA, DATA) == NO_NAME_TO_VERIFY


UNFIT_KEYS = {
    "empty": "",
    "text": "no key",
    "begun": "-----BEGIN PRIVATE KEY-----\nAAAA",
    "nonsense": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "public": PUBLIC["ECDSA"],
    "agreement": private_pem(x25519.X25519PrivateKey.generate()),
    "encrypted": ED_KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    ).decode(),
    "curve": private_pem(ec.generate_private_key(ec.SECP224R1())),
    "dsa": private_pem(dsa.generate_private_key(1024)),
}


@pytest.mark.parametrize("key", UNFIT_KEYS)
def test_key_that_does_not_sign(crypto, algorithm, key):
    prefix = "Failed to sign with EdDSA pair" if algorithm is EDDSA else "Failed to sign"
    assert crypto.thrown("sign", algorithm, UNFIT_KEYS[key], DATA).startswith(f"InternalError: {prefix}: ")


@pytest.mark.parametrize("key", [*UNFIT_KEYS, "private", "certificate"])
def test_key_that_does_not_verify(crypto, algorithm, key):
    keys = {
        **UNFIT_KEYS,
        "public": public_pem(x25519.X25519PrivateKey.generate()),
        "private": PRIVATE[algorithm["name"]],
        "certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }
    thrown = crypto.thrown("verifySignature", algorithm, keys[key], DATA, DATA)
    assert thrown.startswith("InternalError: Failed to verify signature: ")


def test_key_of_another_algorithm(crypto, algorithm):
    for other in ALGORITHMS:
        if other is not algorithm:
            thrown = crypto.thrown("sign", algorithm, PRIVATE[other["name"]], DATA)
            assert thrown.startswith("InternalError: Failed to sign"), other
            thrown = crypto.thrown("verifySignature", algorithm, PUBLIC[other["name"]], DATA, DATA)
            assert thrown.startswith("InternalError: Failed to verify signature: "), other


@pytest.mark.parametrize("length", [-1, 0.5, 223, 1 << 16, 1 << 40, "32", None, number("NaN")], ids=str)
def test_salt_length_that_is_not_possible(crypto, length):
    thrown = crypto.thrown("sign", {**PSS, "saltLength": length}, PRIVATE["RSA-PSS"], DATA)
    assert thrown.startswith("InternalError: Failed to sign: ")


# Digests


@pytest.mark.parametrize("data", [b"", DATA, bytes(range(256)) * 1000], ids=["empty", "short", "long"])
def test_digest(crypto, data):
    assert crypto.value("digest", "SHA-256", data) == hashlib.sha256(data).digest()


@pytest.mark.parametrize("name", ["SHA-384", "SHA-512", "SHA-1", "sha-256", ""])
def test_digest_that_does_not_exist(crypto, name):
    assert crypto.thrown("digest", name, DATA) == "RangeError: unsupported digest algorithm, supported: SHA-256"


# All functions


COUNTS = {
    "sign": "3",
    "verifySignature": "4",
    "generateAesKey": "1",
    "generateRsaKeyPair": "1 or 2",
    "generateEcdsaKeyPair": "1",
    "generateEddsaKeyPair": "1",
    "wrapKey": "3",
    "unwrapKey": "3",
    "digest": "2",
    "isValidX509CertBundle": "1",
    "isValidX509CertChain": "2",
    "pubPemToJwk": "1 or 2",
    "pemToJwk": "1 or 2",
    "pubRsaPemToJwk": "1 or 2",
    "rsaPemToJwk": "1 or 2",
    "pubEddsaPemToJwk": "1 or 2",
    "eddsaPemToJwk": "1 or 2",
    "pubJwkToPem": "1",
    "jwkToPem": "1",
    "pubRsaJwkToPem": "1",
    "rsaJwkToPem": "1",
    "pubEddsaJwkToPem": "1",
    "eddsaJwkToPem": "1",
}


def test_members_of_crypto(crypto):
    assert crypto.case("membersOfCrypto")["value"] == [[name, "function", name] for name in COUNTS]


@pytest.mark.parametrize("function", COUNTS)
def test_number_of_arguments(crypto, function):
    expected = COUNTS[function]
    for given in (0, int(expected[-1]) + 1):
        message = f"TypeError: Passed {given} arguments, but expected {expected}"
        assert crypto.thrown(function, *[UNDEFINED] * given) == message


GOOD = {
    "sign": (ECDSA, PRIVATE["ECDSA"], DATA),
    "verifySignature": (ECDSA, PUBLIC["ECDSA"], DATA, DATA),
    "generateEcdsaKeyPair": ("secp256r1",),
    "generateEddsaKeyPair": ("curve25519",),
    "wrapKey": (DATA, bytes(16), {"name": "AES-KWP"}),
    "unwrapKey": (bytes(24), bytes(16), {"name": "AES-KWP"}),
    "digest": ("SHA-256", DATA),
    "isValidX509CertBundle": ("pem",),
    "isValidX509CertChain": ("pem", "pem"),
    **{function: ("pem", "kid") for function in COUNTS if function.endswith("PemToJwk") or function == "pemToJwk"},
}
ARGUMENTS = [(name, index, value) for name, given in GOOD.items() for index, value in enumerate(given)]


@pytest.mark.parametrize(
    ("function", "index"), [(name, index) for name, index, value in ARGUMENTS if isinstance(value, bytes)]
)
def test_argument_that_is_no_buffer(crypto, function, index):
    for other in (view(DATA), "text", 1, None, UNDEFINED, {}, []):
        arguments = list(GOOD[function])
        arguments[index] = other
        assert crypto.thrown(function, *arguments) == NOT_A_BUFFER, other


@pytest.mark.parametrize(
    ("function", "index"), [(name, index) for name, index, value in ARGUMENTS if isinstance(value, str)]
)
def test_argument_that_is_no_text(crypto, function, index):
    for other in (DATA, 1, None, True, {}, []):
        arguments = list(GOOD[function])
        arguments[index] = other
        assert crypto.thrown(function, *arguments) == NOT_A_STRING, other


@pytest.mark.parametrize("algorithm", [1, None, UNDEFINED, "ECDSA", DATA], ids=str)
def test_algorithm_that_is_no_object(crypto, algorithm):
    # What `undefined.name` throws is up to the engine.
    assert crypto.thrown("sign", algorithm, PRIVATE["ECDSA"], DATA).startswith(("TypeError: ", "RangeError: "))


def test_exceptions_of_getters_reach_the_script(crypto):
    assert crypto.case("getterThatThrows")["thrown"] == "Error: from the getter"
    assert crypto.case("toJsonThatThrows")["thrown"] == "Error: from toJSON"


def test_each_result_is_a_new_buffer(crypto):
    assert crypto.case("buffersAreNew")["value"] is True


@pytest.mark.parametrize(
    "function",
    [
        "digest",
        "generateAesKey",
        "generateRsaKeyPair",
        "generateEcdsaKeyPair",
        "wrapKey",
        "isValidX509CertBundle",
        "isValidX509CertChain",
    ],
)
def test_alias_does_the_same(crypto, function):
    message = f"TypeError: Passed 0 arguments, but expected {COUNTS[function]}"
    assert crypto.thrown(function, group="alias") == message
    if function in GOOD and not function.startswith("generate"):
        expected = crypto.value(function, *GOOD[function])
        assert crypto.value(function, *GOOD[function], group="alias") == expected

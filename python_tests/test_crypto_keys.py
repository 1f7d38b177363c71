"""New keys, wrapped keys and JSON Web Keys of ccf.crypto, against another implementation and published examples."""

import json

import pytest
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519

from crypto_app import NOT_A_BUFFER, UNDEFINED, CryptoApp, number, private_pem, public_pem

KEY = bytes(range(100, 140))
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def crypto(serve) -> CryptoApp:
    return CryptoApp(serve("crypto"))


def load(pair: dict[str, str]):
    """The private key of a pair, which must be one."""
    assert list(pair) == ["privateKey", "publicKey"]
    assert pair["privateKey"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert pair["publicKey"].startswith("-----BEGIN PUBLIC KEY-----\n")
    key = serialization.load_pem_private_key(pair["privateKey"].encode(), None)
    assert key.public_key() == serialization.load_pem_public_key(pair["publicKey"].encode())
    return key


# New keys


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_new_aes_keys_have_the_size_asked_for_and_never_repeat(crypto, bits):
    keys = [crypto.value("generateAesKey", bits) for _ in range(5)]
    assert [8 * len(key) for key in keys] == [bits] * 5
    assert len(set(keys)) == 5


@pytest.mark.parametrize("bits", [0, 64, 127.5, 512, -128, number("NaN"), 1 << 32], ids=str)
def test_aes_key_of_another_size(crypto, bits):
    assert crypto.thrown("generateAesKey", bits) == "RangeError: invalid key size (not one of 128, 192, 256)"


@pytest.mark.parametrize(
    ("arguments", "bits", "exponent"),
    [((2048,), 2048, 65537), ((2048, UNDEFINED), 2048, 65537), ((2056, 3), 2056, 3), ((2048, 65539), 2048, 65539)],
    ids=str,
)
def test_new_rsa_keys(crypto, arguments, bits, exponent):
    key = load(crypto.value("generateRsaKeyPair", *arguments))
    assert (key.key_size, key.public_key().public_numbers().e) == (bits, exponent)


@pytest.mark.parametrize("bits", [0, -1, 1024, 2047, 4097, 16384, 1 << 31, 1 << 32, number("NaN"), number("Infinity")])
def test_rsa_key_of_a_size_that_is_not_made(crypto, bits):
    thrown = crypto.thrown("generateRsaKeyPair", bits)
    assert thrown == "InternalError: Failed to generate RSA key pair: the size must be from 2048 to 4096 bits"


@pytest.mark.parametrize("exponent", [0, 1, 2, 65536, -3, 1 << 32, (1 << 32) + 3, number("NaN")], ids=str)
def test_rsa_key_of_an_exponent_that_does_not_work(crypto, exponent):
    thrown = crypto.thrown("generateRsaKeyPair", 2048, exponent)
    assert thrown == "InternalError: Failed to generate RSA key pair: the exponent must be odd and at least 3"


@pytest.mark.parametrize("curve", ["secp256r1", "secp384r1"])
def test_new_ecdsa_keys(crypto, curve):
    assert load(crypto.value("generateEcdsaKeyPair", curve)).curve.name == curve


@pytest.mark.parametrize(
    ("curve", "key_type"), [("curve25519", ed25519.Ed25519PrivateKey), ("x25519", x25519.X25519PrivateKey)]
)
def test_new_eddsa_keys(crypto, curve, key_type):
    assert isinstance(load(crypto.value("generateEddsaKeyPair", curve)), key_type)


@pytest.mark.parametrize("curve", ["secp256k1", "SECP256R1", "P-256", "curve25519", ""])
def test_ecdsa_curve_that_does_not_exist(crypto, curve):
    thrown = crypto.thrown("generateEcdsaKeyPair", curve)
    assert thrown == "RangeError: Unsupported curve id, supported: secp256r1, secp384r1"


@pytest.mark.parametrize("curve", ["ed25519", "X25519", "secp256r1", ""])
def test_eddsa_curve_that_does_not_exist(crypto, curve):
    thrown = crypto.thrown("generateEddsaKeyPair", curve)
    assert thrown == "RangeError: Unsupported curve id, supported: curve25519, x25519"


def test_key_pair_is_a_plain_object(crypto):
    assert crypto.case("keyPairIsPlain")["value"] == [["privateKey", "publicKey"], True]


def test_new_keys_never_repeat(crypto, call_app):
    keys = crypto.case("manyNewKeys")["value"] + crypto.case("manyNewKeys")["value"]
    for _ in range(2):
        answer = call_app("crypto", "GET", "/case/manyNewKeys")
        assert answer.status == 200
        keys += json.loads(answer.body)["value"]
    assert len(keys) == len(set(keys)) == 80


def test_what_the_top_level_draws_is_new_for_each_request(serve, call_app):
    host = serve("crypto_at_top_level")
    answers = [host.get("/values").json() for _ in range(2)]
    answers.append(json.loads(call_app("crypto_at_top_level", "GET", "/values").body))
    for name in answers[0]:
        assert len({json.dumps(answer[name]) for answer in answers}) == 3, name


@pytest.mark.parametrize("arguments", [(), (2048,)], ids=["size", "exponent"])
def test_number_of_an_rsa_key_that_is_no_number(crypto, arguments):
    assert crypto.thrown("generateRsaKeyPair", *arguments, "2048") == "TypeError: Argument must be a number"


# Wrapped keys


def oaep(label: bytes | None) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label)


LABELS = [{}, {"label": UNDEFINED}, {"label": b""}, {"label": b"a label"}]


def label_of(parameters: dict) -> bytes | None:
    label = parameters.get("label")
    return label if isinstance(label, bytes) else None


@pytest.mark.parametrize("parameters", LABELS, ids=str)
def test_oaep_wraps_for_others(crypto, parameters):
    wrapped = crypto.value("wrapKey", KEY, public_pem(RSA_KEY).encode(), {"name": "RSA-OAEP", **parameters})
    assert RSA_KEY.decrypt(wrapped, oaep(label_of(parameters))) == KEY


@pytest.mark.parametrize("parameters", LABELS, ids=str)
def test_oaep_unwraps_what_others_wrap(crypto, parameters):
    wrapped = RSA_KEY.public_key().encrypt(KEY, oaep(label_of(parameters)))
    algorithm = {"name": "RSA-OAEP", **parameters}
    assert crypto.value("unwrapKey", wrapped, private_pem(RSA_KEY).encode(), algorithm) == KEY


# RFC 5649, 6.
KWP_KEY = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"
KWP_EXAMPLES = [
    ("c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"),
    ("466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"),
]


@pytest.mark.parametrize(("key", "wrapped"), KWP_EXAMPLES)
def test_examples_of_aes_key_wrapping(crypto, key, wrapped):
    algorithm, wrapping_key = {"name": "AES-KWP"}, bytes.fromhex(KWP_KEY)
    assert crypto.value("wrapKey", bytes.fromhex(key), wrapping_key, algorithm).hex() == wrapped
    assert crypto.value("unwrapKey", bytes.fromhex(wrapped), wrapping_key, algorithm).hex() == key


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("size", [1, 8, 9, 16, 32, 1000])
def test_aes_wraps_keys_of_any_size(crypto, size, bits):
    key, wrapping_key = bytes(range(250)) * 4, bytes(range(bits // 8))
    wrapped = crypto.value("wrapKey", key[:size], wrapping_key, {"name": "AES-KWP"})
    assert wrapped == keywrap.aes_key_wrap_with_padding(wrapping_key, key[:size])
    assert crypto.value("unwrapKey", wrapped, wrapping_key, {"name": "AES-KWP"}) == key[:size]


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("parameters", LABELS, ids=str)
def test_rsa_wraps_the_aes_key_that_wraps_the_key(crypto, parameters, bits):
    algorithm = {"name": "RSA-OAEP-AES-KWP", "aesKeySize": bits, **parameters}
    wrapped = crypto.value("wrapKey", KEY, public_pem(RSA_KEY).encode(), algorithm)
    aes_key = RSA_KEY.decrypt(wrapped[:256], oaep(label_of(parameters)))
    assert 8 * len(aes_key) == bits
    assert keywrap.aes_key_unwrap_with_padding(aes_key, wrapped[256:]) == KEY
    assert crypto.value("unwrapKey", wrapped, private_pem(RSA_KEY).encode(), algorithm) == KEY


def test_key_wrapped_by_others_in_two_steps_is_unwrapped(crypto):
    aes_key = bytes(range(32))
    wrapped = RSA_KEY.public_key().encrypt(aes_key, oaep(b"label"))
    wrapped += keywrap.aes_key_wrap_with_padding(aes_key, KEY)
    algorithm = {"name": "RSA-OAEP-AES-KWP", "aesKeySize": 256, "label": b"label"}
    assert crypto.value("unwrapKey", wrapped, private_pem(RSA_KEY).encode(), algorithm) == KEY


@pytest.mark.parametrize("name", ["RSA-OAEP", "RSA-OAEP-AES-KWP"])
def test_keys_wrapped_with_randomness_never_repeat(crypto, name):
    algorithm = {"name": name, "aesKeySize": 256}
    assert len({crypto.value("wrapKey", KEY, public_pem(RSA_KEY).encode(), algorithm) for _ in range(3)}) == 3


@pytest.mark.parametrize("name", ["ROT13", "rsa-oaep", "", 1, None, UNDEFINED], ids=str)
def test_wrapping_that_does_not_exist(crypto, name):
    supported = "supported: RSA-OAEP, AES-KWP, RSA-OAEP-AES-KWP"
    thrown = crypto.thrown("wrapKey", KEY, KEY, {"name": name})
    assert thrown == f"RangeError: unsupported key wrapping algorithm, {supported}"
    thrown = crypto.thrown("unwrapKey", KEY, KEY, {"name": name})
    assert thrown == f"RangeError: unsupported key unwrapping algorithm, {supported}"


@pytest.mark.parametrize("name", ["RSA-OAEP", "RSA-OAEP-AES-KWP"])
@pytest.mark.parametrize("label", ["text", 1, None, {}], ids=str)
def test_label_that_is_no_buffer(crypto, label, name):
    algorithm = {"name": name, "aesKeySize": 256, "label": label}
    assert crypto.thrown("wrapKey", KEY, public_pem(RSA_KEY).encode(), algorithm) == NOT_A_BUFFER


EC_KEY = ec.generate_private_key(ec.SECP256R1())
AES_WRAPPING = {"name": "AES-KWP"}
RSA_WRAPPING = {"name": "RSA-OAEP"}
BOTH_WRAPPING = {"name": "RSA-OAEP-AES-KWP", "aesKeySize": 256}
RSA_PUBLIC, RSA_PRIVATE = public_pem(RSA_KEY).encode(), private_pem(RSA_KEY).encode()


@pytest.mark.parametrize(
    ("key", "wrapping_key", "algorithm"),
    [
        (bytes(191), RSA_PUBLIC, RSA_WRAPPING),
        (KEY, RSA_PRIVATE, RSA_WRAPPING),
        (KEY, public_pem(EC_KEY).encode(), RSA_WRAPPING),
        (KEY, b"", RSA_WRAPPING),
        (KEY, b"\xff\xfe", BOTH_WRAPPING),
        (KEY, RSA_PUBLIC, {"name": "RSA-OAEP-AES-KWP"}),
        (KEY, RSA_PUBLIC, {"name": "RSA-OAEP-AES-KWP", "aesKeySize": 100}),
        (b"", RSA_PUBLIC, BOTH_WRAPPING),
        (b"", bytes(16), AES_WRAPPING),
        (bytes((1 << 20) + 1), bytes(16), AES_WRAPPING),
        (KEY, b"", AES_WRAPPING),
        (KEY, bytes(15), AES_WRAPPING),
    ],
    ids=[
        "key too long for RSA",
        "private key",
        "EC key",
        "no key",
        "key of other bytes",
        "no AES size",
        "AES size that does not exist",
        "nothing to wrap in two steps",
        "nothing to wrap",
        "too much to wrap",
        "no AES key",
        "short AES key",
    ],
)
def test_key_that_is_not_wrapped(crypto, key, wrapping_key, algorithm):
    assert crypto.thrown("wrapKey", key, wrapping_key, algorithm).startswith("InternalError: Failed to wrap key: ")


def changed(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


RSA_WRAPPED = RSA_KEY.public_key().encrypt(KEY, oaep(b"label"))
AES_WRAPPED = keywrap.aes_key_wrap_with_padding(bytes(16), KEY)
BOTH_WRAPPED = RSA_KEY.public_key().encrypt(bytes(16), oaep(None)) + AES_WRAPPED


@pytest.mark.parametrize(
    ("wrapped", "unwrapping_key", "algorithm"),
    [
        (changed(RSA_WRAPPED), RSA_PRIVATE, {**RSA_WRAPPING, "label": b"label"}),
        (RSA_WRAPPED, RSA_PRIVATE, {**RSA_WRAPPING, "label": b"other"}),
        (RSA_WRAPPED, RSA_PRIVATE, RSA_WRAPPING),
        (RSA_WRAPPED, RSA_PUBLIC, {**RSA_WRAPPING, "label": b"label"}),
        (RSA_WRAPPED, private_pem(OTHER_RSA_KEY).encode(), {**RSA_WRAPPING, "label": b"label"}),
        (RSA_WRAPPED, private_pem(EC_KEY).encode(), {**RSA_WRAPPING, "label": b"label"}),
        (b"", RSA_PRIVATE, RSA_WRAPPING),
        (changed(AES_WRAPPED), bytes(16), AES_WRAPPING),
        (AES_WRAPPED, bytes(24), AES_WRAPPING),
        (AES_WRAPPED[:-1], bytes(16), AES_WRAPPING),
        (b"", bytes(16), AES_WRAPPING),
        (AES_WRAPPED, b"", AES_WRAPPING),
        (changed(BOTH_WRAPPED), RSA_PRIVATE, BOTH_WRAPPING),
        (BOTH_WRAPPED[:255], RSA_PRIVATE, BOTH_WRAPPING),
        (BOTH_WRAPPED[:256], RSA_PRIVATE, BOTH_WRAPPING),
        (BOTH_WRAPPED, RSA_PRIVATE, {**BOTH_WRAPPING, "label": b"other"}),
    ],
    ids=[
        "changed for RSA",
        "another label",
        "no label",
        "public key",
        "another RSA key",
        "EC key",
        "nothing for RSA",
        "changed for AES",
        "another AES key",
        "cut for AES",
        "nothing for AES",
        "no AES key",
        "changed in two steps",
        "part of the first step",
        "without the second step",
        "another label in two steps",
    ],
)
def test_key_that_is_not_unwrapped(crypto, wrapped, unwrapping_key, algorithm):
    thrown = crypto.thrown("unwrapKey", wrapped, unwrapping_key, algorithm)
    assert thrown.startswith("InternalError: Failed to unwrap key: ")


def test_many_keys_that_are_not_unwrapped(crypto):
    assert crypto.case("manyFailedUnwraps")["value"] == ["InternalError"]

"""JSON Web Keys of ccf.crypto, against another implementation and published examples."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519

from crypto_app import UNDEFINED, CryptoApp, base64url, private_pem, public_pem

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "secp256k1": ec.SECP256K1()}
OKP_KEYS = {"Ed25519": ed25519.Ed25519PrivateKey, "X25519": x25519.X25519PrivateKey}
# Private to JWK, public to JWK, private to PEM, public to PEM.
FUNCTIONS = {
    "EC": ("pemToJwk", "pubPemToJwk", "jwkToPem", "pubJwkToPem"),
    "RSA": ("rsaPemToJwk", "pubRsaPemToJwk", "rsaJwkToPem", "pubRsaJwkToPem"),
    "OKP": ("eddsaPemToJwk", "pubEddsaPemToJwk", "eddsaJwkToPem", "pubEddsaJwkToPem"),
}
TO_JWK = {name: family for family, names in FUNCTIONS.items() for name in names[:2]}
TO_PEM = {name: family for family, names in FUNCTIONS.items() for name in names[2:]}


def new_keys() -> dict[str, Any]:
    keys = {name: ec.generate_private_key(curve) for name, curve in CURVES.items()}
    keys |= {name: key_type.generate() for name, key_type in OKP_KEYS.items()}
    # Of an odd number of bits, so that the first byte is not full.
    return keys | {"RSA": rsa.generate_private_key(65537, 2049), "RSA, exponent 3": rsa.generate_private_key(3, 2048)}


KEYS = new_keys()


def integer(number: int, size: int = 0) -> str:
    return base64url(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def jwk_of(key) -> tuple[dict[str, str], dict[str, str]]:
    """Public and private JWK as RFC 7518 and RFC 8037 have them."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        public = {"kty": "RSA", "n": integer(numbers.public_numbers.n), "e": integer(numbers.public_numbers.e)}
        private = {"d": numbers.d, "p": numbers.p, "q": numbers.q}
        private |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        return public, {**public, **{name: integer(number) for name, number in private.items()}}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers, size = key.private_numbers(), (key.curve.key_size + 7) // 8
        curve = next(name for name, curve in CURVES.items() if curve.name == key.curve.name)
        public = {"kty": "EC", "crv": curve}
        public |= {name: integer(getattr(numbers.public_numbers, name), size) for name in "xy"}
        return public, {**public, "d": integer(numbers.private_value, size)}
    curve = next(name for name, key_type in OKP_KEYS.items() if isinstance(key, key_type))
    public = {"kty": "OKP", "crv": curve, "x": base64url(key.public_key().public_bytes_raw())}
    return public, {**public, "d": base64url(key.private_bytes_raw())}


def is_private(function: str) -> bool:
    return not function.startswith("pub")


@pytest.fixture
def crypto(serve) -> CryptoApp:
    return CryptoApp(serve("crypto"))


@pytest.fixture(params=KEYS)
def key(request):
    return KEYS[request.param]


def functions_of(key) -> tuple[str, ...]:
    return FUNCTIONS[jwk_of(key)[0]["kty"]]


# Keys of all kinds


def test_private_key_to_jwk(crypto, key):
    assert crypto.value(functions_of(key)[0], private_pem(key)) == jwk_of(key)[1]


def test_public_key_to_jwk(crypto, key):
    assert crypto.value(functions_of(key)[1], public_pem(key)) == jwk_of(key)[0]


def test_jwk_to_private_key(crypto, key):
    assert crypto.value(functions_of(key)[2], jwk_of(key)[1]) == private_pem(key)


def test_jwk_to_public_key(crypto, key):
    assert crypto.value(functions_of(key)[3], jwk_of(key)[0]) == public_pem(key)


def test_public_key_of_a_private_jwk(crypto, key):
    assert crypto.value(functions_of(key)[3], jwk_of(key)[1]) == public_pem(key)


@pytest.mark.parametrize("curve", CURVES)
def test_short_numbers_of_ec_keys_are_padded(crypto, curve):
    # The first private keys have all zeros but for the end.
    key = ec.derive_private_key(1, CURVES[curve])
    assert crypto.value("pemToJwk", private_pem(key)) == jwk_of(key)[1]
    assert crypto.value("jwkToPem", jwk_of(key)[1]) == private_pem(key)


@pytest.mark.parametrize("function", TO_JWK)
@pytest.mark.parametrize(("kid", "members"), [("a ü", {"kid": "a ü"}), ("", {"kid": ""}), (UNDEFINED, {})], ids=str)
def test_key_id(crypto, function, kid, members):
    key = next(key for key in KEYS.values() if function in functions_of(key))
    jwk = jwk_of(key)[is_private(function)]
    pem = private_pem(key) if is_private(function) else public_pem(key)
    assert crypto.value(function, pem, kid) == {**jwk, **members}


@pytest.mark.parametrize("function", TO_PEM)
def test_other_members_of_a_jwk_do_not_count(crypto, function):
    key = next(key for key in KEYS.values() if function in functions_of(key))
    jwk = {**jwk_of(key)[is_private(function)], "kid": "one", "use": "sig", "key_ops": ["sign"], "x5c": [], "alg": 1}
    pem = private_pem(key) if is_private(function) else public_pem(key)
    assert crypto.value(function, jwk) == pem


@pytest.mark.parametrize("name", ["P-256", "RSA"])
def test_older_forms_of_private_keys(crypto, name):
    key = KEYS[name]
    pem = private_pem(key, serialization.PrivateFormat.TraditionalOpenSSL)
    assert crypto.value(functions_of(key)[0], pem) == jwk_of(key)[1]


# Examples


def test_example_of_an_ec_key(crypto):
    # RFC 7517, A.2.
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    }
    assert crypto.value("pemToJwk", crypto.value("jwkToPem", jwk)) == jwk


def test_example_of_an_ed25519_key(crypto):
    # RFC 8037, A.1 and A.4.
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    }
    pem = crypto.value("eddsaJwkToPem", jwk)
    assert crypto.value("eddsaPemToJwk", pem) == jwk
    signature = crypto.value(
        "sign", {"name": "EdDSA"}, pem, b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    )
    expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert base64url(signature) == expected


# What is no key


TO_JWK_FAILED = "InternalError: Failed to convert pem to jwk: "
TO_PEM_FAILED = "InternalError: Failed to convert jwk to pem: "


@pytest.mark.parametrize("function", TO_JWK)
@pytest.mark.parametrize("pem", ["", "text", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_pem_that_is_no_key(crypto, function, pem):
    assert crypto.thrown(function, pem).startswith(TO_JWK_FAILED)


@pytest.mark.parametrize("function", TO_JWK)
def test_key_of_another_family_to_jwk(crypto, function):
    for key in KEYS.values():
        if function not in functions_of(key):
            pem = private_pem(key) if is_private(function) else public_pem(key)
            assert crypto.thrown(function, pem).startswith(TO_JWK_FAILED)


@pytest.mark.parametrize("function", TO_JWK)
def test_public_is_not_taken_for_private(crypto, function):
    key = next(key for key in KEYS.values() if function in functions_of(key))
    pem = public_pem(key) if is_private(function) else private_pem(key)
    assert crypto.thrown(function, pem).startswith(TO_JWK_FAILED)


@pytest.mark.parametrize("function", TO_PEM)
@pytest.mark.parametrize("jwk", [UNDEFINED, None, 1, "text", [], {}, {"kty": "oct"}, {"kty": None}], ids=str)
def test_value_that_is_no_jwk(crypto, function, jwk):
    assert crypto.thrown(function, jwk).startswith(TO_PEM_FAILED)


@pytest.mark.parametrize("function", TO_PEM)
def test_jwk_of_another_family(crypto, function):
    for key in KEYS.values():
        if function not in functions_of(key):
            assert crypto.thrown(function, jwk_of(key)[1]).startswith(TO_PEM_FAILED)


@pytest.mark.parametrize("value", [UNDEFINED, None, 1, "", "*", "AB==C", "AAAA" * 400], ids=str)
def test_each_member_of_a_jwk_is_needed(crypto, key, value):
    public, private = jwk_of(key)
    for function, jwk in zip(functions_of(key)[2:], (private, public), strict=True):
        for member in jwk:
            thrown = crypto.thrown(function, {**jwk, member: value})
            assert thrown.startswith(TO_PEM_FAILED), f"{function}, {member}"


@pytest.mark.parametrize("curve", [*CURVES, *OKP_KEYS])
def test_numbers_of_different_keys(crypto, curve):
    other = ec.generate_private_key(CURVES[curve]) if curve in CURVES else OKP_KEYS[curve].generate()
    jwk = {**jwk_of(KEYS[curve])[1], "d": jwk_of(other)[1]["d"]}
    assert crypto.thrown(functions_of(other)[2], jwk).startswith(TO_PEM_FAILED)


def test_numbers_of_different_rsa_keys(crypto):
    other = jwk_of(rsa.generate_private_key(65537, 2048))[1]
    for member in ("n", "p", "q"):
        jwk = {**jwk_of(KEYS["RSA"])[1], member: other[member]}
        assert crypto.thrown("rsaJwkToPem", jwk).startswith(TO_PEM_FAILED), member


@pytest.mark.parametrize("curve", CURVES)
def test_point_that_is_not_on_the_curve(crypto, curve):
    jwk = {**jwk_of(KEYS[curve])[0], "x": integer(5), "y": integer(5)}
    assert crypto.thrown("pubJwkToPem", jwk).startswith(TO_PEM_FAILED)

"""Keys, tokens and certificates in the TypeScript app: ccf.crypto and jose against another implementation."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from certificates import new_certificate
from npm_apps import npm_app

CLAIMS = {"sub": "somebody", "name": "häß", "list": [1, {"a": None}]}
SHA256 = hashes.SHA256()
PSS = padding.PSS(padding.MGF1(SHA256), salt_length=32)
P256_BYTES = 32


@pytest.fixture
def app(serve):
    return serve(npm_app("typescript"))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode_number(number: int, size: int = 0) -> str:
    return encode(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def public_pem(key) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def private_pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@dataclass
class Signer:
    """A key with the algorithm that tokens name."""

    algorithm: str
    key: Any

    def jwk(self) -> dict[str, str]:
        public = self.key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return {"kty": "RSA", "n": encode_number(numbers.n), "e": encode_number(numbers.e)}
        if isinstance(public, ec.EllipticCurvePublicKey):
            numbers = public.public_numbers()
            coordinates = {name: encode_number(getattr(numbers, name), P256_BYTES) for name in "xy"}
            return {"kty": "EC", "crv": "P-256", **coordinates}
        return {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}

    def sign(self, data: bytes) -> bytes:
        if self.algorithm == "PS256":
            return self.key.sign(data, PSS, SHA256)
        if self.algorithm == "ES256":
            numbers = decode_dss_signature(self.key.sign(data, ec.ECDSA(SHA256)))
            return b"".join(number.to_bytes(P256_BYTES, "big") for number in numbers)
        return self.key.sign(data)

    def verify(self, signature: bytes, data: bytes) -> None:
        public = self.key.public_key()
        if self.algorithm == "PS256":
            public.verify(signature, data, PSS, SHA256)
        elif self.algorithm == "ES256":
            assert len(signature) == 2 * P256_BYTES
            numbers = (int.from_bytes(half, "big") for half in (signature[:P256_BYTES], signature[P256_BYTES:]))
            public.verify(encode_dss_signature(*numbers), data, ec.ECDSA(SHA256))
        else:
            public.verify(signature, data)

    def token(self, claims: Any = None, **header: str) -> str:
        parts = ({"alg": self.algorithm, **header}, CLAIMS if claims is None else claims)
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{encode(self.sign(signed.encode()))}"


def new_key(algorithm: str):
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "PS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ed25519.Ed25519PrivateKey.generate()


SIGNERS = {name: Signer(name, new_key(name)) for name in ("ES256", "PS256", "EdDSA")}


@pytest.fixture(params=SIGNERS.values(), ids=SIGNERS)
def signer(request) -> Signer:
    return request.param


# Tokens


def test_token_is_read(app, signer):
    response = app.post("/tokens/decode", data=signer.token(kid="one"))
    assert response.json() == {"header": {"alg": signer.algorithm, "kid": "one"}, "claims": CLAIMS}


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "e30.e30", "e30.bm9uZQ.x", "e30.W10.x"])
def test_text_that_is_no_token(app, token):
    assert app.post("/tokens/decode", data=token).status_code == 400


def test_signature_of_a_token_is_verified(app, signer):
    response = app.post("/tokens/verify", json={"token": signer.token(), "key": signer.jwk()})
    assert response.json() == {"header": {"alg": signer.algorithm}, "claims": CLAIMS, "valid": True}


def test_token_with_other_claims_is_not_valid(app, signer):
    header, _, signature = signer.token().split(".")
    _, claims, _ = signer.token({"sub": "somebody else"}).split(".")
    response = app.post("/tokens/verify", json={"token": f"{header}.{claims}.{signature}", "key": signer.jwk()})
    assert response.json()["valid"] is False


def test_token_of_another_key_is_not_valid(app, signer):
    stranger = Signer(signer.algorithm, new_key(signer.algorithm))
    response = app.post("/tokens/verify", json={"token": stranger.token(), "key": signer.jwk()})
    assert response.json()["valid"] is False


def test_algorithm_that_is_not_supported(app):
    token = f"{encode(json.dumps({'alg': 'none'}).encode())}.{encode(b'{}')}."
    response = app.post("/tokens/verify", json={"token": token, "key": SIGNERS["ES256"].jwk()})
    expected = {"error": "TypeError: The algorithm 'none' is not supported"}
    assert (response.status_code, response.json()) == (400, expected)


def test_key_that_is_no_point_of_the_curve(app):
    signer = SIGNERS["ES256"]
    response = app.post("/tokens/verify", json={"token": signer.token(), "key": {**signer.jwk(), "x": encode(b"\1")}})
    assert response.status_code == 400


def test_token_is_signed(app, signer):
    request = {"algorithm": signer.algorithm, "key": private_pem(signer.key), "claims": CLAIMS}
    response = app.post("/tokens/sign", json=request)
    assert response.status_code == 200, response.text
    signed, _, signature = response.json()["token"].rpartition(".")
    header, claims = (json.loads(decode(part)) for part in signed.split("."))
    assert (header, claims) == ({"alg": signer.algorithm, "typ": "JWT"}, CLAIMS)
    signer.verify(decode(signature), signed.encode())
    with pytest.raises(InvalidSignature):
        signer.verify(decode(signature), signed.encode() + b"x")


# Keys


KINDS = ["secp256r1", "secp384r1", "curve25519", "rsa2048"]


@pytest.fixture(params=KINDS)
def keys(app, request) -> dict[str, Any]:
    response = app.post(f"/keys/{request.param}")
    assert response.status_code == 200, response.text
    return {"kind": request.param, **response.json()}


def test_new_keys_are_a_pair(keys):
    private = serialization.load_pem_private_key(keys["privateKey"].encode(), None)
    public = serialization.load_pem_public_key(keys["publicKey"].encode())
    assert private.public_key() == public


def test_new_keys_are_of_their_kind(keys):
    public = serialization.load_pem_public_key(keys["publicKey"].encode())
    kind = {
        ec.EllipticCurvePublicKey: lambda: public.curve.name,
        ed25519.Ed25519PublicKey: lambda: "curve25519",
        rsa.RSAPublicKey: lambda: f"rsa{public.key_size}",
    }
    assert [name() for cls, name in kind.items() if isinstance(public, cls)] == [keys["kind"]]


def test_keys_survive_jwk(keys):
    pem = {name: keys[name].encode() for name in ("privateKey", "publicKey", "privatePem", "publicPem")}
    assert serialization.load_pem_public_key(pem["publicPem"]) == serialization.load_pem_public_key(pem["publicKey"])
    private, again = (
        serialization.load_pem_private_key(pem[name], None).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        for name in ("privateKey", "privatePem")
    )
    assert again == private


def test_jwk_names_the_key(keys):
    assert (keys["publicJwk"]["kid"], keys["privateJwk"]["kid"]) == ("one", "one")


def test_public_jwk_holds_nothing_private(keys):
    assert keys["privateJwk"].items() >= keys["publicJwk"].items()
    assert "d" in keys["privateJwk"]
    assert "d" not in keys["publicJwk"]


def test_keys_never_repeat(app):
    assert len({app.post("/keys/secp256r1").json()["privateKey"] for _ in range(3)}) == 3


def test_kind_that_does_not_exist(app):
    assert app.post("/keys/enigma").status_code == 404


# Wrapping


RSA_KEY = new_key("PS256")
RSA_PAIR = {"publicKey": public_pem(RSA_KEY), "privateKey": private_pem(RSA_KEY)}
AES_KEY = encode(bytes(range(32)))


@pytest.mark.parametrize(
    ("keys", "parameters"),
    [
        (RSA_PAIR, {"name": "RSA-OAEP"}),
        (RSA_PAIR, {"name": "RSA-OAEP-AES-KWP", "aesKeySize": 256}),
        ({"publicKey": AES_KEY, "privateKey": AES_KEY}, {"name": "AES-KWP"}),
    ],
    ids=lambda value: value.get("name", ""),
)
def test_key_is_wrapped_and_unwrapped(app, keys, parameters):
    response = app.post("/wrap", json={**keys, "parameters": parameters})
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["size"], found["same"]) == (32, True)
    assert len(decode(found["wrapped"])) > 32


def test_wrapping_that_does_not_exist(app):
    response = app.post("/wrap", json={**RSA_PAIR, "parameters": {"name": "ROT13"}})
    assert response.status_code == 400
    assert "unsupported key wrapping algorithm, supported: RSA-OAEP, AES-KWP" in response.json()["error"]


# Digests and certificates


@pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 1000], ids=["empty", "short", "long"])
def test_digest(app, data):
    response = app.post("/digest", data=data)
    assert response.content == hashlib.sha256(data).digest()
    assert response.headers["content-type"] == "application/octet-stream"


def test_certificates(app):
    authority, stranger = new_certificate("authority"), new_certificate("stranger")
    leaf = new_certificate("leaf", authority)
    cases = {
        "trusted": ({"chain": leaf.pem, "trusted": authority.pem}, {"bundle": True, "chain": True}),
        "stranger": ({"chain": leaf.pem, "trusted": stranger.pem}, {"bundle": True, "chain": False}),
        "two": ({"chain": leaf.pem + authority.pem, "trusted": authority.pem}, {"bundle": True, "chain": True}),
    }
    found = {name: app.post("/certificates", json=request).json() for name, (request, _) in cases.items()}
    assert found == {name: expected for name, (_, expected) in cases.items()}


def test_text_that_is_no_certificate(app):
    authority = new_certificate("authority")
    assert app.post("/certificates", json={"chain": "x", "trusted": authority.pem}).json()["bundle"] is False

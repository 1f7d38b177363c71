"""Certificates and tokens for tests."""

import base64
import datetime
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID


@dataclass
class Certificate:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def id(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def save(self, directory: Path, name: str) -> tuple[str, str]:
        """Writes certificate and key, and gives their paths."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        paths = directory / f"{name}.pem", directory / f"{name}-key.pem"
        paths[0].write_text(self.pem)
        paths[1].write_bytes(key)
        return str(paths[0]), str(paths[1])


def new_certificate(name: str, issuer: Certificate | None = None) -> Certificate:
    """A certificate for this machine, signed by `issuer` or by itself; without issuer it may sign others."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    return Certificate(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


class TokenIssuer:
    """Signs tokens with an RSA key."""

    def __init__(self, name: str):
        self.name = name
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def save_public_key(self, directory: Path) -> str:
        path = directory / "token-issuer.pem"
        path.write_bytes(
            self._key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return str(path)

    def token(self, **claims) -> str:
        header = {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
        signed = b".".join(_encode(json.dumps(part).encode()) for part in (header, {"iss": self.name, **claims}))
        signature = self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (signed + b"." + _encode(signature)).decode()


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")

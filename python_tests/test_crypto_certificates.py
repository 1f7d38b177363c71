"""Certificates in ccf.crypto, made by another implementation."""

import datetime
import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from crypto_app import CryptoApp, private_pem, public_pem

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
_serial_numbers = itertools.count(1)


@dataclass
class Party:
    """The holder of a certificate."""

    key: Any
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def issue(
    name: str,
    issuer: Party | None = None,
    *,
    authority=True,
    first=NOW - DAY,
    last=NOW + DAY,
    key=None,
    path_length=None,
    extensions=(),
) -> Party:
    """A certificate, by default of an authority and current; signed by the party itself if there is no issuer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer.certificate.subject if issuer else subject,
        public_key=key.public_key(),
        serial_number=next(_serial_numbers),
        not_valid_before=first,
        not_valid_after=last,
    ).add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    signing_key = issuer.key if issuer else key
    algorithm = None if isinstance(signing_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Party(key, builder.sign(signing_key, algorithm))


ROOT = issue("root")
MIDDLE = issue("middle", ROOT)
SECOND = issue("second", MIDDLE)
LEAF = issue("leaf", SECOND, authority=False)
STRANGER = issue("stranger")


@pytest.fixture
def crypto(serve) -> CryptoApp:
    return CryptoApp(serve("crypto"))


def pem(*parties: Party) -> str:
    return "".join(party.pem for party in parties)


# Bundles


@pytest.mark.parametrize(
    "text",
    [
        pem(ROOT),
        pem(LEAF, STRANGER, ROOT),
        pem(ROOT, ROOT),
        f"some words\n{pem(LEAF)}between\n{pem(ROOT)}and after\n",
        pem(ROOT).replace("\n", "\r\n"),
        pem(issue("past", last=NOW - DAY / 2)),
    ],
    ids=["one", "unrelated", "twice", "with text around", "other line ends", "past"],
)
def test_bundle(crypto, text):
    assert crypto.value("isValidX509CertBundle", text) is True


CUT = pem(ROOT).splitlines()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        "\0",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "\n".join(CUT[:-1]),
        "\n".join(CUT[:3] + CUT[4:]),
        pem(ROOT) + "\n".join(CUT[:-1]),
        pem(ROOT) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        public_pem(ROOT.key),
        private_pem(ROOT.key),
        pem(ROOT) + public_pem(ROOT.key),
    ],
    ids=[
        "empty",
        "text",
        "zero",
        "nothing in it",
        "nonsense in it",
        "no end",
        "a line less",
        "second without end",
        "second is nonsense",
        "public key",
        "private key",
        "key as well",
    ],
)
def test_text_that_is_no_bundle(crypto, text):
    assert crypto.value("isValidX509CertBundle", text) is False
    assert crypto.value("isValidX509CertChain", text, pem(ROOT)) is False
    assert crypto.value("isValidX509CertChain", pem(MIDDLE), text) is False


# Chains


@pytest.mark.parametrize(
    ("chain", "trusted"),
    [
        ((ROOT,), (ROOT,)),
        ((MIDDLE,), (ROOT,)),
        ((LEAF, SECOND, MIDDLE), (ROOT,)),
        ((LEAF, MIDDLE, SECOND), (ROOT,)),
        ((LEAF, SECOND, MIDDLE, ROOT), (ROOT,)),
        ((LEAF, SECOND, MIDDLE, STRANGER), (STRANGER, ROOT)),
        ((LEAF, SECOND), (MIDDLE,)),
        ((LEAF,), (SECOND,)),
        ((LEAF,), (LEAF,)),
        ((LEAF,), (SECOND, MIDDLE, ROOT)),
    ],
    ids=[
        "trusted itself",
        "one step",
        "three steps",
        "in another order",
        "with the root",
        "more than needed",
        "trusted in the middle",
        "trusted before the end",
        "trusted end",
        "all trusted",
    ],
)
def test_chain_that_leads_to_trust(crypto, chain, trusted):
    assert crypto.value("isValidX509CertChain", pem(*chain), pem(*trusted)) is True


PRETENDER = issue("root")
LEAF_OF_LEAF = issue("below", LEAF, authority=False)
WITH_ROOTS_NAME = issue("leaf", PRETENDER, authority=False)


@pytest.mark.parametrize(
    ("chain", "trusted"),
    [
        ((LEAF, SECOND, MIDDLE), (STRANGER,)),
        ((LEAF, MIDDLE), (ROOT,)),
        ((LEAF,), (ROOT,)),
        ((ROOT,), (LEAF, SECOND, MIDDLE)),
        ((STRANGER, LEAF, SECOND, MIDDLE), (ROOT,)),
        ((WITH_ROOTS_NAME,), (ROOT,)),
        ((WITH_ROOTS_NAME, PRETENDER), (ROOT,)),
        ((LEAF_OF_LEAF, LEAF, SECOND, MIDDLE), (ROOT,)),
    ],
    ids=[
        "another root",
        "a gap",
        "nothing between",
        "the wrong way round",
        "the end is a stranger",
        "only the name of the root",
        "another root of the same name",
        "issuer is no authority",
    ],
)
def test_chain_that_does_not_lead_to_trust(crypto, chain, trusted):
    assert crypto.value("isValidX509CertChain", pem(*chain), pem(*trusted)) is False


def test_changed_certificate(crypto):
    der = bytearray(MIDDLE.certificate.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    changed = x509.load_der_x509_certificate(bytes(der)).public_bytes(serialization.Encoding.PEM).decode()
    assert crypto.value("isValidX509CertBundle", changed) is True
    assert crypto.value("isValidX509CertChain", changed, pem(ROOT)) is False
    assert crypto.value("isValidX509CertChain", pem(SECOND) + changed, pem(ROOT)) is False


PAST = {"first": NOW - 3 * DAY, "last": NOW - DAY}
FUTURE = {"first": NOW + DAY, "last": NOW + 3 * DAY}
FAR = {"first": datetime.datetime(1951, 1, 1), "last": datetime.datetime(9999, 12, 31, 23, 59, 59)}


@pytest.mark.parametrize("place", ["root", "middle", "leaf"])
@pytest.mark.parametrize(
    ("dates", "valid"), [(PAST, False), (FUTURE, False), (FAR, True)], ids=["past", "future", "far"]
)
def test_dates_of_each_certificate_count(crypto, dates, valid, place):
    of = {place: dates}
    root = issue("root", **of.get("root", {}))
    middle = issue("middle", root, **of.get("middle", {}))
    leaf = issue("leaf", middle, authority=False, **of.get("leaf", {}))
    assert crypto.value("isValidX509CertChain", pem(leaf, middle), pem(root)) is valid


def test_renewed_certificate_takes_the_place_of_the_old_one(crypto):
    old = issue("root", **PAST)
    new = issue("root", key=old.key)
    leaf = issue("leaf", new, authority=False)
    for trusted in (pem(old, new), pem(new, old)):
        assert crypto.value("isValidX509CertChain", pem(leaf), trusted) is True


def test_allowed_length_of_a_chain_counts(crypto):
    root = issue("root", path_length=0)
    middle = issue("middle", root)
    assert crypto.value("isValidX509CertChain", pem(middle), pem(root)) is True
    leaf = issue("leaf", middle, authority=False)
    assert crypto.value("isValidX509CertChain", pem(leaf, middle), pem(root)) is False


def test_critical_extension_that_nobody_knows(crypto):
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    leaf = issue("leaf", ROOT, authority=False, extensions=[unknown])
    assert crypto.value("isValidX509CertChain", pem(leaf), pem(ROOT)) is False


@pytest.mark.parametrize(
    "new_key",
    [
        lambda: rsa.generate_private_key(65537, 2048),
        lambda: ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate,
    ],
    ids=["RSA", "P-384", "Ed25519"],
)
def test_chain_of_keys_of_each_kind(crypto, new_key):
    root = issue("root", key=new_key())
    leaf = issue("leaf", root, authority=False, key=new_key())
    assert crypto.value("isValidX509CertChain", pem(leaf), pem(root)) is True
    assert crypto.value("isValidX509CertChain", pem(leaf), pem(ROOT)) is False

"""Calls functions of `ccf.crypto` in the app `crypto`."""

import base64
from typing import Any

from cryptography.hazmat.primitives import serialization

from hosts import Host

UNDEFINED = {"$undefined": True}
NOT_A_BUFFER = "TypeError: Argument must be an ArrayBuffer"
NOT_A_STRING = "TypeError: Argument must be a string"


class CryptoApp:
    """The app on a running host. Bytes are `ArrayBuffer`s of scripts."""

    def __init__(self, host: Host):
        self._host = host

    def value(self, function: str, *arguments: Any, group: str = "call") -> Any:
        """What a function returns."""
        answer = self._run(group, function, arguments)
        assert "thrown" not in answer, answer["thrown"]
        return _decode(answer.get("value"))

    def thrown(self, function: str, *arguments: Any, group: str = "call") -> str:
        """Class and message of the error that a function throws."""
        answer = self._run(group, function, arguments)
        assert answer.get("isError") is True, answer
        return answer["thrown"]

    def case(self, name: str) -> Any:
        """The result of a function of the app itself."""
        return _result(self._host.get(f"/case/{name}"))

    def _run(self, group: str, function: str, arguments: tuple) -> dict[str, Any]:
        return _result(self._host.post(f"/{group}/{function}", json=[_encode(argument) for argument in arguments]))


def view(data: bytes) -> dict[str, str]:
    """A `Uint8Array`."""
    return {"$view": data.hex()}


def number(text: str) -> dict[str, str]:
    """A number that JSON can't write."""
    return {"$number": text}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private_pem(key, form=serialization.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public_pem(key) -> str:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _result(response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def _encode(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, dict):
        return {name: _encode(member) for name, member in value.items()}
    return value


def _decode(value: Any) -> Any:
    return bytes.fromhex(value["$bytes"]) if isinstance(value, dict) and "$bytes" in value else value

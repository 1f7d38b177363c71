"""Requests to the example apps whose answers depend on nothing but the app."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hosts import REPOSITORY, TRANSACTION_HEADER, Engine, Host
from npm_apps import npm_app

MOST_TRIES = 1000


@dataclass(frozen=True)
class Ask:
    """A request, with what `requests` wants to know of it. Of a random answer only the status counts."""

    method: str
    path: str
    keywords: dict[str, Any] = field(default_factory=dict)
    random: bool = False


def get(path: str, **headers: str) -> Ask:
    return Ask("GET", path, {"headers": headers})


def post(path: str, **keywords: Any) -> Ask:
    return Ask("POST", path, keywords)


def put(path: str, **keywords: Any) -> Ask:
    return Ask("PUT", path, {**keywords, "allow_redirects": False})


def encode(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


LOGGING = [
    get("/log/private?id=7"),
    post("/log/private", json={"id": 7, "msg": "häß 😀\0"}),
    post("/log/public?scope=other", json={"id": 7, "msg": "public"}),
    get("/log/private?id=7"),
    get("/log/public?id=7&scope=other"),
    get("/log/private/count"),
    get("/log/private"),
    post("/log/private", data="no JSON"),
    post("/log/private/raw_text/8", data="raw", headers={"content-type": "text/plain"}),
    post("/log/private/raw_text/8", data="raw", headers={"content-type": "image/png"}),
    get("/custom_auth", **{"x-custom-auth-name": "somebody", "x-custom-auth-age": "40"}),
    get("/custom_auth", **{"x-custom-auth-explode": "yes"}),
    get("/multi_auth"),
    Ask("DELETE", "/log/private?id=7"),
    Ask("DELETE", "/log/private/all"),
    Ask("PATCH", "/log/private"),
    get("/no/such/path"),
]

CONTAINER = [
    get("/visits/somebody"),
    *(Ask("POST", f"/{endpoint}/somebody", random=True) for endpoint in ("fresh", "shared", "shared", "elsewhere")),
    post("/stumble/somebody"),
    get("/visits/somebody"),
    get("/fresh/somebody"),
]

TYPESCRIPT = [
    *(post(f"/converters/{name}", json={"value": 1}) for name in ("int8", "float64", "string", "json", "none")),
    post("/converters/string", json={"value": "häß"}),
    *(put(f"/items/{name}", json={"kind": "fruit", "price": number}) for number, name in enumerate(("pear", "fig"))),
    put("/items/pear/stock", json=0),
    put("/items/pear/stock", json=-1),
    put("/items/leek/stock", json=1),
    get("/items/pear"),
    get("/items/leek"),
    get("/items"),
    get("/sums"),
    get("/sold_out"),
    Ask("DELETE", "/items/fig"),
    get("/items/pear/history"),
    get("/items/pear/former"),
    get("/items/pear/former", **{TRANSACTION_HEADER: "9.9"}),
    put("/notes/one/204", data=b"\0\xff"),
    put("/notes/one/404?apply=yes", data=b"\xff"),
    put("/notes/two/302", data=b"\xff"),
    put("/notes/two/99", data=b"\xff"),
    get("/notes/one"),
    get("/notes/two"),
    get("/transactions/2/999999"),
    get("/transactions/2/-1"),
    post("/numbers/partition", json=[1, 2, 3]),
    post("/numbers/partition", json=None),
    post("/numbers/chunks/2", json=[3, 1, 2, 3]),
    get("/numbers/squares/4"),
    post("/messages/encode", json={"place": "häß", "unit": 1, "values": [0.1]}),
    post("/messages/encode", json={"place": 1}),
    post("/messages/decode", data=b"\x0a\x03abc"),
    post("/messages/decode", data=b"\x0a\x03ab"),
    post("/tokens/decode", data=f"{encode({'alg': 'none'})}.{encode({'sub': 'somebody'})}."),
    post("/tokens/decode", data="no token"),
    post("/tokens/verify", json={"token": f"{encode({'alg': 'none'})}.{encode({})}.", "key": {"kty": "EC"}}),
    post("/keys/enigma"),
    post("/digest", data=b"abc"),
    post("/certificates", json={"chain": "", "trusted": "no certificate"}),
]


@dataclass(frozen=True)
class Example:
    """An example app: where it is, and what to ask it."""

    directory: Callable[[], Path]
    asks: list[Ask]


EXAMPLES = {
    "logging": Example(lambda: REPOSITORY / "apps/logging", LOGGING),
    "container": Example(lambda: npm_app("container"), CONTAINER),
    "typescript": Example(lambda: npm_app("typescript"), TYPESCRIPT),
}


def answer(host: Host, ask: Ask) -> tuple:
    """Status, headers without the date, and body; asks again while the host fetches past states."""
    for _ in range(MOST_TRIES):
        response = host.request(ask.method, ask.path, **ask.keywords)
        if response.status_code == 202:
            continue
        if ask.random:
            return (response.status_code,)
        headers = {name.lower(): value for name, value in response.headers.items() if name.lower() != "date"}
        return response.status_code, headers, response.content
    pytest.fail(f"{ask.path} is never ready")


def answers(engine: Engine, app: Path, asks: list[Ask], log_path: Path) -> list[tuple]:
    """What a new host answers, request by request."""
    host = Host(engine, app, log_path, (), {})
    try:
        return [(ask.method, ask.path, *answer(host, ask)) for ask in asks]
    finally:
        host.stop()

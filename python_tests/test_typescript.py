"""An app in TypeScript that is made of npm packages: ccf-app, lodash, protobufjs and jose."""

import base64
import struct

import pytest

from hosts import TRANSACTION_HEADER
from npm_apps import npm_app

NO_ITEM = {"error": "There is no such item"}
PROTOBUF = "application/x-protobuf"


@pytest.fixture
def app(serve):
    return serve(npm_app("typescript"))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# Typed tables: each converter with a value and the bytes that stand for it in the store.


CONVERSIONS = {
    "bool": ("bool", True, b"\x01"),
    "bool that is false": ("bool", False, b"\0"),
    "int8": ("int8", -128, b"\x80"),
    # One byte too long in this version of the package: what is in stores already stays readable.
    "uint8": ("uint8", 255, b"\xff\0"),
    "int16": ("int16", -2, struct.pack("<h", -2)),
    "uint16": ("uint16", 65535, b"\xff\xff"),
    "int32": ("int32", -(2**31), struct.pack("<i", -(2**31))),
    "uint32": ("uint32", 4294967295, b"\xff" * 4),
    "int64": ("int64", str(-(2**63)), struct.pack("<q", -(2**63))),
    "uint64": ("uint64", str(2**64 - 1), b"\xff" * 8),
    "float32": ("float32", 1.5, struct.pack("<f", 1.5)),
    "float64": ("float64", 0.1, struct.pack("<d", 0.1)),
    "string": ("string", "häß 😀\0", "häß 😀\0".encode()),
    "empty string": ("string", "", b""),
    "json": ("json", {"a": [1, None, "ü"]}, '{"a":[1,null,"ü"]}'.encode()),
    "checked json": ("checkedJson", {"a": [1, None, "ü"]}, '{"a":[1,null,"ü"]}'.encode()),
    "array buffer": ("arrayBuffer", [1, 0, 255], b"\x01\0\xff"),
    "empty array buffer": ("arrayBuffer", [], b""),
    "typed array": ("typedArray", [1, 0, 255], b"\x01\0\xff"),
    "typed array of words": ("typedArrayOfWords", [1, 65535], b"\x01\0\xff\xff"),
}


@pytest.mark.parametrize(("converter", "value", "stored"), CONVERSIONS.values(), ids=CONVERSIONS)
def test_converter(app, converter, value, stored):
    response = app.post(f"/converters/{converter}", json={"value": value})
    assert response.status_code == 200, response.text
    assert response.json() == {"stored": encode(stored), "value": value}


REFUSED = {
    "text as number": ("uint32", "7", "TypeError: Value 7 is not a number"),
    "fraction as integer": ("int8", 1.5, "TypeError: Value 1.5 is not an integer"),
    "number out of range": ("int8", 128, "RangeError: value is not within int8 range"),
    "number as text": ("string", 7, "TypeError: Value 7 is not a string"),
    "number as boolean": ("bool", 1, "TypeError: Value 1 is not a boolean"),
    "date in checked json": (
        "checkedJsonOfDate",
        0,
        "TypeError: Value contains a Date, which cannot be converted back from JSON",
    ),
    "map in checked json": (
        "checkedJsonOfMap",
        [[1, 2]],
        "TypeError: Value contains a Map, which cannot be converted to JSON",
    ),
}


@pytest.mark.parametrize(("converter", "value", "error"), REFUSED.values(), ids=REFUSED)
def test_value_that_a_converter_refuses(app, converter, value, error):
    response = app.post(f"/converters/{converter}", json={"value": value})
    assert (response.status_code, response.json()) == (400, {"error": error})


# Items


class Items:
    """Items that no other test sees, by a prefix to their names."""

    def __init__(self, app, prefix: str):
        self.app, self.prefix = app, prefix

    def path(self, name: str, more: str = "") -> str:
        return f"/items/{self.prefix}-{name}{more}"

    def put(self, name: str, kind: str, price: int) -> str:
        """Gives the identifier of the transaction."""
        response = self.app.request("PUT", self.path(name), json={"kind": f"{self.prefix}-{kind}", "price": price})
        assert response.status_code == 204, response.text
        return response.headers[TRANSACTION_HEADER]

    def put_stock(self, name: str, count: int) -> None:
        response = self.app.request("PUT", self.path(name, "/stock"), json=count)
        assert response.status_code == 204, response.text

    def get(self, name: str) -> dict:
        return self.app.get(self.path(name)).json()

    def own(self, names: list[str]) -> list[str]:
        """Those of the names that are of this test, without their prefix."""
        start = f"{self.prefix}-"
        return [name.removeprefix(start) for name in names if name.startswith(start)]


@pytest.fixture
def items(app, table) -> Items:
    return Items(app, table)


def test_item_is_kept(items):
    items.put("pear", "fruit", 3)
    items.put_stock("pear", 7)
    expected = {"name": f"{items.prefix}-pear", "kind": f"{items.prefix}-fruit", "price": 3, "stock": 7}
    assert items.get("pear") == expected


def test_item_that_is_missing(items):
    response = items.app.get(items.path("pear"))
    assert (response.status_code, response.json()) == (404, NO_ITEM)


def test_item_is_deleted_with_its_stock(items):
    items.put("pear", "fruit", 3)
    items.put_stock("pear", 7)
    assert items.app.delete(items.path("pear")).status_code == 204
    assert items.app.delete(items.path("pear")).status_code == 404
    items.put("pear", "fruit", 3)
    assert items.get("pear")["stock"] == 0


def test_stock_that_does_not_fit_is_an_exception(items):
    items.put("pear", "fruit", 3)
    assert items.app.request("PUT", items.path("pear", "/stock"), json=-1).status_code == 500
    assert items.get("pear")["stock"] == 0


def test_items_are_listed_by_name(items):
    for name in ("pear", "apple", "fig"):
        items.put(name, "fruit", 1)
    names = [item["name"] for item in items.app.get("/items").json()]
    assert items.own(names) == ["apple", "fig", "pear"]


def test_typed_set(items):
    for name in ("pear", "apple", "fig"):
        items.put(name, "fruit", 1)
        items.put_stock(name, 0)
    items.put_stock("fig", 1)
    assert items.own(items.app.get("/sold_out").json()) == ["apple", "pear"]


def test_sums_by_kind(items):
    for name, kind, price, stock in (("pear", "fruit", 3, 2), ("leek", "green", 2, 5), ("fig", "fruit", 1, 10)):
        items.put(name, kind, price)
        items.put_stock(name, stock)
    sums = items.app.get("/sums").json()
    fruit, green = (sums[f"{items.prefix}-{kind}"] for kind in ("fruit", "green"))
    assert (items.own(fruit["names"]), fruit["worth"]) == (["fig", "pear"], 16)
    assert (items.own(green["names"]), green["worth"]) == (["leek"], 10)


# The past


def get_when_ready(app, path, **keywords):
    """Asks until the host has fetched the past states that the answer needs."""
    for _ in range(1000):
        response = app.get(path, **keywords)
        if response.status_code != 202:
            return response
    pytest.fail(f"{path} is never ready")


def test_item_as_a_former_transaction_left_it(items):
    first = items.put("pear", "fruit", 1)
    second = items.put("pear", "fruit", 2)
    items.put("pear", "fruit", 3)
    for transaction, price in ((first, 1), (second, 2)):
        response = get_when_ready(items.app, items.path("pear", "/former"), headers={TRANSACTION_HEADER: transaction})
        assert response.status_code == 200, response.text
        assert response.json() == {
            "transaction": transaction,
            "item": {"kind": f"{items.prefix}-fruit", "price": price},
        }


def test_history_of_an_item(items):
    transactions = []
    for price in range(5):
        transactions.append(items.put("pear", "fruit", price))
        items.put("fig", "fruit", price)
    response = get_when_ready(items.app, items.path("pear", "/history"))
    assert response.status_code == 200, response.text
    found = [(version["transaction"], version["item"]["price"]) for version in response.json()]
    assert found == list(zip(transactions, range(5), strict=True))


# Transactions


def test_last_transaction(items):
    view, seqno = items.put("pear", "fruit", 1).split(".")
    last = items.app.get("/transactions/last").json()
    # A host may have written more than that by itself, such as a signature.
    assert (last["view"], last["seqno"] >= int(seqno)) == (int(view), True)


def test_status_of_a_transaction(items):
    view, seqno = items.put("pear", "fruit", 1).split(".")
    found = items.app.get(f"/transactions/{view}/{seqno}").json()
    assert found == {"status": "Committed", "view": int(view)}


def test_status_of_a_transaction_to_come(app):
    assert app.get("/transactions/2/999999999").json() == {"status": "Unknown", "view": None}


def test_negative_transaction(app):
    assert app.get("/transactions/2/-1").status_code == 500


@pytest.mark.parametrize(
    ("status", "query", "kept"),
    [
        (204, "", True),
        (299, "", True),
        (302, "", False),
        (404, "", False),
        (500, "", False),
        (404, "?apply=yes", True),
        (204, "?apply=no", False),
    ],
)
def test_writes_count_by_status_unless_told_otherwise(app, table, status, query, kept):
    response = app.request("PUT", f"/notes/{table}/{status}{query}", data=b"note\0", allow_redirects=False)
    assert response.status_code == status
    assert (TRANSACTION_HEADER in response.headers) == kept
    note = app.get(f"/notes/{table}")
    assert (note.status_code, note.content) == ((200, b"note\0") if kept else (404, b""))


# Lists: lodash


def test_partition(app):
    assert app.post("/numbers/partition", json=[1, 2, 3, 4, 5]).json() == [[1, 3, 5], [2, 4]]


def test_chunks_of_different_numbers(app):
    assert app.post("/numbers/chunks/2", json=[1, 2, 1, 3, 2]).json() == [[1, 2], [3]]


def test_object_of_numbers(app):
    assert app.get("/numbers/squares/3").json() == {"squares": {"0": 0, "1": 1, "2": 4}, "equal": False}


# Messages: protobufjs


MESSAGE = {
    "place": "häß",
    "unit": "KELVIN",
    "values": [0.5, -1],
    "taken": "18446744073709551615",
    "raw": base64.b64encode(b"\0\xff").decode(),
    "labels": {"a": "b"},
}
MESSAGE_BYTES = b"".join(
    (
        b"\x0a\x05" + "häß".encode(),
        b"\x10\x02",
        b"\x1a\x10" + struct.pack("<dd", 0.5, -1),
        b"\x20" + b"\xff" * 9 + b"\x01",
        b"\x2a\x02\0\xff",
        b"\x32\x06\x0a\x01a\x12\x01b",
    )
)
NO_MESSAGE = {"place": "", "unit": "METRE", "values": [], "taken": "0", "raw": "", "labels": {}}


def test_message_is_decoded(app):
    assert app.post("/messages/decode", data=MESSAGE_BYTES).json() == MESSAGE


def test_empty_message_has_defaults(app):
    assert app.post("/messages/decode", data=b"").json() == NO_MESSAGE


def test_message_is_encoded(app):
    message = {"place": "häß", "unit": 2, "values": [0.5, -1], "raw": MESSAGE["raw"], "labels": {"a": "b"}}
    response = app.post("/messages/encode", json=message)
    assert response.headers["content-type"] == PROTOBUF
    assert response.content == MESSAGE_BYTES.replace(b"\x20" + b"\xff" * 9 + b"\x01", b"")


def test_message_of_a_wrong_shape(app):
    response = app.post("/messages/encode", json={"place": 7})
    assert (response.status_code, response.json()) == (400, {"error": "place: string expected"})


def test_message_that_is_cut_off(app):
    response = app.post("/messages/decode", data=MESSAGE_BYTES[:4])
    assert response.status_code == 400
    assert response.json()["error"].startswith("index out of range")

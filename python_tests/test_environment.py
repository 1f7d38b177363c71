"""The web's globals as such, and base64. Their own rules are in `test_url.py` and `test_text_coding.py`."""

from functools import partial

import pytest

from environment_app import run_case

CLASSES = ["URL", "URLSearchParams", "TextEncoder", "TextDecoder"]


@pytest.fixture
def app(serve):
    return serve("environment")


@pytest.fixture
def case(app):
    return partial(run_case, app)


# Shape


@pytest.mark.parametrize(
    ("name", "length"),
    [("URL", 1), ("URLSearchParams", 0), ("TextEncoder", 0), ("TextDecoder", 0), ("atob", 1), ("btoa", 1)],
)
def test_property_of_the_global_object(case, name, length):
    expected = {"writable": True, "enumerable": False, "configurable": True, "name": name, "length": length}
    assert case("globalProperty", name) == expected


@pytest.mark.parametrize(
    ("name", "members"),
    [
        (
            "URL",
            {
                **dict.fromkeys(["href", "protocol", "username", "password", "host", "hostname", "port"], "accessor"),
                **dict.fromkeys(["pathname", "search", "hash"], "accessor"),
                "origin": "getter",
                "searchParams": "getter",
                "toString": "method 0",
                "toJSON": "method 0",
            },
        ),
        (
            "URLSearchParams",
            {
                **dict.fromkeys(["append", "set"], "method 2"),
                **dict.fromkeys(["delete", "get", "getAll", "has", "forEach"], "method 1"),
                **dict.fromkeys(["entries", "keys", "values", "sort", "toString"], "method 0"),
                "size": "getter",
            },
        ),
        ("TextEncoder", {"encoding": "getter", "encode": "method 0", "encodeInto": "method 2"}),
        ("TextDecoder", {"encoding": "getter", "fatal": "getter", "ignoreBOM": "getter", "decode": "method 0"}),
    ],
)
def test_members_of_objects(case, name, members):
    assert case("shownMembers", name) == members


@pytest.mark.parametrize("name", CLASSES)
def test_only_the_constructor_is_hidden(case, name):
    assert case("hiddenMembers", name) == ["constructor"]


@pytest.mark.parametrize(
    ("name", "members"),
    [("URL", {"canParse": "method 1", "parse": "method 1"}), *((name, {}) for name in CLASSES[1:])],
)
def test_members_of_classes(case, name, members):
    assert case("shownStatics", name) == members


@pytest.mark.parametrize("name", CLASSES)
def test_tag(case, name):
    assert case("tag", name) == {"value": name, "writable": False, "enumerable": False, "configurable": True}


@pytest.mark.parametrize("name", CLASSES)
def test_class_is_called_with_new(case, name):
    assert case("callWithoutNew", name) == "TypeError"


@pytest.mark.parametrize("name", CLASSES)
def test_members_refuse_other_objects(case, name):
    assert case("foreignReceiver", name) == ["TypeError"]


def test_class_can_be_extended(case):
    assert case("subclass") == ["a", True, "http://host.example/?a=1"]


# Isolation


def test_change_is_not_seen_by_the_next_request(case):
    for _ in range(2):
        assert case("changePrototypes") == [[False] * 5, '"changed"']


@pytest.mark.parametrize("name", [*CLASSES, "atob", "btoa"])
def test_global_can_be_replaced_and_deleted(case, name):
    for _ in range(2):
        assert case("replaceGlobal", name) == ["function", 5, True, False]


def test_replaced_methods_of_other_classes_are_not_used(app):
    assert app.get("/tampered").json() == {
        "visited": "a2b4",
        "href": "http://host.example/path?a=2&b=4",
        "found": "2true2",
        "first": "a",
        "joined": "http://host.example/x",
        "text": "€",
        "bytes": 0xBC,
        "read": 1,
        "base64": "YWJj",
        "error": "TypeError",
        "called": "",
    }


def test_objects_of_top_level_code(app):
    for _ in range(2):
        assert app.get("/kept").json() == [
            "https://host.example/a?b=1&c=2",
            ["b", "c", True],
            [0xC3, 0xBC],
            "あ",
            "abc",
        ]


# Base64


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("", ""),
        ("a", "YQ=="),
        ("ab", "YWI="),
        ("abc", "YWJj"),
        ("\0ÿ", "AP8="),
        ("ûÿ", "+/8="),
        (None, "bnVsbA=="),
        (12.5, "MTIuNQ=="),
    ],
)
def test_base64(case, text, encoded):
    assert case("encodeBase64", text) == encoded


@pytest.mark.parametrize("text", ["Ā", "€", "😀", "\ud800"])
def test_base64_of_characters_that_are_no_bytes(case, text):
    assert case("encodeBase64", text) == "InvalidCharacterError"


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        ("", []),
        (" \t\n\f\r", []),
        ("YQ==", [97]),
        ("YQ", [97]),
        ("YR==", [97]),
        ("Y W\nI", [97, 98]),
        ("YWI=", [97, 98]),
        ("YWJj", [97, 98, 99]),
        ("+/8=", [0xFB, 0xFF]),
        ("AP8=", [0, 0xFF]),
        (None, [158, 233, 101]),
        (12, [215]),
    ],
)
def test_text_of_base64(case, encoded, decoded):
    assert case("decodeBase64", encoded) == decoded


@pytest.mark.parametrize(
    "text",
    ["Y", "YQ=", "YQ===", "YWI==", "YWJjZ", "=", "==", "====", "YQ==YQ==", "-_8=", "YQ\v", "YQ\u00a0", "ü", "😀", "\0"],
)
def test_text_that_is_not_base64(case, text):
    assert case("decodeBase64", text) == "InvalidCharacterError"


@pytest.mark.parametrize("name", ["encodeBase64", "decodeBase64"])
def test_base64_needs_an_argument(case, name):
    assert case(name) == "TypeError"


@pytest.mark.parametrize(("name", "given"), [("btoa", "€"), ("atob", "=")])
def test_error_of_base64(case, name, given):
    expected = {"isError": True, "class": True, "name": "InvalidCharacterError", "code": 5, "enumerable": []}
    assert case("errorOf", name, given) == expected

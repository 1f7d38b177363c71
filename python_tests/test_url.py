"""`URL` and `URLSearchParams`. Expected values are those of another implementation of the standard."""

from functools import partial

import pytest

from environment_app import run_case


@pytest.fixture
def case(serve):
    return partial(run_case, serve("environment"))


# Parsing


def test_parts_of_a_url(case):
    assert case("parse", "https://user:pass@Host.Example:8443/a/b?x=1&y=2#end") == [
        "https://user:pass@host.example:8443/a/b?x=1&y=2#end",
        "https://host.example:8443",
        "https:",
        "user",
        "pass",
        "host.example:8443",
        "host.example",
        "8443",
        "/a/b",
        "?x=1&y=2",
        "#end",
    ]


def test_parts_that_are_empty(case):
    href, host = "http://host.example/?#", "host.example"
    assert case("parse", href) == [href, f"http://{host}", "http:", "", "", host, host, "", "/", "", ""]


def test_parts_of_a_url_without_host(case):
    href = "mailto:someone@host.example"
    assert case("parse", href) == [href, "null", "mailto:", "", "", "", "", "", "someone@host.example", "", ""]


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("http://host.example:80", "http://host.example/"),
        ("wss://host.example:443/", "wss://host.example/"),
        ("HTTP://EXAMPLE.com/../a/./b/../c", "http://example.com/a/c"),
        ("http://host.example/a/%2e%2E/b", "http://host.example/b"),
        ("  \thttps://host.example/a\nb ", "https://host.example/ab"),
        ("https:\\\\host.example\\a", "https://host.example/a"),
        ("https:host.example", "https://host.example/"),
        ("https://bücher.example/ü?ü#ü", "https://xn--bcher-kva.example/%C3%BC?%C3%BC#%C3%BC"),
        ("http://[2001:DB8::0:1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ('http://host.example/%zz%41 "<>`{}|\\', "http://host.example/%zz%41%20%22%3C%3E%60%7B%7D|/"),
        ("http://host.example?a'b\"c", "http://host.example/?a%27b%22c"),
        ("http://us er:p@ss@host.example/", "http://us%20er:p%40ss@host.example/"),
        ("data:text/plain,hello world#x", "data:text/plain,hello world#x"),
        ("file://localhost/a/../b", "file:///b"),
        ("custom://Host/Path?q", "custom://Host/Path?q"),
        ("custom:/.//path", "custom:/.//path"),
        ("http://host.example/\ud800", "http://host.example/%EF%BF%BD"),
    ],
)
def test_normal_form(case, text, href):
    assert case("href", text) == href


@pytest.mark.parametrize(
    ("text", "base", "href"),
    [
        ("../c?x#y", "https://host.example/a/b/d?q", "https://host.example/a/c?x#y"),
        ("//other.example/x", "https://host.example/a", "https://other.example/x"),
        ("/x", "https://host.example/a/b?q#h", "https://host.example/x"),
        ("?y", "https://host.example/a?x#h", "https://host.example/a?y"),
        ("#z", "https://host.example/a?x#h", "https://host.example/a?x#z"),
        ("", "https://host.example/a?x#h", "https://host.example/a?x"),
        ("x", "file:///a/b", "file:///a/x"),
        ("https:x", "https://host.example/a/", "https://host.example/a/x"),
        ("https:x", "http://host.example/a/", "https://x/"),
        ("\\x\\y", "https://host.example/a", "https://host.example/x/y"),
        ("#z", "mailto:a@b", "mailto:a@b#z"),
        ("https://other.example", "https://host.example/a", "https://other.example/"),
    ],
)
def test_base(case, text, base, href):
    assert case("href", text, base) == href


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://user@host.example:443/a", "https://host.example"),
        ("ws://host.example:81", "ws://host.example:81"),
        ("file:///a", "null"),
        ("data:,a", "null"),
        ("custom://host", "null"),
        ("blob:https://host.example/id", "https://host.example"),
        ("blob:ftp://host.example/id", "null"),
        ("blob:id", "null"),
    ],
)
def test_origin(case, text, origin):
    assert case("origin", text) == origin


NO_URLS = [
    "",
    "nonsense",
    "//host.example",
    "http://",
    "http://host.example:99999",
    "http://host.example:a",
    "http://a b",
    "http://[::1",
    "http://[::g]",
    "http://256.256.256.256",
    "http://%00/",
    "http://xn--/",
    "1http://a",
    "http://a<b",
    "http://\u00ad/",
]


@pytest.mark.parametrize("text", NO_URLS)
def test_text_that_is_no_url(case, text):
    assert case("parse", text) == "TypeError"


@pytest.mark.parametrize("text", NO_URLS)
def test_text_that_is_no_url_without_throwing(case, text):
    assert case("withoutThrowing", text) == [False, None]


def test_url_without_throwing(case):
    assert case("withoutThrowing", "a", "http://host.example") == [True, "http://host.example/a"]


@pytest.mark.parametrize(("text", "base"), [("a", "mailto:b"), ("a", "nonsense"), ("http://host.example", "nonsense")])
def test_base_that_can_not_be_one(case, text, base):
    assert case("withoutThrowing", text, base) == [False, None]


@pytest.mark.parametrize("name", ["parse", "withoutThrowing"])
def test_url_needs_an_argument(case, name):
    assert case(name) == "TypeError"


def test_texts_of_a_url(case):
    href = "http://host.example/"
    assert case("texts") == [href, href, href, {"url": href}, True, []]


# Setting parts


@pytest.mark.parametrize(
    ("name", "value", "href"),
    [
        ("protocol", "http", "http://user:pass@host.example:8443/a/b?x=1#end"),
        ("protocol", "ftp:x", "ftp://user:pass@host.example:8443/a/b?x=1#end"),
        ("username", "a:b@", "https://a%3Ab%40:pass@host.example:8443/a/b?x=1#end"),
        ("username", "", "https://:pass@host.example:8443/a/b?x=1#end"),
        ("password", "p q", "https://user:p%20q@host.example:8443/a/b?x=1#end"),
        ("password", "", "https://user@host.example:8443/a/b?x=1#end"),
        ("host", "other.example:1", "https://user:pass@other.example:1/a/b?x=1#end"),
        ("host", "other.example", "https://user:pass@other.example:8443/a/b?x=1#end"),
        ("host", "a/b", "https://user:pass@a:8443/a/b?x=1#end"),
        ("hostname", "[::1]", "https://user:pass@[::1]:8443/a/b?x=1#end"),
        ("port", 99, "https://user:pass@host.example:99/a/b?x=1#end"),
        ("port", "443", "https://user:pass@host.example/a/b?x=1#end"),
        ("port", "", "https://user:pass@host.example/a/b?x=1#end"),
        ("port", "99a", "https://user:pass@host.example:99/a/b?x=1#end"),
        ("pathname", "x y", "https://user:pass@host.example:8443/x%20y?x=1#end"),
        ("pathname", "/../z?#", "https://user:pass@host.example:8443/z%3F%23?x=1#end"),
        ("pathname", "", "https://user:pass@host.example:8443/?x=1#end"),
        ("search", "?z=ü", "https://user:pass@host.example:8443/a/b?z=%C3%BC#end"),
        ("search", "z#", "https://user:pass@host.example:8443/a/b?z%23#end"),
        ("search", "?", "https://user:pass@host.example:8443/a/b?#end"),
        ("search", "", "https://user:pass@host.example:8443/a/b#end"),
        ("hash", "z", "https://user:pass@host.example:8443/a/b?x=1#z"),
        ("hash", "#", "https://user:pass@host.example:8443/a/b?x=1#"),
        ("hash", "", "https://user:pass@host.example:8443/a/b?x=1"),
        ("hash", "a b`", "https://user:pass@host.example:8443/a/b?x=1#a%20b%60"),
        ("href", "other:x", "other:x"),
    ],
)
def test_set(case, name, value, href):
    assert case("set", "https://user:pass@host.example:8443/a/b?x=1#end", name, value) == href


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("protocol", "custom"),
        ("protocol", "1"),
        ("host", ""),
        ("host", "a b"),
        ("hostname", "other.example:1"),
        ("port", "a"),
        ("port", "70000"),
    ],
)
def test_value_that_a_part_can_not_have(case, name, value):
    href = "https://user:pass@host.example:8443/a/b?x=1#end"
    assert case("set", href, name, value) == href


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mailto:a", "host"),
        ("mailto:a", "pathname"),
        ("mailto:a", "username"),
        ("file:///a", "port"),
        ("file:///a", "password"),
    ],
)
def test_part_that_a_url_can_not_have(case, text, name):
    assert case("set", text, name, "5") == text


@pytest.mark.parametrize(
    ("text", "name", "value", "href"),
    [
        ("http://host.example:443/", "protocol", "https", "https://host.example/"),
        ("custom:/a", "host", "h", "custom://h/a"),
        ("custom:/a", "pathname", "//x", "custom:/.//x"),
        ("custom:/.//x", "pathname", "y", "custom:/y"),
        ("data:a b", "search", "?x", "data:a b?x"),
    ],
)
def test_set_part_of_other_urls(case, text, name, value, href):
    assert case("set", text, name, value) == href


@pytest.mark.parametrize("name", ["origin", "searchParams"])
def test_part_that_is_read_only(case, name):
    assert case("setReadOnly", name) is False


def test_url_after_a_failed_change(case):
    assert case("failedChange") == ["TypeError", "http://host.example/?a=1", "a=1"]


# Queries


@pytest.mark.parametrize(
    ("text", "pairs", "written"),
    [
        ("", [], ""),
        ("?a=b", [["a", "b"]], "a=b"),
        ("??a", [["?a", ""]], "%3Fa="),
        ("a=b=c", [["a", "b=c"]], "a=b%3Dc"),
        ("&&a&", [["a", ""]], "a="),
        ("=&=x", [["", ""], ["", "x"]], "=&=x"),
        ("a%20b=%zz%", [["a b", "%zz%"]], "a+b=%25zz%25"),
        ("a+b=c%2B", [["a b", "c+"]], "a+b=c%2B"),
        ("%F0%9F%98%80=\ud83d", [["😀", "\ufffd"]], "%F0%9F%98%80=%EF%BF%BD"),
        ("\ufeffa=%EF%BB%BFb", [["\ufeffa", "\ufeffb"]], "%EF%BB%BFa=%EF%BB%BFb"),
        ("%FF", [["\ufffd", ""]], "%EF%BF%BD="),
        ("a=1&a=2", [["a", "1"], ["a", "2"]], "a=1&a=2"),
        ("~!'()*-._ü", [["~!'()*-._ü", ""]], "%7E%21%27%28%29*-._%C3%BC="),
    ],
)
def test_query(case, text, pairs, written):
    assert case("query", text) == [pairs, written]


@pytest.mark.parametrize(
    ("init", "written"),
    [
        ([["a", "1"], ["b c", 2], ["a", None]], "a=1&b+c=2&a=null"),
        ([], ""),
        ({"b": 1, "a": "&"}, "b=1&a=%26"),
        ({}, ""),
    ],
)
def test_query_of_json(case, init, written):
    assert case("query", init)[1] == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("nothing", ""),
        ("undefined", ""),
        ("null", "null="),
        ("number", "5="),
        ("map", "a=1&b=2"),
        ("params", "a=1"),
        ("generators", "a=1"),
        ("surrogates", "%EF%BF%BD=3&b=2"),
        ("numbered", "1=2&b=1"),
        ("hidden", "a=1"),
        ("symbol", "TypeError"),
        ("symbolKey", "TypeError"),
        ("object", "TypeError"),
    ],
)
def test_query_of_other_values(case, name, written):
    assert case("queryOf", name) == written


@pytest.mark.parametrize("init", [[["a"]], [["a", "b", "c"]], ["ab"], [1], [None], [{}]])
def test_pairs_have_two_elements(case, init):
    assert case("query", init) == "TypeError"


@pytest.mark.parametrize(
    ("call", "written"),
    [
        (["append", "a", "&="], "a=1&b=2&a=3&a=%26%3D"),
        (["append", "c", None], "a=1&b=2&a=3&c=null"),
        (["delete", "a"], "b=2"),
        (["delete", "a", "3"], "a=1&b=2"),
        (["delete", "a", 3], "a=1&b=2"),
        (["delete", "a", "2"], "a=1&b=2&a=3"),
        (["set", "a", "4"], "a=4&b=2"),
        (["set", "b", "4"], "a=1&b=4&a=3"),
        (["set", "c", "4"], "a=1&b=2&a=3&c=4"),
        (["sort"], "a=1&a=3&b=2"),
    ],
)
def test_change_of_a_query(case, call, written):
    assert case("change", "a=1&b=2&a=3", *call) == [True, written]


def test_order_of_names_is_that_of_code_units(case):
    assert case("change", "z=1&\U0001f600=2&\ufffd=3&a=4&z=0", "sort")[1] == "a=4&z=1&z=0&%F0%9F%98%80=2&%EF%BF%BD=3"


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (["get", "a"], "1"),
        (["get", "c"], None),
        (["getAll", "a"], ["1", "3"]),
        (["getAll", "c"], []),
        (["has", "b"], True),
        (["has", "c"], False),
        (["has", "a", "3"], True),
        (["has", "a", 3], True),
        (["has", "a", "2"], False),
        (["toString"], "a=1&b=2&a=3"),
    ],
)
def test_question_to_a_query(case, call, answer):
    assert case("ask", "a=1&b=2&a=3", *call) == answer


def test_undefined_value_does_not_count(case):
    assert case("askForUndefined") is True


@pytest.mark.parametrize(("init", "size"), [("", 0), ("a=1&b=2&a=3", 3)])
def test_size_of_a_query(case, init, size):
    assert case("size", init) == size


@pytest.mark.parametrize(
    "call", [["append", "a"], ["set", "a"], ["delete"], ["get"], ["getAll"], ["has"], ["forEach"], ["forEach", {}]]
)
def test_arguments_of_a_query_are_needed(case, call):
    assert case("ask", "a=1", *call) == "TypeError"


def test_iterators_of_a_query(case):
    pairs = [["a", "1"], ["b", "2"], ["a", "3"]]
    names, values = ["a", "b", "a"], ["1", "2", "3"]
    tag = "[object URLSearchParams Iterator]"
    assert case("iterators") == [pairs, pairs, names, values, tag, True, True, False]


def test_iterator_sees_changes(case):
    assert case("deleteWhileIterating") == [["a", "c"], "b=2"]


def test_visitor_sees_changes(case):
    expected = [["1", "a", True, True], ["1", "more", True, True], ["2", "more", True, True]]
    assert case("appendWhileVisiting") == expected


# The query of a URL


@pytest.mark.parametrize(
    ("text", "name", "href"),
    [
        ("http://host.example/#h", "append", "http://host.example/?b=%C3%BC+%26#h"),
        ("http://host.example/?a=1&b=~", "append", "http://host.example/?a=1&b=%7E&b=%C3%BC+%26"),
        ("http://host.example/?a=1", "deleteLast", "http://host.example/"),
        ("http://host.example/?b=1&a=1", "sort", "http://host.example/?a=1&b=1"),
        ("mailto:someone?a=1", "set", "mailto:someone?a=2"),
    ],
)
def test_url_follows_its_query(case, text, name, href):
    assert case("changeParams", text, name) == href


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("search", "?b=2", "b=2"),
        ("search", "", ""),
        ("href", "http://host.example/?c=%20", "c=+"),
        ("href", "http://host.example/", ""),
        ("hash", "x", "a=1"),
        ("pathname", "?b=2", "a=1"),
    ],
)
def test_query_follows_its_url(case, name, value, written):
    assert case("paramsFollow", name, value) == [written, True]


def test_query_of_a_url_is_one_object(case):
    assert case("paramsAreReadOnly") == [False, True]


def test_change_within_a_change_is_kept(case):
    assert case("changeWhileChanging") == "http://host.example/changed#end"

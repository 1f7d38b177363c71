"""What a handler sees of its request."""

import json
import socket
from urllib.parse import quote, urlsplit

import pytest

TWO_HEADERS = {"X-First": "One", "x-second": "two  words"}


@pytest.fixture
def app(serve):
    return serve("request")


@pytest.fixture
def exact(app):
    """Sends a request target as it is given, and gives the echoed request."""
    connection = app.connection()

    def send(target, method="GET"):
        connection.request(method, target, headers={"content-length": "0"})
        response = connection.getresponse()
        text = response.read()
        assert response.status == 200, text
        return json.loads(text)

    yield send
    connection.close()


def get_case(app, name, **keywords):
    response = app.get(f"/case/{name}", **keywords)
    assert response.status_code == 200, response.text
    return response.json()


def post_case(app, name, data):
    response = app.post(f"/case/{name}", data=data)
    assert response.status_code == 200, response.text
    return response


def test_properties(app):
    expected = ["body", "caller", "headers", "hostname", "method", "params", "path", "query", "route", "url"]
    assert get_case(app, "requestKeys") == expected


def test_request_as_json(app):
    echoed = get_case(app, "requestJson")
    assert echoed["method"] == "GET"
    assert echoed["params"] == {"name": "requestJson"}
    assert echoed["caller"] == {"policy": "no_auth"}


def test_request_can_be_spread(app):
    assert get_case(app, "requestSpread", headers=TWO_HEADERS) == ["GET", "requestSpread", "One"]


def test_request_can_be_changed(app):
    assert get_case(app, "requestIsWritable", headers=TWO_HEADERS) == ["CHANGED", "changed", "new", "changed", 1]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_method(app, method):
    assert app.request(method, "/echo").json()["method"] == method


# Headers


def test_header_names_are_lower_case_and_values_verbatim(app):
    headers = app.get("/echo", headers=TWO_HEADERS).json()["headers"]
    assert headers["x-first"] == "One"
    assert headers["x-second"] == "two  words"
    assert "X-First" not in headers


def test_headers_of_one_name_are_joined(app):
    connection = app.connection()
    connection.putrequest("GET", "/echo")
    connection.putheader("x-many", "one")
    connection.putheader("X-Many", "two")
    connection.endheaders()
    headers = json.loads(connection.getresponse().read())["headers"]
    connection.close()
    assert headers["x-many"] == "one, two"


def test_in_operator_on_headers(app):
    assert get_case(app, "headerIn", headers=TWO_HEADERS) == [True, False, False]


@pytest.mark.parametrize("name", ["headerKeys", "headerForIn"])
def test_names_of_headers(app, name):
    assert sorted(get_case(app, name, headers=TWO_HEADERS)) == ["x-first", "x-second"]


def test_entries_of_headers(app):
    entries = get_case(app, "headerEntries", headers=TWO_HEADERS)
    assert sorted(entries) == [["x-first", "One"], ["x-second", "two  words"]]


def test_headers_as_json(app):
    headers = get_case(app, "headerJson", headers=TWO_HEADERS)
    assert headers["x-first"] == "One"
    assert headers["x-second"] == "two  words"


def test_headers_can_be_spread(app):
    assert get_case(app, "headerSpread", headers=TWO_HEADERS) == ["One", "two  words"]


def test_missing_header_is_undefined(app):
    assert get_case(app, "headerMissing", headers=TWO_HEADERS) == [True, True]


def test_headers_are_own_properties(app):
    assert get_case(app, "headerOwn", headers=TWO_HEADERS) == [True, False]


@pytest.mark.parametrize("name", ["constructor", "toString", "hasOwnProperty", "__proto__"])
def test_header_with_a_name_that_objects_have(app, name):
    connection = app.connection()
    connection.request("GET", "/echo", headers={name: "value"})
    headers = json.loads(connection.getresponse().read())["headers"]
    connection.close()
    assert headers[name.lower()] == "value"


# Query, path, url, route


def test_query_is_empty_when_absent(exact):
    assert exact("/echo")["query"] == ""


def test_query_is_everything_after_the_question_mark(exact):
    assert exact("/echo?a=1&b=2?c")["query"] == "a=1&b=2?c"


def test_query_is_decoded_for_all_code_points(exact):
    text = {code: chr(code) for code in range(255)}
    assert {code: exact(f"/echo?{quote(text[code], safe='')}")["query"] for code in text} == text


def test_plus_in_query_is_a_space(exact):
    assert exact("/echo?a+b%2Bc")["query"] == "a b+c"


def test_separators_in_query_are_decoded_as_well(exact):
    assert exact("/echo?a%26b%3Dc=d&e")["query"] == "a&b=c=d&e"


def test_query_is_decoded_once(exact):
    assert exact("/echo?%2541")["query"] == "%41"


def test_query_beyond_latin(exact):
    assert exact(f"/echo?{quote('€ 😀')}")["query"] == "€ 😀"


def test_path_is_not_decoded(exact):
    assert exact("/echo/a%20b%2Fc")["path"] == "/echo/a%20b%2Fc"


@pytest.mark.parametrize("prefix", ["", "/app"])
def test_path_is_as_requested(exact, prefix):
    assert exact(f"{prefix}/echo/x")["path"] == f"{prefix}/echo/x"


@pytest.mark.parametrize("prefix", ["", "/app"])
def test_route_is_the_template_below_app(exact, prefix):
    assert exact(f"{prefix}/echo/x")["route"] == "/app/echo/{foo}"


def test_url_is_the_path_without_query(exact):
    assert exact("/echo/a%20b")["url"] == "/echo/a%20b"


def test_url_has_no_question_mark_for_an_empty_query(exact):
    assert exact("/echo?")["url"] == "/echo"


def test_url_has_the_decoded_query(exact):
    assert exact("/app/echo/a%20b?c%20d")["url"] == "/app/echo/a%20b?c d"


def test_hostname_is_the_host_header_with_its_port(app):
    assert app.get("/echo").json()["hostname"] == urlsplit(app.url).netloc


def test_hostname_is_null_without_host_header(app):
    address = urlsplit(app.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0] + b" "
    assert json.loads(body)["hostname"] is None


# Path templates


def test_params_of_an_exact_path_are_empty(exact):
    assert exact("/echo")["params"] == {}


def test_params_are_strings_and_not_decoded(exact):
    assert exact("/echo/12%2F+%41")["params"] == {"foo": "12%2F+%41"}


def test_several_params(exact):
    assert exact("/between/a/and/b%20c")["params"] == {"first": "a", "second": "b%20c"}


def test_param_beside_text(exact):
    assert exact("/file.tar.gz")["params"] == {"extension": "tar.gz"}


def test_text_of_a_template_is_literal(app):
    assert app.get("/file/tar").status_code == 404
    assert app.get("/fileXtar").status_code == 404


def test_param_is_one_segment(app):
    assert app.get("/echo/a/b").status_code == 404


def test_param_is_not_empty(app):
    assert app.get("/echo/").status_code == 404


def test_exact_path_wins_over_a_template(exact):
    assert exact("/echo/exact")["route"] == "/app/echo/exact"
    assert exact("/echo/exactly")["route"] == "/app/echo/{foo}"


def test_template_serves_methods_that_the_exact_path_lacks(exact):
    assert exact("/echo/exact", "POST")["route"] == "/app/echo/{foo}"


def test_encoded_path_is_another_path(app):
    connection = app.connection()
    connection.request("GET", "/%6Fpen")
    assert connection.getresponse().status == 404
    connection.close()


def test_case_of_a_path_counts(app):
    assert app.get("/Open").status_code == 404
    assert app.get("/open").status_code == 200


def test_looking_at_params(app):
    assert get_case(app, "paramsIn") == [True, False, ["name"], "string"]


# Body


def test_body_as_text(app):
    assert post_case(app, "bodyText", "häß 😀".encode()).text == "häß 😀"


def test_body_with_nul(app):
    assert post_case(app, "bodyText", b"a\0b").content == b"a\0b"


def test_empty_body_as_text(app):
    assert post_case(app, "bodyTextLength", b"").json() == 0


def test_invalid_utf8_does_not_throw(app):
    assert post_case(app, "bodyTextLength", b"a\xff\xfe\xc3").json() > 1


def test_body_as_json(app):
    value = {"a": [1, None, "ü", {"b": True}]}
    assert post_case(app, "bodyJson", json.dumps(value).encode()).json() == value


# Pairs of keys: as many characters of the second one's escapes as it has itself are the first one.
KEYS = {"one": ("\\", "\n"), "more": ("\\na", "\nab"), "wide": ("漢\\n", "漢\n字")}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_keys_with_escapes_are_not_mistaken(app, keys):
    value = {f"{number}": {"a": 1, key: 2} for number, key in enumerate(keys)}
    # In one text, and in the texts of requests that follow each other.
    for text in (value, *value.values()):
        data = json.dumps(text, ensure_ascii=False).encode()
        assert post_case(app, "bodyJson", data).json() == text


@pytest.mark.parametrize("data", [b"", b"{", b"not json"], ids=["empty", "cut", "words"])
def test_bad_json_is_an_exception(app, data):
    response = app.post("/case/bodyJson", data=data)
    assert response.status_code == 500
    assert response.json()["error"] == {"code": "InternalError", "message": "Exception thrown while executing."}


def test_bad_json_is_a_syntax_error(app):
    assert post_case(app, "bodyBadJsonIsSyntaxError", b"{").json() is True


def test_body_as_bytes(app):
    every_byte = bytes(range(256))
    assert post_case(app, "bodyBytes", every_byte).content == every_byte


def test_large_body(app):
    data = bytes(range(256)) * 4096
    assert post_case(app, "bodyBytes", data).content == data


def test_body_is_an_array_buffer(app):
    assert post_case(app, "bodyIsArrayBuffer", b"12345").json() == [True, 5]


def test_body_can_be_read_again(app):
    assert post_case(app, "bodyTwice", b"[1]").json() == ["[1]", [1], [91, 49, 93], [1], "[1]"]


def test_body_methods_can_be_detached(app):
    assert post_case(app, "bodyDetached", b"[1]").json() == ["[1]", [1], [91, 49, 93]]


def test_body_methods_do_not_look_at_their_receiver(app):
    assert post_case(app, "bodyOtherReceiver", b"[1]").json() == ["[1]", [1], [91, 49, 93]]


def test_body_methods_refuse_arguments(app):
    assert post_case(app, "bodyExtraArguments", b"[1]").json() == [
        "TypeError: Passed 1 arguments, but expected none",
        "TypeError: Passed 2 arguments, but expected none",
        "TypeError: Passed 1 arguments, but expected none",
    ]


def test_body_errors_are_of_the_realm(app):
    assert post_case(app, "bodyErrorsAreTypeErrors", b"").json() is True


def test_body_is_copied_at_each_call(app):
    assert post_case(app, "bodyCopies", b"[1]").json() == [True, [91, 49, 93], "[1]"]


def test_body_is_gone_when_the_response_is_read(app):
    assert post_case(app, "bodyDuringConversion", b"x").text == "InternalError: Failed to get extension object"


def test_content_type_of_the_request_does_not_matter(app):
    response = app.post("/case/bodyJson", data=b"[1]", headers={"content-type": "foo/bar"})
    assert response.json() == [1]
    assert response.headers["content-type"] == "application/json"


# Caller and call


def test_caller_is_null_without_policies(exact):
    assert exact("/open")["caller"] is None


def test_caller_with_no_auth(exact):
    assert exact("/echo")["caller"] == {"policy": "no_auth"}


def test_caller_that_the_host_supplies(call_app):
    caller = {"policy": "user_cert", "id": "abc", "data": {"nested": ["ü", 1]}, "cert": "PEM"}
    answer = call_app("request", "GET", "/echo", "--caller", json.dumps(caller))
    assert answer.exit_code == 0, answer.errors
    assert json.loads(answer.body)["caller"] == caller


def test_unknown_policy_is_found_at_dispatch(app):
    assert app.get("/unknown_policy").status_code >= 400
    assert app.get("/echo").status_code == 200


def test_handler_is_called_with_one_argument_and_no_receiver(app):
    assert app.get("/receiver").json() == {"receiver": "undefined", "count": 1}

"""How a handler's result becomes a response."""

import pytest

TEXT, BYTES, JSON = "text/plain", "application/octet-stream", "application/json"
INVALID = "Invalid endpoint function return value"


@pytest.fixture
def app(serve):
    return serve("response")


def case(app, name, status=200, query=""):
    response = app.get(f"/case/{name}{query}")
    assert response.status_code == status, response.text
    return response


def assert_error(response, message):
    assert response.status_code == 500, response.text
    assert response.headers["content-type"] == JSON
    assert response.json() == {"error": {"code": "InternalError", "message": message}}


# Whole values


@pytest.mark.parametrize(
    "name",
    ["returnUndefined", "returnNull", "returnNumber", "returnString", "returnTrue", "returnSymbol", "returnBigInt"],
)
def test_result_must_be_an_object(app, name):
    assert_error(app.get(f"/case/{name}"), f"{INVALID} (not an object).")


@pytest.mark.parametrize("name", ["emptyObject", "array", "functionValue"])
def test_object_without_body_is_an_empty_answer(app, name):
    response = case(app, name)
    assert response.content == b""
    assert "content-type" not in response.headers


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("nullPrototype", 201, "text"),
        ("inherited", 203, "inherited"),
        ("instanceOfClass", 200, "from a class"),
        ("proxyOfReply", 202, "through a proxy"),
    ],
    ids=["nullPrototype", "inherited", "instanceOfClass", "proxyOfReply"],
)
def test_any_object_is_read_by_its_properties(app, name, status, text):
    assert case(app, name, status).text == text


def test_headers_may_be_inherited_from_the_result(app):
    assert case(app, "inherited", 203).headers["x-inherited"] == "yes"


# Body


@pytest.mark.parametrize(
    ("name", "content_type", "content"),
    [
        ("bodyString", TEXT, "häß 😀".encode()),
        ("bodyEmptyString", TEXT, b""),
        ("bodyStringWithNul", TEXT, b"a\0b"),
        ("bodyLongString", TEXT, b"x" * 100000),
        ("bodyBuffer", BYTES, bytes(range(42))),
        ("bodyEmptyBuffer", BYTES, b""),
        ("bodyView", BYTES, bytes([2, 3, 4, 5, 6])),
        ("bodyWideView", BYTES, bytes([4, 5, 6, 7])),
        ("bodyBigView", BYTES, bytes(range(8, 16))),
        ("bodyDataView", BYTES, bytes([3, 4, 5, 6])),
        ("bodyViewWithOwnLength", BYTES, bytes([2, 3, 4])),
        ("bodyViewOfShrunkBuffer", BYTES, bytes(2)),
        ("bodyViewOutOfBounds", BYTES, b""),
        ("bodyNull", JSON, b"null"),
        ("bodyTrue", JSON, b"true"),
        ("bodyZero", JSON, b"0"),
        ("bodyNumber", JSON, b"1.5"),
        ("bodyNan", JSON, b"null"),
        ("bodyObject", JSON, '{"b":1,"a":[null,null,"ü"]}'.encode()),
        ("bodyArray", JSON, b'[1,"two",{}]'),
        ("bodyToJson", JSON, b'{"replaced":true}'),
        ("bodyStringObject", JSON, b'"boxed"'),
        ("bodyJsonWithNul", JSON, rb'{"a\u0000b":"c\u0000d"}'),
    ],
    ids=lambda value: value if isinstance(value, str) and "/" not in value else "",
)
def test_body(app, name, content_type, content):
    response = case(app, name)
    assert response.content == content
    assert response.headers["content-type"] == content_type


def test_undefined_body_is_no_body(app):
    response = case(app, "bodyUndefined")
    assert response.content == b""
    assert "content-type" not in response.headers


@pytest.mark.parametrize("name", ["bodyFunction", "bodySymbol", "bodyToJsonUndefined"])
def test_body_that_has_no_json_is_refused(app, name):
    assert_error(app.get(f"/case/{name}"), f"{INVALID} (error during JSON conversion of body).")


def test_lone_surrogates_are_sent_as_three_bytes(app):
    assert case(app, "bodyLoneSurrogate").content == b"a\xed\xa0\x80b"


def test_lone_surrogates_are_no_failure(app):
    content = case(app, "bodyLoneSurrogate").content
    assert content.startswith(b"a")
    assert content.endswith(b"b")


def test_detached_buffer_does_no_harm(app):
    assert case(app, "bodyDetachedBuffer").content == b""


# Headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-text", "text"),
        ("x-number", "12.5"),
        ("x-true", "true"),
        ("x-null", "null"),
        ("x-undefined", "undefined"),
        ("x-object", "[object Object]"),
        ("x-array", "1,2"),
        ("x-big", "12"),
        ("x-to-string", "converted"),
    ],
)
def test_header_values_are_converted_to_strings(app, name, value):
    assert case(app, "headerValues").headers[name] == value


def test_the_proxy_of_a_function_is_converted_as_a_native_function(app):
    assert case(app, "headerValueProxy").headers["x-proxy"] == "function () { [native code] }"


@pytest.mark.parametrize("name", ["headersString", "headersNumber", "headersNull", "headersUndefined", "headersTrue"])
def test_headers_that_are_no_object_are_ignored(app, name):
    response = case(app, name)
    assert response.text == "x"
    assert "x-a" not in response.headers


def test_inherited_header_is_not_sent(app):
    headers = case(app, "headersNotOwn").headers
    assert headers["x-own"] == "2"
    assert "x-inherited" not in headers


def test_header_that_is_not_enumerable_is_not_sent(app):
    headers = case(app, "headersNotEnumerable").headers
    assert headers["x-seen"] == "1"
    assert "x-hidden" not in headers


def test_symbols_are_no_headers(app):
    assert case(app, "headersSymbol").headers["x-seen"] == "2"


def test_map_has_no_headers(app):
    assert "x-map" not in case(app, "headersOfMap").headers


def test_header_names_are_sent_in_lower_case(app):
    connection = app.connection()
    connection.request("GET", "/case/headerNameInUpperCase")
    pairs = connection.getresponse().getheaders()
    connection.close()
    assert ("x-upper-case", "Value") in pairs


@pytest.mark.parametrize("name", ["contentTypeLowerCase", "contentTypeUpperCase"])
def test_content_type_of_the_handler_replaces_the_default(app, name):
    connection = app.connection()
    connection.request("GET", f"/case/{name}")
    pairs = connection.getresponse().getheaders()
    connection.close()
    assert [value for key, value in pairs if key.lower() == "content-type"] == ["text/html"]


def test_content_type_of_the_handler_replaces_that_of_json(app):
    response = case(app, "contentTypeOfJson")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {"a": 1}


def test_last_of_two_headers_of_one_name_is_sent(app):
    response = case(app, "headersOfOneName")
    assert response.headers["x-name"] == "two"
    assert response.headers["content-type"] == "text/two"


def test_header_value_beyond_latin_is_utf8(app):
    assert case(app, "headerBeyondLatin").headers["x-text"].encode("latin-1").decode() == "ü 😀"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("headerWithoutName", "header type"),
        ("headerNameWithSpace", "header type"),
        ("headerNameBeyondLatin", "header type"),
        ("headerNameWithLineBreak", "header type"),
        ("headerValueWithNul", "header value type"),
        ("headerValueWithLineBreak", "header value type"),
    ],
)
def test_header_that_http_does_not_carry(app, name, reason):
    assert_error(app.get(f"/case/{name}"), f"{INVALID} ({reason}).")


@pytest.mark.parametrize("name", ["headersOfArray", "headersOfFunction"])
def test_headers_may_be_any_object(app, name):
    response = case(app, name)
    assert response.headers["0"] == "one"


def test_content_type_without_body(app):
    assert case(app, "contentTypeWithoutBody").headers["content-type"] == "text/html"


@pytest.mark.parametrize("name", ["headerValueWithLineBreak", "headerNameWithLineBreak"])
def test_header_can_not_add_a_line(app, name):
    response = app.get(f"/case/{name}")
    assert response.status_code == 500
    assert "x-injected" not in response.headers


# Status


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("statusMissing", 200),
        ("statusUndefined", 200),
        ("statusNull", 200),
        ("statusCreated", 201),
        ("statusNoContent", 204),
        ("statusIntegralDouble", 404),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_status(app, name, status):
    case(app, name, status)


@pytest.mark.parametrize("status", [200, 204, 299, 301, 400, 418, 500, 599])
def test_status_from_200_to_599(app, status):
    response = app.get(f"/status/{status}", allow_redirects=False)
    assert response.status_code == status


@pytest.mark.parametrize("status", [-200, -1, 0, 99, 100, 101, 199, 600, 1000, 2**31, 2**32 + 200])
def test_status_outside_of_200_to_599_is_refused(app, status):
    assert_error(app.get(f"/status/{status}"), f"{INVALID} (status code type).")


@pytest.mark.parametrize(
    "name",
    ["statusString", "statusFraction", "statusTrue", "statusBigInt", "statusObject", "statusNan", "statusInfinity"],
)
def test_status_must_be_an_integral_number(app, name):
    assert_error(app.get(f"/case/{name}"), f"{INVALID} (status code type).")


@pytest.mark.parametrize(("name", "status"), [("bodyOfNoContent", 204), ("bodyOfNotModified", 304)])
def test_status_that_has_no_body(app, name, status):
    assert case(app, name, status).content == b""


# Errors while the result is read


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bodyThrows", "error reading body"),
        ("bodyCycle", "error during JSON conversion of body"),
        ("bodyBigInt", "error during JSON conversion of body"),
        ("bodyWithBigInt", "error during JSON conversion of body"),
        ("bodyToJsonThrows", "error during JSON conversion of body"),
        ("bodyInnerGetterThrows", "error during JSON conversion of body"),
        ("headersThrow", "error reading headers"),
        ("headerNamesThrow", "error reading header names"),
        ("headerValueThrows", "error reading header value"),
        ("headerValueSymbol", "header value type"),
        ("headerValueToStringThrows", "header value type"),
        ("statusThrows", "error reading status code"),
        ("statusWithHeaders", "status code type"),
    ],
    ids=lambda value: value if " " not in value else "",
)
def test_error_in_the_result(app, name, reason):
    assert_error(app.get(f"/case/{name}"), f"{INVALID} ({reason}).")


@pytest.mark.parametrize(
    "name",
    ["headerValueThrows", "headerValueSymbol", "headerValueToStringThrows", "statusThrows", "statusWithHeaders"],
)
def test_headers_set_before_an_error_remain(app, name):
    response = case(app, name, 500)
    assert response.headers["x-set"] == "1"
    assert response.headers["content-type"] == JSON


def test_headers_after_an_error_are_not_read(app):
    assert "x-later" not in case(app, "headerValueThrows", 500).headers


def test_headers_are_not_read_after_an_error_in_the_body(app):
    assert "x-set" not in case(app, "bodyThrows", 500).headers


def test_body_is_read_before_headers(app):
    assert case(app, "readingOrder").headers["x-order"] == "body headers value"


def test_status_is_read_last(app):
    case(app, "orderAtStatus", 201)


def test_each_property_is_read_once(app):
    assert case(app, "readingCounts", 201).headers["x-counts"] == "body headers"
    log = "\n".join(app.log_lines_of(lambda: case(app, "readingCounts", 201)))
    assert "statusCode was read 1 times" in log
    assert "statusCode was read 2 times" not in log


# The store while the result is read


def test_store_is_gone_in_getters(app):
    gone = "InternalError: Internal: Unable to access MapHandle"
    assert case(app, "storeInBodyGetter").json() == {"read": gone, "write": gone}


def test_store_is_gone_in_to_json(app):
    assert case(app, "storeInToJson").json() == "InternalError: Internal: Unable to access MapHandle"


def test_rpc_is_gone_in_getters(app):
    assert case(app, "applyWritesInBodyGetter").text == "InternalError: RPC context is not set"


# HEAD


def test_head_runs_the_handler_for_get_and_sends_no_body(app):
    response = app.request("HEAD", "/head")
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["x-method"] == "HEAD"


def test_head_has_a_handler_of_its_own(app):
    assert app.request("HEAD", "/own_head").headers["x-own"] == "yes"
    assert app.get("/own_head").text == "for GET"


def test_error_of_head_has_no_body(app):
    response = app.request("HEAD", "/case/bodyThrows")
    assert response.status_code == 500
    assert response.content == b""


def test_connection_can_be_used_after_head(app):
    connection = app.connection()
    connection.request("HEAD", "/head")
    connection.getresponse().read()
    connection.request("GET", "/head")
    assert connection.getresponse().read() == b"for GET"
    connection.close()


# Promises


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("fulfilled", 201, "fulfilled"),
        ("fulfilledLater", 200, '["one","two","three"]'),
        ("fulfilledByThenable", 200, "thenable"),
        ("ownThenable", 200, "an object with then is no promise"),
        ("importedModule", 201, "imported"),
        ("importOfMissingModule", 200, "true"),
        ("microtaskOrder", 200, '["handler","first","second"]'),
        ("unhandledRejection", 200, "fine"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
def test_promise(app, name, status, text):
    assert case(app, name, status).text == text


def test_exported_async_function(app):
    assert app.get("/async_export").text == "from an async export"


@pytest.mark.parametrize("name", ["rejected", "rejectedWithoutError", "rejectedLater"])
def test_rejected_promise_is_like_a_throw(app, name):
    assert_error(app.get(f"/case/{name}"), "Exception thrown while executing.")


@pytest.mark.parametrize("name", ["pending", "pendingAfterAwait"])
def test_promise_that_stays_pending(app, name):
    assert_error(app.get(f"/case/{name}"), "Handler did not complete.")


def test_promise_must_be_fulfilled_with_an_object(app):
    assert_error(app.get("/case/fulfilledWithoutObject"), f"{INVALID} (not an object).")


def test_writes_after_await_are_committed(app, table):
    assert app.post(f"/case/writesAfterAwait?{table}").json() == 1
    assert case(app, "storeSize", query=f"?{table}").json() == 1


def test_body_can_be_read_after_await(app):
    assert app.post("/case/bodyAfterAwait", data="late").text == "late"


# The time limit covers the reading of the result


@pytest.mark.parametrize(
    "name",
    [
        "endlessBody",
        "endlessToJson",
        "endlessHeaders",
        "endlessHeaderNames",
        "endlessHeaderValue",
        "endlessHeaderToString",
        "endlessStatus",
        "endlessInCatch",
        "endlessInFinally",
        "endlessMicrotasks",
    ],
)
def test_time_limit(serve_impatient, name):
    app = serve_impatient("response")
    assert_error(app.get(f"/case/{name}"), "Operation took too long to complete.")
    assert case(app, "fulfilled", 201).text == "fulfilled"

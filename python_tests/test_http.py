"""HTTP as `jsep-host` speaks it: byte by byte, also where a client would never send it."""

import io
import json
import socket
from dataclasses import dataclass
from http.client import parse_headers
from urllib.parse import urlsplit

import pytest

from hosts import REQUEST_SECONDS

HOST = b"host: here\r\n"


@dataclass
class Message:
    """One answer of many on a connection."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def read_message(stream: io.BufferedIOBase, with_body: bool = True) -> Message:
    line = stream.readline()
    version, status, _ = line.decode().split(" ", 2)
    assert version == "HTTP/1.1", line
    headers = {name.lower(): value for name, value in parse_headers(stream).items()}
    length = int(headers.get("content-length", 0)) if with_body else 0
    return Message(int(status), headers, stream.read(length))


@pytest.fixture
def app(serve):
    return serve("request")


@pytest.fixture
def connect(app):
    """Opens a connection: what to send with, and what to read from."""
    open_ones = []

    def run():
        address = urlsplit(app.url)
        connection = socket.create_connection((address.hostname, address.port), timeout=REQUEST_SECONDS)
        stream = connection.makefile("rb")
        open_ones.extend((stream, connection))
        return connection, stream

    yield run
    for one in open_ones:
        one.close()


@pytest.fixture
def refusal(connect):
    """Sends what must be refused; the connection ends with the answer."""

    def run(data):
        connection, stream = connect()
        connection.sendall(data)
        message = read_message(stream)
        assert stream.read() == b""
        assert message.headers["connection"] == "close"
        return message.status, message.json["error"]["code"]

    return run


# What is understood


def test_connection_serves_many_requests(connect):
    connection, stream = connect()
    for number in range(5):
        connection.sendall(b"GET /echo/%d HTTP/1.1\r\n" % number + HOST + b"\r\n")
        assert read_message(stream).json["params"] == {"foo": str(number)}


def test_requests_that_come_at_once_are_answered_in_order(connect):
    connection, stream = connect()
    connection.sendall(b"".join(b"GET /echo/%d HTTP/1.1\r\n" % number + HOST + b"\r\n" for number in range(20)))
    assert [read_message(stream).json["params"]["foo"] for _ in range(20)] == [str(number) for number in range(20)]


def test_request_may_come_byte_by_byte(connect):
    connection, stream = connect()
    for byte in b"POST /case/bodyText HTTP/1.1\r\n" + HOST + b"content-length: 4\r\n\r\ntext":
        connection.sendall(bytes([byte]))
    assert read_message(stream).body == b"text"


def test_body_in_chunks(connect):
    connection, stream = connect()
    head = b"POST /case/bodyText HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n"
    connection.sendall(head + b"3\r\nabc\r\nA;extension=1\r\n0123456789\r\n0\r\nx-trailer: 1\r\n\r\n")
    assert read_message(stream).body == b"abc0123456789"
    connection.sendall(b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n")
    assert "x-trailer" not in read_message(stream).json["headers"]


def test_client_that_waits_for_leave_to_send_its_body(connect):
    connection, stream = connect()
    head = b"POST /case/bodyText HTTP/1.1\r\n" + HOST + b"expect: 100-continue\r\ncontent-length: 4\r\n\r\n"
    connection.sendall(head)
    assert read_message(stream).status == 100
    connection.sendall(b"text")
    assert read_message(stream).body == b"text"


def test_older_version_ends_the_connection(connect):
    connection, stream = connect()
    connection.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
    assert read_message(stream).status == 200
    assert stream.read() == b""


def test_older_version_may_ask_to_keep_the_connection(connect):
    connection, stream = connect()
    for _ in range(2):
        connection.sendall(b"GET /echo HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n")
        assert read_message(stream).status == 200


def test_client_may_ask_to_end_the_connection(connect):
    connection, stream = connect()
    connection.sendall(b"GET /echo HTTP/1.1\r\n" + HOST + b"connection: close\r\n\r\n")
    message = read_message(stream)
    assert message.headers["connection"] == "close"
    assert stream.read() == b""


def test_target_may_be_a_whole_url(connect):
    connection, stream = connect()
    connection.sendall(b"GET http://anywhere/echo/x?a HTTP/1.1\r\n" + HOST + b"\r\n")
    echoed = read_message(stream).json
    assert (echoed["path"], echoed["query"], echoed["hostname"]) == ("/echo/x", "a", "here")


def test_values_beyond_ascii_reach_the_app_as_utf8(connect):
    connection, stream = connect()
    connection.sendall(b"GET /echo HTTP/1.1\r\n" + HOST + "x-text: ü 😀\r\n\r\n".encode())
    assert read_message(stream).json["headers"]["x-text"] == "ü 😀"


def test_answer_without_body_has_no_length(serve):
    connection = serve("response").connection()
    connection.request("GET", "/case/statusNoContent")
    response = connection.getresponse()
    assert (response.status, response.read(), response.getheader("content-length")) == (204, b"", None)
    connection.close()


def test_length_of_an_answer_is_the_hosts(serve):
    connection = serve("response").connection()
    for _ in range(2):
        connection.request("GET", "/case/framingHeaders")
        response = connection.getresponse()
        assert (response.getheader("content-length"), response.read()) == ("4", b"text")
        assert response.getheader("transfer-encoding") is None
    connection.close()


# What is refused

INVALID = (400, "InvalidRequest")


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET /echo\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"G(T /echo HTTP/1.1\r\n\r\n",
        b"GET echo HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /a\0b HTTP/1.1\r\n\r\n",
        b"GET /echo FTP/1.1\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nna me: value\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nname : value\r\n\r\n",
        b"GET /echo HTTP/1.1\r\n: value\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nname: a\r\n folded\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nname: a\0b\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nname: a\rb\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_what_is_no_request(refusal, data):
    assert refusal(data) == INVALID


@pytest.mark.parametrize(
    "headers",
    [
        b"content-length: -1\r\n",
        b"content-length: +4\r\n",
        b"content-length: 4x\r\n",
        b"content-length: 0x4\r\n",
        b"content-length:\r\n",
        b"content-length: 4\r\ncontent-length: 5\r\n",
        b"content-length: 4, 5\r\n",
        b"content-length: 4\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 99999999999999999999999\r\n",
    ],
)
def test_unclear_end_of_a_request(refusal, headers):
    assert refusal(b"POST /echo HTTP/1.1\r\n" + HOST + headers + b"\r\ntext") == INVALID


@pytest.mark.parametrize("chunks", [b"x\r\n", b"-1\r\n", b"\r\n", b"2\r\nabc\r\n0\r\n\r\n"])
def test_broken_chunks(refusal, chunks):
    assert refusal(b"POST /echo HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n" + chunks) == INVALID


@pytest.mark.parametrize("encoding", [b"gzip", b"gzip, chunked", b"chunked, chunked", b"identity"])
def test_transfer_encoding_that_is_not_supported(refusal, encoding):
    data = b"POST /echo HTTP/1.1\r\n" + HOST + b"transfer-encoding: " + encoding + b"\r\n\r\n"
    assert refusal(data) == (501, "NotImplemented")


def test_expectation_that_is_not_supported(refusal):
    data = b"POST /echo HTTP/1.1\r\n" + HOST + b"expect: a miracle\r\n\r\n"
    assert refusal(data) == (417, "ExpectationFailed")


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2"])
def test_version_that_is_not_supported(refusal, version):
    assert refusal(b"GET /echo " + version + b"\r\n\r\n") == (505, "HttpVersionNotSupported")


def test_body_that_is_too_large(refusal):
    data = b"POST /echo HTTP/1.1\r\n" + HOST + b"content-length: %d\r\n\r\n" % ((16 << 20) + 1)
    assert refusal(data) == (413, "RequestBodyTooLarge")


def test_headers_that_are_too_large(refusal):
    # One byte too many, so that none is left unread when the answer comes.
    start = b"GET /echo HTTP/1.1\r\nname: "
    assert refusal(start + b"x" * ((64 << 10) + 1 - len(start))) == (431, "RequestHeaderTooLarge")


@pytest.mark.parametrize("data", [b"", b"GET /ec", b"POST /echo HTTP/1.1\r\ncontent-length: 4\r\n\r\nte"])
def test_client_that_goes_away(app, connect, data):
    connection, _ = connect()
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b""
    assert app.get("/echo").status_code == 200

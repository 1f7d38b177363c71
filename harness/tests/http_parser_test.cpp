// Heads of requests, good and bad.

#include "http_parser.hpp"

#include "check.hpp"

namespace {

// The status of the error that a head makes, or 0.
int error_of(std::string_view text) {
    try {
        parse_head(text);
        return 0;
    } catch (const HttpError& error) {
        return error.status();
    }
}

void test_good() {
    const RequestHead head =
        parse_head("PURGE /a%20b?c?d#e HTTP/1.1\r\nHost: x\r\nX-Many: one \r\nx-many:\ttwo%20\r\nX-Empty:");
    CHECK(head.method == "PURGE");
    CHECK(head.target == "/a%20b?c?d#e");
    const Headers expected = {{"Host", "x"}, {"X-Many", "one"}, {"x-many", "two%20"}, {"X-Empty", ""}};
    CHECK(head.headers == expected);
    CHECK(head.keep_alive && !head.chunked && !head.expects_continue && head.content_length == 0);
    CHECK(parse_head("GET http://host:1/path?x HTTP/1.1").target == "/path?x");
    CHECK(parse_head("GET HTTPS://host HTTP/1.1").target == "/");
    CHECK(parse_head("OPTIONS * HTTP/1.1").target == "*");
}

void test_connection() {
    CHECK(!parse_head("GET / HTTP/1.0").keep_alive);
    CHECK(parse_head("GET / HTTP/1.0\nconnection: Keep-Alive").keep_alive);
    CHECK(!parse_head("GET / HTTP/1.1\nConnection: upgrade, Close").keep_alive);
}

void test_framing() {
    CHECK(parse_head("POST / HTTP/1.1\nContent-Length: 12").content_length == 12);
    CHECK(parse_head("POST / HTTP/1.1\nTransfer-Encoding: Chunked").chunked);
    CHECK(parse_head("POST / HTTP/1.1\nExpect: 100-Continue").expects_continue);
    CHECK(error_of("POST / HTTP/1.1\nContent-Length: 1\nContent-Length: 1") == 0);
    CHECK(error_of("POST / HTTP/1.1\nContent-Length: 1\nContent-Length: 2") == 400);
    CHECK(error_of("POST / HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: chunked") == 400);
    CHECK(error_of("POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked") == 501);
    CHECK(error_of("POST / HTTP/1.1\nContent-Length: -1") == 400);
    CHECK(error_of("POST / HTTP/1.1\nContent-Length: 1x") == 400);
    CHECK(error_of("POST / HTTP/1.1\nContent-Length: 99999999999999999999") == 400);
    CHECK(error_of("POST / HTTP/1.1\nExpect: more") == 417);
    CHECK(parse_chunk_size("1aF;name=value") == 0x1af);
    CHECK(parse_chunk_size("0") == 0);
}

void test_bad() {
    for (const char* text :
         {"", "GET", "GET /", "GET HTTP/1.1", "GET  HTTP/1.1", "G@T / HTTP/1.1", "GET a HTTP/1.1", "GET / a HTTP/1.1",
          "GET / FTP/1.1", "GET /\t HTTP/1.1", "GET / HTTP/1.1\nno colon", "GET / HTTP/1.1\nname : value",
          "GET / HTTP/1.1\n: value", "GET / HTTP/1.1\na: b\n folded", "GET / HTTP/1.1\na: b\rc"}) {
        CHECK(error_of(text) == 400);
    }
    CHECK(error_of(std::string_view("GET / HTTP/1.1\na: b\0c", 21)) == 400);
    CHECK(error_of("GET / HTTP/2.0") == 505);
    bool refused = false;
    try {
        parse_chunk_size("-1");
    } catch (const HttpError&) {
        refused = true;
    }
    CHECK(refused);
}

}  // namespace

int main() {
    test_good();
    test_connection();
    test_framing();
    test_bad();
}

// Requests and responses: bytes, headers, caller, errors of arguments.
#include <string.h>

#include "check.h"
#include "groups.h"
#include "host.h"

static bool has_header(const jsep_response* response, const char* name, const char* value) {
    for (size_t index = 0; index < jsep.response_header_count(response); ++index) {
        jsep_bytes found_name;
        jsep_bytes found_value;
        if (jsep.response_header(response, index, &found_name, &found_value) == JSEP_OK &&
            bytes_are(found_name, name)) {
            return bytes_are(found_value, value);
        }
    }
    return false;
}

static void test_echo(const jsep_registry* registry, struct host* host) {
    const uint8_t body[] = {0, 'a', 0xff, 0xfe, 0, 0xc3, '\n'};
    const jsep_header headers[] = {{bytes_of("X-Many"), bytes_of("one")},
                                   {bytes_of("content-type"), bytes_of("a/b")},
                                   {bytes_of("x-many"), bytes_of("two")}};
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    jsep.registry_find(registry, bytes_of("POST"), bytes_of("/app/echo"), &endpoint);
    jsep_request request = {.size = sizeof(request),
                            .method = bytes_of("POST"),
                            .path = bytes_of("/app/echo"),
                            .query = bytes_of("a b&c=d"),
                            .headers = headers,
                            .header_count = 3,
                            .body = {body, sizeof(body)}};
    check(jsep.endpoint_execute(endpoint, &request, &host->table, &response) == JSEP_OK, "a request is executed");
    check(jsep.response_status(response) == 200, "the status is 200");
    check(bytes_equal(jsep.response_body(response), body, sizeof(body)),
          "NUL bytes and invalid UTF-8 survive in the body");
    check(has_header(response, "x-method", "POST") && has_header(response, "x-path", "/app/echo") &&
              has_header(response, "x-query", "a b&c=d") && has_header(response, "x-route", "/app/echo"),
          "the app sees method, path, query and route");
    check(has_header(response, "x-many", "one, two"), "headers of one name are joined");
    check(has_header(response, "content-type", "application/octet-stream"), "the content-type is that of bytes");
    check(jsep.response_apply_writes(response), "a status of 200 applies writes");
    check(!jsep.response_timed_out(response) && jsep.response_exception(response).len == 0, "nothing went wrong");

    jsep_bytes name;
    jsep_bytes value;
    const size_t count = jsep.response_header_count(response);
    check_error(jsep.response_header(response, count, &name, &value), JSEP_INVALID_ARGUMENT, "jsep_response_header",
                "header index out of range");
    check_error(jsep.response_header(response, 0, NULL, &value), JSEP_NULL_ARGUMENT, "jsep_response_header",
                "no place for a header's name");
    check_error(jsep.response_header(response, 0, &name, NULL), JSEP_NULL_ARGUMENT, "jsep_response_header",
                "no place for a header's value");
    jsep_execution_timings timings = {.size = sizeof(timings)};
    check(jsep.response_timings_get(response, &timings) == JSEP_OK && timings.total_ns > 0, "a response has timings");
    check(timings.total_ns >= timings.call_ns, "the call is a part of the total");
    timings.size = 1;
    check_error(jsep.response_timings_get(response, &timings), JSEP_STRUCT_SIZE, "jsep_response_timings_get",
                "execution timings of a wrong size");
    check_error(jsep.response_timings_get(response, NULL), JSEP_NULL_ARGUMENT, "jsep_response_timings_get",
                "no place for execution timings");
    jsep.response_free(response);
    jsep.endpoint_free(endpoint);
}

static void test_bad_arguments(const jsep_registry* registry, struct host* host) {
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of("/caller"), &endpoint);
    jsep_request request = {.size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/caller")};
    const char* function = "jsep_endpoint_execute";
    check_error(jsep.endpoint_execute(endpoint, NULL, &host->table, &response), JSEP_NULL_ARGUMENT, function,
                "null request");
    check_error(jsep.endpoint_execute(endpoint, &request, NULL, &response), JSEP_NULL_ARGUMENT, function, "null host");
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, NULL), JSEP_NULL_ARGUMENT, function,
                "no place for the response");
    request.size = sizeof(request) - 1;
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_STRUCT_SIZE, function,
                "request of a wrong size");
    request.size = sizeof(request) + 64;
    check(jsep.endpoint_execute(endpoint, &request, &host->table, &response) == JSEP_OK,
          "a request of a later version is taken");
    check(bytes_are(jsep.response_body(response), "null"), "without bytes the caller is null");
    jsep.response_free(response);
    request.size = sizeof(request);
    host->table.size = sizeof(host->table) - 1;
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_STRUCT_SIZE, function,
                "host of a wrong size");
    host->table.size = sizeof(host->table);
    request.header_count = 1;
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_NULL_ARGUMENT, function,
                "a count of headers without headers");
    request.header_count = 0;
    request.caller = bytes_of("{not json");
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_INVALID_ARGUMENT, function,
                "caller that is not JSON");
    check(response == NULL, "a failed execution gives null");
    request.caller = bytes_of("{\"policy\":\"no_auth\",\"n\":[1,null]}");
    check(jsep.endpoint_execute(endpoint, &request, &host->table, &response) == JSEP_OK &&
              bytes_are(jsep.response_body(response), "{\"policy\":\"no_auth\",\"n\":[1,null]}"),
          "the app sees the caller");
    jsep.response_free(response);
    jsep.endpoint_free(endpoint);
}

static void test_outcomes(const jsep_registry* registry, struct host* host) {
    check(answers(registry, host, "/params/a%20b/of/c", "{\"first\":\"a%20b\",\"second\":\"c\"}"),
          "the app sees raw parameters");
    check(answers(registry, host, "/count", "1") && answers(registry, host, "/count", "1"),
          "each request has a fresh realm");

    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, "GET", "/throw", bytes_of(""), &status);
    check(status == JSEP_OK && jsep.response_status(response) == 500, "an exception is a response with status 500");
    check(bytes_are(jsep.response_exception(response), "Error: boom"), "the response has the exception");
    check(bytes_contain(jsep.response_exception_trace(response), "app.js"), "the response has the trace");
    check(!jsep.response_apply_writes(response), "a status of 500 applies no writes");
    jsep.response_free(response);

    response = run(registry, host, "GET", "/claim", bytes_of(""), &status);
    const jsep_bytes digest = jsep.response_claims_digest(response);
    check(digest.len == 32 && digest.data[0] == 7 && digest.data[31] == 7, "the response has the claims digest");
    jsep.response_free(response);

    response = run(registry, host, "HEAD", "/count", bytes_of(""), &status);
    check(bytes_are(jsep.response_body(response), "1"), "HEAD gives what GET would send");
    jsep.response_free(response);
}

static void test_surroundings(const jsep_registry* registry, struct host* host) {
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, "GET", "/log", bytes_of(""), &status);
    const jsep_bytes log = {(const uint8_t*)host->log.data, host->log.len};
    check(bytes_contain(log, "info ") && bytes_contain(log, "a line of the app"), "the host gets the log");
    check(bytes_contain(jsep.response_body(response), "1234567890123"), "the host's clock is used");
    jsep.response_free(response);
    check(host->calls > 0 && host->calls_elsewhere == 0, "callbacks run on the calling thread");

    jsep_host nothing = {.size = sizeof(nothing)};
    const jsep_host whole = host->table;
    host->table = nothing;
    check(run_status(registry, host, "GET", "/log", bytes_of("")) == 200, "log, clock and entropy may be null");
    check(run_status(registry, host, "GET", "/item/a", bytes_of("")) == 500,
          "a store that is not offered is an exception");
    host->table = whole;
    host->table.store_has = NULL;
    check(run_status(registry, host, "GET", "/walk", bytes_of("")) == 200, "store_has may be null");
    host->table = whole;
}

void test_requests(const jsep_engine* engine) {
    jsep_registry* registry = install_app(engine);
    struct host host;
    host_init(&host);
    test_echo(registry, &host);
    test_bad_arguments(registry, &host);
    test_outcomes(registry, &host);
    test_surroundings(registry, &host);
    host_free(&host);
    jsep.registry_free(registry);
}

// Input of a size that nobody sends by intention: each has an answer or a clear error, and the next request is fine.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "groups.h"
#include "host.h"

enum { LARGE_BODY = 128 << 20, MANY_HEADERS = 1000000, DEEP = 10000, NAME_BYTES = 24 };

static jsep_status execute(const jsep_registry* registry, struct host* host, const char* path,
                           const jsep_request* request, uint32_t* http_status) {
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of(path), &endpoint);
    const jsep_status status = jsep.endpoint_execute(endpoint, request, &host->table, &response);
    *http_status = jsep.response_status(response);
    jsep.response_free(response);
    jsep.endpoint_free(endpoint);
    return status;
}

static void test_large_body(const jsep_registry* registry, struct host* host) {
    uint8_t* body = malloc(LARGE_BODY);
    if (body == NULL) {
        return;
    }
    memset(body, 'x', LARGE_BODY);
    const jsep_request request = {
        .size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/x"), .body = {body, LARGE_BODY}};
    uint32_t status = 0;
    check(execute(registry, host, "/count", &request, &status) == JSEP_OK && status == 200,
          "a body of 128 MiB that is not read does no harm");
    check(execute(registry, host, "/echo", &request, &status) == JSEP_OK && status == 500,
          "a body of 128 MiB does not fit the heap");
    check(answers(registry, host, "/count", "1"), "the next request is fine");
    free(body);
}

// Executes with `MANY_HEADERS` headers, whose names differ or not.
static void test_many_headers(const jsep_registry* registry, struct host* host, bool differ, const char* name) {
    jsep_header* headers = calloc(MANY_HEADERS, sizeof(*headers));
    char* names = malloc((size_t)MANY_HEADERS * NAME_BYTES);
    if (headers != NULL && names != NULL) {
        for (size_t index = 0; index < MANY_HEADERS; ++index) {
            char* text = names + index * NAME_BYTES;
            snprintf(text, NAME_BYTES, "x-%zu", differ ? index : 0);
            headers[index] = (jsep_header){bytes_of(text), bytes_of("value")};
        }
        const jsep_request request = {.size = sizeof(request),
                                      .method = bytes_of("GET"),
                                      .path = bytes_of("/x"),
                                      .headers = headers,
                                      .header_count = MANY_HEADERS};
        uint32_t status = 0;
        check(execute(registry, host, "/count", &request, &status) == JSEP_OK && (status == 200 || status == 500),
              "a million headers %s have an answer", name);
        check(answers(registry, host, "/count", "1"), "the next request is fine");
    }
    free(headers);
    free(names);
}

static void test_deep_json(const jsep_registry* registry, struct host* host) {
    struct text deep = {NULL, 0};
    for (int level = 0; level < DEEP; ++level) {
        text_append(&deep, "[", 1);
    }
    for (int level = 0; level < DEEP; ++level) {
        text_append(&deep, "]", 1);
    }
    const jsep_bytes bytes = {(const uint8_t*)deep.data, deep.len};
    jsep_request request = {.size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/x"), .body = bytes};
    uint32_t status = 0;
    check(execute(registry, host, "/json", &request, &status) == JSEP_OK && (status == 200 || status == 500),
          "a body of JSON that is 10 000 deep has an answer");
    request.caller = bytes;
    check(execute(registry, host, "/caller", &request, &status) == JSEP_OK && (status == 200 || status == 500),
          "a caller that is 10 000 deep has an answer");
    check_error(jsep.registry_install(registry, bytes), JSEP_BUNDLE_JSON, "jsep_registry_install",
                "a bundle that is 10 000 deep");
    check(answers(registry, host, "/count", "1"), "the next request is fine");
    text_free(&deep);
}

static void test_impossible_size(const jsep_registry* registry, struct host* host, size_t length) {
    const char* function = "jsep_endpoint_execute";
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    const jsep_bytes endless = {(const uint8_t*)"", length};
    const jsep_bytes nowhere = {NULL, 1};
    const jsep_header header = {bytes_of("a"), bytes_of("b")};
    jsep.registry_find(registry, bytes_of("GET"), bytes_of("/count"), &endpoint);
    jsep_request request = {.size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/count")};
    jsep_bytes* const fields[] = {&request.method, &request.path, &request.query, &request.body, &request.caller};
    for (size_t index = 0; index < sizeof(fields) / sizeof(fields[0]); ++index) {
        const jsep_bytes kept = *fields[index];
        *fields[index] = endless;
        check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_INVALID_ARGUMENT, function,
                    "a field that no memory holds");
        *fields[index] = nowhere;
        check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_NULL_ARGUMENT, function,
                    "a field with a length and no bytes");
        *fields[index] = kept;
    }
    request.headers = &header;
    // Of so many bytes.
    request.header_count = length == SIZE_MAX ? SIZE_MAX : length / sizeof(header);
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_INVALID_ARGUMENT, function,
                "more headers than memory holds");
    check_error(jsep.registry_install(registry, endless), JSEP_INVALID_ARGUMENT, "jsep_registry_install",
                "a bundle that no memory holds");
    const jsep_option option = {bytes_of("max_execution_time_ms"), bytes_of("")};
    check_error(jsep.registry_set_options(registry, &option, request.header_count), JSEP_INVALID_ARGUMENT,
                "jsep_registry_set_options", "more options than memory holds");
    check(answers(registry, host, "/count", "1"), "the next request is fine");
    jsep.endpoint_free(endpoint);
}

// A storage whose objects have an impossible size.
static uint32_t read_endless(void* length, jsep_bytes name, uint64_t offset, uint64_t most, const jsep_sink* bytes) {
    (void)name, (void)offset, (void)most;
    bytes->write(bytes->context, (const uint8_t*)"", *(const size_t*)length);
    return JSEP_OK;
}

static uint32_t take_bytes(void* context, jsep_bytes name, jsep_bytes bytes) {
    (void)context, (void)name, (void)bytes;
    return JSEP_OK;
}

static uint32_t sync_bytes(void* context, jsep_bytes name) {
    (void)context, (void)name;
    return JSEP_OK;
}

static void test_impossible_object(size_t length) {
    const jsep_storage storage = {sizeof(storage), &length, read_endless, take_bytes, sync_bytes, take_bytes};
    jsep_log* log = NULL;
    check_error(jsep.log_open(&storage, &log), JSEP_STORAGE_FAILED, "jsep_log_open", "an object that no memory holds");
}

// Lengths of more bytes than a process can address, some of which fit a signed number.
static const size_t impossible[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 2, (size_t)1 << 62, (size_t)1 << 47};

void test_sizes(const jsep_engine* engine) {
    jsep_registry* registry = install_app(engine);
    struct host host;
    host_init(&host);
    test_large_body(registry, &host);
    test_many_headers(registry, &host, true, "of different names");
    test_many_headers(registry, &host, false, "of one name");
    test_deep_json(registry, &host);
    for (size_t index = 0; index < sizeof(impossible) / sizeof(impossible[0]); ++index) {
        test_impossible_size(registry, &host, impossible[index]);
        test_impossible_object(impossible[index]);
    }
    host_free(&host);
    jsep.registry_free(registry);
}

// The store callbacks: values, writes that are kept or dropped, conflicts, failures, re-entry.
#include "check.h"
#include "groups.h"
#include "host.h"

static void test_values(const jsep_registry* registry, struct host* host) {
    const uint8_t bytes[] = {0, 0xff, 'x', 0, 0x80};
    const jsep_bytes value = {bytes, sizeof(bytes)};
    check(run_status(registry, host, "PUT", "/item/a", value) == 204, "a value is written");
    const struct text* stored = host_value(host, "a");
    check(stored != NULL && bytes_equal(value, stored->data, stored->len),
          "NUL bytes and invalid UTF-8 survive on the way in");
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, "GET", "/item/a", bytes_of(""), &status);
    check(bytes_equal(jsep.response_body(response), bytes, sizeof(bytes)), "and on the way out, in two parts");
    jsep.response_free(response);
    check(run_status(registry, host, "GET", "/item/none", bytes_of("")) == 404, "JSEP_NOT_FOUND is undefined");
    check(run_status(registry, host, "PUT", "/item/empty", bytes_of("")) == 204 && host_value(host, "empty") != NULL,
          "an empty value is written");
    check(answers(registry, host, "/item/empty", ""), "an empty value is read");
    check(answers(registry, host, "/version/a", "1") && answers(registry, host, "/version/none", "undefined"),
          "the version of the previous write");
    check(answers(registry, host, "/walk", "{\"size\":2,\"has\":true,\"names\":[\"a\",\"empty\"]}"),
          "size, has and forEach");
    check(run_status(registry, host, "DELETE", "/item/a", bytes_of("")) == 204 && host_value(host, "a") == NULL,
          "a value is removed");
    check(run_status(registry, host, "DELETE", "/item/a", bytes_of("")) == 204,
          "removing what is not there is no failure");
    check(run_status(registry, host, "GET", "/clear", bytes_of("")) == 200 && host->item_count == 0,
          "a map is cleared");
}

static void test_dropped_writes(const jsep_registry* registry, struct host* host) {
    host->writes = 0;
    check(run_status(registry, host, "GET", "/refuse", bytes_of("")) == 400 && host->writes == 0,
          "writes of a request with status 400 are not handed over");
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, "GET", "/keep", bytes_of(""), &status);
    check(jsep.response_status(response) == 400 && jsep.response_apply_writes(response) &&
              host_value(host, "kept") != NULL,
          "unless the script wants them applied");
    jsep.response_free(response);
}

static void check_outcome(const jsep_registry* registry, struct host* host, enum misbehaviour misbehaviour,
                          const char* method, const char* path, jsep_status expected, const char* name) {
    jsep_status status = JSEP_OK;
    host->misbehaviour = misbehaviour;
    jsep_response* response = run(registry, host, method, path, bytes_of("x"), &status);
    host->misbehaviour = BEHAVE;
    check(status == expected && (expected == JSEP_OK) == (response != NULL), "%s", name);
    jsep.response_free(response);
}

static void test_misbehaviour(const jsep_registry* registry, struct host* host) {
    check_outcome(registry, host, CONFLICT_ON_READ, "GET", "/item/a", JSEP_CONFLICT,
                  "a conflict while reading ends the request");
    check_outcome(registry, host, CONFLICT_ON_READ, "GET", "/catch", JSEP_CONFLICT, "also when the script catches it");
    check_outcome(registry, host, CONFLICT_ON_WRITE, "PUT", "/item/a", JSEP_CONFLICT,
                  "a conflict while writing ends the request");
    check_outcome(registry, host, FAIL_ON_WRITE, "PUT", "/item/a", JSEP_STORE_FAILED, "a failure while writing");
    check(jsep.error_message(jsep.last_error()).len > 0 &&
              bytes_contain(jsep.error_message(jsep.last_error()), "store_put"),
          "the message names the callback");
    host->misbehaviour = FAIL_ON_READ;
    check(answers(registry, host, "/catch", "caught"), "a failure while reading is an exception, which can be caught");
    check(run_status(registry, host, "GET", "/item/a", bytes_of("")) == 500, "and ends the request when it is not");
    host->misbehaviour = BEHAVE;
    check(run_status(registry, host, "PUT", "/item/a", bytes_of("x")) == 204 && answers(registry, host, "/item/a", "x"),
          "the next request is fine");
}

static void test_re_entry(const jsep_registry* registry, struct host* host) {
    jsep_endpoint* endpoint = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of("/count"), &endpoint);
    host->reentered = endpoint;
    host->reported = registry;
    host->reentry_status = JSEP_OK;
    host->report_status = JSEP_OK;
    host->misbehaviour = REENTER_ON_READ;
    check(run_status(registry, host, "GET", "/item/a", bytes_of("")) == 200,
          "a request whose callback calls the library ends well");
    check(host->reentry_status == JSEP_REENTERED, "the call from the callback is refused");
    check(host->report_status == JSEP_REENTERED, "and so is a report");
    host->misbehaviour = BEHAVE;
    check(answers(registry, host, "/count", "1"), "the next request is fine");
    jsep.endpoint_free(endpoint);
}

void test_store(const jsep_engine* engine) {
    jsep_registry* registry = install_app(engine);
    struct host host;
    host_init(&host);
    test_values(registry, &host);
    test_dropped_writes(registry, &host);
    test_misbehaviour(registry, &host);
    test_re_entry(registry, &host);
    check(host.calls_elsewhere == 0, "all callbacks ran on the calling thread");
    host_free(&host);
    jsep.registry_free(registry);
}

// Installing: what is wrong with a bundle, and that a wrong one changes nothing.
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "check.h"
#include "groups.h"
#include "host.h"

#define ONE_ENDPOINT(module, function)                                                                \
    "{\"endpoints\": {\"/a\": {\"get\": {\"js_module\": \"" module "\", \"js_function\": \"" function \
    "\", \"mode\": \"readonly\", \"forwarding_required\": \"never\", \"authn_policies\": []}}}}"

enum { LATE_ENDPOINTS = 200, LATE_MILLISECONDS = 80 };

// Installs and checks that the error is at the given place; null and 0 mean that there is none.
static void check_place(const jsep_registry* registry, struct text bundle, jsep_status expected, const char* module,
                        uint32_t line, uint32_t column, const char* path, const char* name) {
    check_error(install_text(registry, bundle), expected, "jsep_registry_install", name);
    const jsep_error* error = jsep.last_error();
    check(bytes_are(jsep.error_module(error), module == NULL ? "" : module), "%s: module", name);
    check(jsep.error_line(error) == line, "%s: line %u is %u", name, line, jsep.error_line(error));
    check(jsep.error_column(error) == column, "%s: column %u is %u", name, column, jsep.error_column(error));
    const jsep_bytes found = jsep.error_path(error);
    check(path == NULL || bytes_are(found, path), "%s: path is %.*s", name, (int)found.len, (const char*)found.data);
}

static void test_bad_bundles(const jsep_registry* registry) {
    struct text broken = {NULL, 0};
    text_append(&broken, "{\n  \"metadata\": x\n}", 19);
    check_place(registry, broken, JSEP_BUNDLE_JSON, NULL, 2, 15, NULL, "bundle that is not JSON");
    struct text empty = {NULL, 0};
    text_append(&empty, "", 0);
    check_error(install_text(registry, empty), JSEP_BUNDLE_JSON, "jsep_registry_install", "empty bundle");
    struct text no_text = {NULL, 0};
    text_append(&no_text, "{\"metadata\": \"\xff\xfe\"}", 17);
    check_error(install_text(registry, no_text), JSEP_BUNDLE_JSON, "jsep_registry_install", "bundle that is no UTF-8");
    check_place(registry, make_bundle("{\"endpoints\": {\"/a\": {\"get\": {\"nonsense\": 1}}}}", "a.js", ""),
                JSEP_BUNDLE_SHAPE, NULL, 0, 0, "metadata.endpoints[\"/a\"][\"get\"].nonsense", "unknown property");
    check_error(install_text(registry, make_bundle("[]", "a.js", "")), JSEP_BUNDLE_SHAPE, "jsep_registry_install",
                "metadata that is no object");

    check_error(install_text(registry, make_bundle(ONE_ENDPOINT("b.js", "f"), "a.js", "")), JSEP_MODULE_MISSING,
                "jsep_registry_install", "endpoint of a missing module");
    check_error(install_text(registry, make_bundle(ONE_ENDPOINT("a.js", "f"), "a.js",
                                                   "import './gone.js';\nexport function f() {}\n")),
                JSEP_MODULE_MISSING, "jsep_registry_install", "import of a missing module");
    check(bytes_contain(jsep.error_message(jsep.last_error()), "gone.js"), "the message names the missing module");
    check_place(registry, make_bundle(ONE_ENDPOINT("a.js", "f"), "a.js", "export function f() {\n  let x = ;\n}\n"),
                JSEP_MODULE_SYNTAX, "a.js", 2, 11, NULL, "syntax error");
    check_error(install_text(registry, make_bundle(ONE_ENDPOINT("a.js", "f"), "a.js",
                                                   "import { g } from './a.js';\nexport function f() { return g; }\n")),
                JSEP_MODULE_LINK, "jsep_registry_install", "import of a name that is not exported");
    check_error(install_text(registry, make_bundle(ONE_ENDPOINT("a.js", "f"), "a.js",
                                                   "export function f() {}\nthrow new Error('top level');\n")),
                JSEP_MODULE_EVALUATION, "jsep_registry_install", "top level that throws");
    check(bytes_contain(jsep.error_message(jsep.last_error()), "top level"), "the message quotes the exception");
    check_error(install_text(registry, make_bundle(ONE_ENDPOINT("a.js", "g"), "a.js", "export function f() {}\n")),
                JSEP_EXPORT_MISSING, "jsep_registry_install", "missing export");
    check_error(install_text(registry, make_bundle(ONE_ENDPOINT("a.js", "f"), "a.js", "export const f = 1;\n")),
                JSEP_EXPORT_NOT_FUNCTION, "jsep_registry_install", "export that is no function");
}

static void test_bad_routes(const jsep_registry* registry) {
    check_error(install_text(registry, make_bundle("{\"endpoints\": {" GET_ENDPOINT("/a/{x}", "f") "," GET_ENDPOINT(
                                                       "/{y}/b", "f") "}}",
                                                   "app.js", "export function f() {}")),
                JSEP_ROUTE_AMBIGUOUS, "jsep_registry_install", "ambiguous templates");
    const jsep_bytes message = jsep.error_message(jsep.last_error());
    check(bytes_contain(message, "/a/{x}") && bytes_contain(message, "/{y}/b"), "the message names both templates");
    check_error(install_text(registry, make_bundle("{\"endpoints\": {" GET_ENDPOINT("/a/{x", "f") "}}", "app.js",
                                                   "export function f() {}")),
                JSEP_ROUTE_INVALID, "jsep_registry_install", "template without its closing bracket");
}

// An install whose time is up at any of its steps fails, and the library lives on. Many endpoints make the steps long.
static void test_late_installs(const jsep_engine* engine) {
    jsep_registry* registry = NULL;
    jsep.registry_new(engine, &registry);
    struct text metadata = {NULL, 0};
    text_append(&metadata, "{\"endpoints\": {", 15);
    for (int number = 0; number < LATE_ENDPOINTS; ++number) {
        char endpoint[256];
        const int len = snprintf(endpoint, sizeof(endpoint), "%s\"/%d\": {\"get\": %s}", number == 0 ? "" : ",", number,
                                 ENDPOINT("f", "readonly"));
        text_append(&metadata, endpoint, (size_t)len);
    }
    text_append(&metadata, "}}", 2);
    bool was_late = true;
    unsigned in_time = 0;
    for (int limit = 1; limit <= LATE_MILLISECONDS && in_time < 5; ++limit) {
        char value[16];
        snprintf(value, sizeof(value), "%d", limit);
        const jsep_option option = {bytes_of("max_execution_time_ms"), bytes_of(value)};
        jsep.registry_set_options(registry, &option, 1);
        const jsep_status status =
            install_text(registry, make_bundle(metadata.data, "app.js", "export function f() {}"));
        in_time += status == JSEP_OK ? 1 : 0;
        was_late = was_late && (status == JSEP_OK || status == JSEP_MODULE_EVALUATION);
    }
    check(was_late, "an install that is late at any of its steps says so");
    text_free(&metadata);
    jsep.registry_free(registry);
}

static void test_reports(const jsep_registry* registry) {
    struct text report = {NULL, 0};
    const jsep_sink sink = text_sink(&report);
    check(jsep.registry_report(registry, &sink) == JSEP_OK, "a registry has a report");
    check(report.len > 2 && report.data[0] == '{' && report.data[report.len - 1] == '}', "the report is an object");
    text_free(&report);
    check_error(jsep.registry_report(registry, NULL), JSEP_NULL_ARGUMENT, "jsep_registry_report",
                "report without a sink");

    jsep_install_timings timings = {.size = sizeof(timings)};
    check(jsep.registry_timings_get(registry, &timings) == JSEP_OK && timings.total_ns > 0, "an install has timings");
    timings.size = sizeof(timings) - 1;
    check_error(jsep.registry_timings_get(registry, &timings), JSEP_STRUCT_SIZE, "jsep_registry_timings_get",
                "install timings of a wrong size");
    check_error(jsep.registry_timings_get(registry, NULL), JSEP_NULL_ARGUMENT, "jsep_registry_timings_get",
                "no place for install timings");
}

static void test_versions(const jsep_registry* registry, struct host* host) {
    jsep_endpoint* former = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of("/count"), &former);
    check(install_text(registry, make_bundle(ONE_ENDPOINT("a.js", "f"), "a.js",
                                             "export function f() { return { body: 'new' }; }")) == JSEP_OK,
          "another version can be installed");
    check(answers(registry, host, "/a", "new"), "the new version serves");
    jsep_request request = {.size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/count")};
    jsep_response* response = NULL;
    check(jsep.endpoint_execute(former, &request, &host->table, &response) == JSEP_OK &&
              bytes_are(jsep.response_body(response), "1"),
          "an endpoint stays with the version that it was found in");
    jsep.response_free(response);
    jsep.endpoint_free(former);
    jsep_status status = JSEP_OK;
    run(registry, host, "GET", "/count", bytes_of(""), &status);
    check(status == JSEP_PATH_UNKNOWN, "the former version's paths are gone");
}

void test_install(const jsep_engine* engine) {
    jsep_registry* empty = NULL;
    jsep_install_timings timings = {.size = sizeof(timings), .total_ns = 1};
    check(jsep.registry_new(engine, &empty) == JSEP_OK, "a registry can be made");
    check(jsep.registry_timings_get(empty, &timings) == JSEP_OK && timings.total_ns == 0,
          "the timings are zero before the first install");
    jsep.registry_free(empty);

    jsep_registry* registry = install_app(engine);
    struct host host;
    host_init(&host);
    check(answers(registry, &host, "/count", "1"), "the app serves");
    test_bad_bundles(registry);
    test_late_installs(engine);
    test_bad_routes(registry);
    check(answers(registry, &host, "/count", "1"), "the former version serves after failed installs");
    test_reports(registry);
    test_versions(registry, &host);
    host_free(&host);
    jsep.registry_free(registry);
}

// Finding endpoints by method and path, and what is known about them.
#include "check.h"
#include "groups.h"
#include "host.h"

static void check_not_found(const jsep_registry* registry, const char* method, const char* path, jsep_status expected,
                            const char* message) {
    jsep_endpoint* endpoint = (jsep_endpoint*)&endpoint;
    check_error(jsep.registry_find(registry, bytes_of(method), bytes_of(path), &endpoint), expected,
                "jsep_registry_find", path);
    const jsep_bytes found = jsep.error_message(jsep.last_error());
    check(endpoint == NULL && bytes_are(found, message), "message: %.*s", (int)found.len, (const char*)found.data);
}

static void check_template(const jsep_registry* registry, const char* method, const char* path, const char* expected) {
    jsep_endpoint* endpoint = NULL;
    jsep.registry_find(registry, bytes_of(method), bytes_of(path), &endpoint);
    check(bytes_are(jsep.endpoint_template(endpoint), expected), "%s %s has the template %s", method, path, expected);
    jsep.endpoint_free(endpoint);
}

static void check_methods(const jsep_registry* registry, const char* path) {
    struct text methods = {NULL, 0};
    const jsep_sink sink = text_sink(&methods);
    check(jsep.registry_methods(registry, bytes_of(path), &sink) == JSEP_OK, "%s has methods", path);
    const jsep_bytes found = {(const uint8_t*)methods.data, methods.len};
    check(methods.len > 8 && bytes_equal((jsep_bytes){found.data, 8}, "OPTIONS,", 8) && bytes_contain(found, "GET") &&
              bytes_contain(found, "POST"),
          "the methods are OPTIONS, GET, POST");
    text_free(&methods);
}

static void test_without_app(const jsep_engine* engine) {
    jsep_registry* registry = NULL;
    jsep_endpoint* endpoint = NULL;
    struct text methods = {NULL, 0};
    const jsep_sink sink = text_sink(&methods);
    jsep.registry_new(engine, &registry);
    check_error(jsep.registry_find(registry, bytes_of("GET"), bytes_of("/a"), &endpoint), JSEP_NO_APP,
                "jsep_registry_find", "look-up without an app");
    check_error(jsep.registry_methods(registry, bytes_of("/a"), &sink), JSEP_NO_APP, "jsep_registry_methods",
                "methods without an app");
    text_free(&methods);
    jsep.registry_free(registry);
}

void test_look_up(const jsep_engine* engine) {
    test_without_app(engine);
    jsep_registry* registry = install_app(engine);
    check_not_found(registry, "GET", "/nothing", JSEP_PATH_UNKNOWN, "Unknown path: /nothing.");
    check_not_found(registry, "GET", "/app/nothing", JSEP_PATH_UNKNOWN, "Unknown path: /nothing.");
    check_not_found(registry, "PATCH", "/count", JSEP_METHOD_UNSUPPORTED,
                    "Allowed methods for '/count' are: OPTIONS, GET.");
    check_not_found(registry, "GET", "", JSEP_PATH_UNKNOWN, "Unknown path: .");
    check_template(registry, "GET", "/echo", "/echo");
    check_template(registry, "GET", "/app/echo", "/echo");
    check_template(registry, "HEAD", "/echo", "/echo");
    check_template(registry, "PUT", "/item/a%20b", "/item/{name}");
    check_methods(registry, "/echo");
    check_error(jsep.registry_methods(registry, bytes_of("/echo"), NULL), JSEP_NULL_ARGUMENT, "jsep_registry_methods",
                "methods without a sink");
    check_error(jsep.registry_find(registry, bytes_of("GET"), bytes_of("/echo"), NULL), JSEP_NULL_ARGUMENT,
                "jsep_registry_find", "no place for the endpoint");

    jsep_endpoint* endpoint = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of("/echo"), &endpoint);
    check(jsep.endpoint_mode(endpoint) == JSEP_MODE_READONLY, "the endpoint is readonly");
    const jsep_bytes properties = jsep.endpoint_properties(endpoint);
    check(properties.len > 0 && properties.data[0] == '{' && bytes_contain(properties, "\"authn_policies\""),
          "the endpoint has properties");
    jsep.endpoint_free(endpoint);
    jsep.registry_find(registry, bytes_of("POST"), bytes_of("/echo"), &endpoint);
    check(jsep.endpoint_mode(endpoint) == JSEP_MODE_READWRITE, "the other endpoint is readwrite");
    jsep.endpoint_free(endpoint);
    jsep.registry_free(registry);
}

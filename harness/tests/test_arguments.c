// Null handles, null places for results, and what is asked of nothing.
#include <string.h>

#include "check.h"
#include "groups.h"

static void test_null_accessors(void) {
    check(jsep.endpoint_template(NULL).len == 0, "a null endpoint has no template");
    check(jsep.endpoint_mode(NULL) == JSEP_MODE_READWRITE, "a null endpoint's mode is readwrite");
    check(jsep.endpoint_properties(NULL).len == 0, "a null endpoint has no properties");
    check(jsep.response_status(NULL) == 0, "a null response's status is 0");
    check(jsep.response_header_count(NULL) == 0, "a null response has no headers");
    check(jsep.response_body(NULL).len == 0, "a null response has no body");
    check(!jsep.response_apply_writes(NULL), "a null response applies no writes");
    check(jsep.response_claims_digest(NULL).len == 0, "a null response has no claims digest");
    check(!jsep.response_timed_out(NULL), "a null response has not timed out");
    check(jsep.response_exception(NULL).len == 0, "a null response has no exception");
    check(jsep.response_exception_trace(NULL).len == 0, "a null response has no trace");
    check(jsep.error_status(NULL) == JSEP_NULL_ARGUMENT, "a null error's status is JSEP_NULL_ARGUMENT");
    check(jsep.error_message(NULL).len == 0, "a null error has no message");
    check(jsep.error_function(NULL).len == 0, "a null error has no function");
    check(jsep.error_module(NULL).len == 0, "a null error has no module");
    check(jsep.error_path(NULL).len == 0, "a null error has no path");
    check(jsep.error_line(NULL) == 0, "a null error has no line");
    check(jsep.error_column(NULL) == 0, "a null error has no column");
}

static void test_null_handles(void) {
    struct text text = {NULL, 0};
    const jsep_sink sink = text_sink(&text);
    jsep_engine_timings engine_timings = {sizeof(engine_timings), 0, 0};
    jsep_install_timings install_timings = {.size = sizeof(install_timings)};
    jsep_execution_timings execution_timings = {.size = sizeof(execution_timings)};
    jsep_request request = {.size = sizeof(request)};
    jsep_host host = {.size = sizeof(host)};
    jsep_bytes name;
    jsep_bytes value;
    jsep_registry* registry = (jsep_registry*)&text;
    jsep_endpoint* endpoint = (jsep_endpoint*)&text;
    jsep_response* response = (jsep_response*)&text;

    check_error(jsep.engine_report(NULL, &sink), JSEP_NULL_ARGUMENT, "jsep_engine_report", "report of a null engine");
    check_error(jsep.engine_timings_get(NULL, &engine_timings), JSEP_NULL_ARGUMENT, "jsep_engine_timings_get",
                "timings of a null engine");
    check_error(jsep.registry_new(NULL, &registry), JSEP_NULL_ARGUMENT, "jsep_registry_new",
                "registry of a null engine");
    check(registry == NULL, "a failed jsep_registry_new gives null");
    check_error(jsep.registry_install(NULL, bytes_of("{}")), JSEP_NULL_ARGUMENT, "jsep_registry_install",
                "install in a null registry");
    check_error(jsep.registry_set_options(NULL, NULL, 0), JSEP_NULL_ARGUMENT, "jsep_registry_set_options",
                "options of a null registry");
    check_error(jsep.registry_report(NULL, &sink), JSEP_NULL_ARGUMENT, "jsep_registry_report",
                "report of a null registry");
    check_error(jsep.registry_timings_get(NULL, &install_timings), JSEP_NULL_ARGUMENT, "jsep_registry_timings_get",
                "timings of a null registry");
    check_error(jsep.registry_find(NULL, bytes_of("GET"), bytes_of("/"), &endpoint), JSEP_NULL_ARGUMENT,
                "jsep_registry_find", "look-up in a null registry");
    check(endpoint == NULL, "a failed jsep_registry_find gives null");
    check_error(jsep.registry_methods(NULL, bytes_of("/"), &sink), JSEP_NULL_ARGUMENT, "jsep_registry_methods",
                "methods in a null registry");
    check_error(jsep.endpoint_execute(NULL, &request, &host, &response), JSEP_NULL_ARGUMENT, "jsep_endpoint_execute",
                "execution of a null endpoint");
    check(response == NULL, "a failed jsep_endpoint_execute gives null");
    check_error(jsep.response_header(NULL, 0, &name, &value), JSEP_NULL_ARGUMENT, "jsep_response_header",
                "header of a null response");
    check_error(jsep.response_timings_get(NULL, &execution_timings), JSEP_NULL_ARGUMENT, "jsep_response_timings_get",
                "timings of a null response");
    check(text.len == 0, "nothing was written to the sink");
    text_free(&text);
}

void test_null_arguments(void) {
    check(jsep.last_error() == NULL, "no error before the first failure");
    check(jsep.error_take() == NULL, "no error to take before the first failure");
    test_null_accessors();
    test_null_handles();
    check_error(jsep.engine_new(NULL, 0, NULL, NULL), JSEP_NULL_ARGUMENT, "jsep_engine_new", "no place for the engine");
    jsep_engine* engine = NULL;
    check_error(jsep.engine_new(NULL, 1, NULL, &engine), JSEP_NULL_ARGUMENT, "jsep_engine_new",
                "a count of options without options");
    jsep.engine_free(NULL);
    jsep.registry_free(NULL);
    jsep.endpoint_free(NULL);
    jsep.response_free(NULL);
    jsep.error_free(NULL);
    check(true, "null may be freed");
}

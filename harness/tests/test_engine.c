// Engines: options, logger, report, timings; and errors as objects.
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "groups.h"
#include "host.h"

static void drop_log(void* context, jsep_log_level level, jsep_bytes text) {
    (void)level;
    (void)text;
    ++*(unsigned*)context;
}

static void test_bad_options(void) {
    jsep_engine* engine = (jsep_engine*)&engine;
    const jsep_option unknown = {bytes_of("no_such_option"), bytes_of("1")};
    check_error(jsep.engine_new(&unknown, 1, NULL, &engine), JSEP_INVALID_OPTION, "jsep_engine_new", "unknown option");
    check(engine == NULL, "a failed jsep_engine_new gives null");
    const jsep_bytes message = jsep.error_message(jsep.last_error());
    check(bytes_contain(message, "no_such_option"), "the message names the unknown option");
    check(bytes_contain(message, "max_heap_bytes") && bytes_contain(message, "jit"), "the message lists known options");

    const jsep_option wrong = {bytes_of("max_heap_bytes"), bytes_of("many")};
    check_error(jsep.engine_new(&wrong, 1, NULL, &engine), JSEP_INVALID_OPTION, "jsep_engine_new",
                "value that is no number");
    check(bytes_contain(jsep.error_message(jsep.last_error()), "max_heap_bytes"), "the message names the option");

    const jsep_option no_text = {{(const uint8_t*)"\xff\xfe", 2}, bytes_of("1")};
    check_error(jsep.engine_new(&no_text, 1, NULL, &engine), JSEP_INVALID_OPTION, "jsep_engine_new",
                "option that is no UTF-8");
}

static void test_logger(void) {
    jsep_engine* engine = NULL;
    unsigned calls = 0;
    jsep_logger logger = {sizeof(logger) - 1, &calls, drop_log};
    check_error(jsep.engine_new(engine_options, engine_option_count, &logger, &engine), JSEP_STRUCT_SIZE,
                "jsep_engine_new", "logger of a wrong size");
    logger.size = sizeof(logger);
    check(jsep.engine_new(engine_options, engine_option_count, &logger, &engine) == JSEP_OK,
          "an engine takes a logger");
    jsep.engine_free(engine);
    logger.write = NULL;
    check(jsep.engine_new(engine_options, engine_option_count, &logger, &engine) == JSEP_OK,
          "an engine takes a logger without a function");
    jsep.engine_free(engine);
}

static void test_other_mode(const char* report) {
    // The first engine has decided whether there is a JIT.
    const bool jit = strstr(report, "\"jit\":true") != NULL || strstr(report, "\"jit\": true") != NULL;
    const jsep_option other = {bytes_of("jit"), bytes_of(jit ? "off" : "on")};
    jsep_engine* engine = NULL;
    check(jsep.engine_new(&other, 1, NULL, &engine) != JSEP_OK && engine == NULL,
          "an engine of the other mode is refused");
}

// The library works ahead when the host lets it, and requests are none the wiser.
static void test_idle(const jsep_engine* engine) {
    const uint64_t millisecond = 1000 * 1000;
    const uint64_t second = 1000 * millisecond;
    bool more = true;
    check(jsep.engine_idle(engine, millisecond, &more) == JSEP_OK && !more,
          "an engine without an app has nothing to do");
    check_error(jsep.engine_idle(NULL, millisecond, &more), JSEP_NULL_ARGUMENT, "jsep_engine_idle", "no engine");
    jsep_registry* registry = install_app(engine);
    if (registry == NULL) {
        return;
    }
    struct host host;
    host_init(&host);
    for (int round = 0; round < 3; ++round) {
        check(run_status(registry, &host, "GET", "/count", bytes_of("")) == 200,
              "a request before and after idle time");
        check(jsep.engine_idle(engine, second, NULL) == JSEP_OK, "idle time without a place for the answer");
    }
    check(jsep.engine_idle(engine, second, &more) == JSEP_OK && !more, "work ahead comes to an end");
    check(jsep.engine_idle(engine, 0, &more) == JSEP_OK, "no idle time at all");
    host_free(&host);
    jsep.registry_free(registry);
}

void test_engine(void) {
    test_bad_options();
    test_logger();
    jsep_engine* engine = start_engine();
    if (engine == NULL) {
        return;
    }
    struct text report = {NULL, 0};
    const jsep_sink sink = text_sink(&report);
    check(jsep.engine_report(engine, &sink) == JSEP_OK, "an engine has a report");
    check(report.len > 2 && report.data[0] == '{' && report.data[report.len - 1] == '}', "the report is an object");
    check_error(jsep.engine_report(engine, NULL), JSEP_NULL_ARGUMENT, "jsep_engine_report", "report without a sink");
    test_other_mode(report.data);
    text_free(&report);

    jsep_engine_timings timings = {sizeof(timings), 0, 0};
    check(jsep.engine_timings_get(engine, &timings) == JSEP_OK && timings.total_ns > 0, "an engine has timings");
    check(timings.total_ns >= timings.start_ns, "the start is a part of the total");
    timings.size = 1;
    check_error(jsep.engine_timings_get(engine, &timings), JSEP_STRUCT_SIZE, "jsep_engine_timings_get",
                "engine timings of a wrong size");
    check_error(jsep.engine_timings_get(engine, NULL), JSEP_NULL_ARGUMENT, "jsep_engine_timings_get",
                "no place for engine timings");

    test_idle(engine);
    jsep_engine* second = start_engine();
    check(second != NULL && second != engine, "a second engine with the same options starts");
    jsep.engine_free(second);
    check_error(jsep.registry_new(engine, NULL), JSEP_NULL_ARGUMENT, "jsep_registry_new", "no place for the registry");
    jsep.engine_free(engine);
}

static void* fail_elsewhere(void* context) {
    bool* passed = context;
    const bool fresh = jsep.last_error() == NULL;
    const jsep_status status = jsep.registry_new(NULL, NULL);
    *passed =
        fresh && status == JSEP_NULL_ARGUMENT && bytes_are(jsep.error_function(jsep.last_error()), "jsep_registry_new");
    return NULL;
}

// An error may be read and freed on another thread than the one that took it.
static void* read_elsewhere(void* context) {
    jsep_error* error = context;
    const bool passed = jsep.error_status(error) == JSEP_NULL_ARGUMENT && jsep.error_message(error).len > 0;
    jsep.error_free(error);
    return passed ? context : NULL;
}

void test_errors(void) {
    jsep_engine* engine = start_engine();
    jsep_engine_timings timings = {sizeof(timings), 0, 0};
    jsep.engine_report(NULL, NULL);
    const jsep_error* before = jsep.last_error();
    check(jsep.engine_timings_get(engine, &timings) == JSEP_OK && jsep.last_error() == before,
          "a success leaves the last error as it was");

    bool passed = false;
    pthread_t thread;
    pthread_create(&thread, NULL, fail_elsewhere, &passed);
    pthread_join(thread, NULL);
    check(passed, "each thread has errors of its own");
    check(bytes_are(jsep.error_function(jsep.last_error()), "jsep_engine_report"),
          "another thread's error changes nothing");

    jsep_error* taken = jsep.error_take();
    check(taken != NULL && bytes_are(jsep.error_function(taken), "jsep_engine_report"), "an error can be taken");
    check(jsep.last_error() == NULL && jsep.error_take() == NULL, "a taken error is gone");
    jsep.registry_new(NULL, NULL);
    check(bytes_are(jsep.error_function(taken), "jsep_engine_report"), "a taken error stays as it is");
    void* result = NULL;
    pthread_create(&thread, NULL, read_elsewhere, taken);
    pthread_join(thread, &result);
    check(result != NULL, "a taken error can be read and freed on another thread");
    jsep.engine_free(engine);
}

// Run-time options and the limit of time.
#include <pthread.h>
#include <stdio.h>

#include "app.h"
#include "check.h"
#include "groups.h"
#include "host.h"

static jsep_status set_option(const jsep_registry* registry, const char* name, const char* value) {
    const jsep_option option = {bytes_of(name), bytes_of(value)};
    return jsep.registry_set_options(registry, &option, 1);
}

static bool report_has(const jsep_registry* registry, const char* part) {
    struct text report = {NULL, 0};
    const jsep_sink sink = text_sink(&report);
    jsep.registry_report(registry, &sink);
    // Whether the report has spaces is the library's choice.
    struct text dense = {NULL, 0};
    for (size_t index = 0; index < report.len; ++index) {
        if (report.data[index] != ' ' && report.data[index] != '\n') {
            text_append(&dense, &report.data[index], 1);
        }
    }
    const jsep_bytes bytes = {(const uint8_t*)dense.data, dense.len};
    const bool result = bytes_contain(bytes, part);
    text_free(&report);
    text_free(&dense);
    return result;
}

static void test_set_options(const jsep_registry* registry) {
    const char* function = "jsep_registry_set_options";
    check_error(set_option(registry, "no_such_option", "1"), JSEP_INVALID_OPTION, function, "unknown run-time option");
    check_error(set_option(registry, "jit", "off"), JSEP_INVALID_OPTION, function,
                "an engine option is not a run-time option");
    check_error(set_option(registry, "max_execution_time_ms", "-1"), JSEP_INVALID_OPTION, function, "negative time");
    check_error(jsep.registry_set_options(registry, NULL, 1), JSEP_NULL_ARGUMENT, function,
                "a count of options without options");
    check(jsep.registry_set_options(registry, NULL, 0) == JSEP_OK, "no options are fine");

    const jsep_option mixed[] = {{bytes_of("max_execution_time_ms"), bytes_of("77")},
                                 {bytes_of("nonsense"), bytes_of("1")}};
    check_error(jsep.registry_set_options(registry, mixed, 2), JSEP_INVALID_OPTION, function,
                "one good and one unknown option");
    check(!report_has(registry, "\"max_execution_time_ms\":77"), "then the good one is not taken either");
    check(set_option(registry, "max_execution_time_ms", "77") == JSEP_OK &&
              report_has(registry, "\"max_execution_time_ms\":77"),
          "an option is taken");
    check(set_option(registry, "max_execution_time_ms", "") == JSEP_OK &&
              report_has(registry, "\"max_execution_time_ms\":5000"),
          "an empty value means the default");
}

static void test_time(const jsep_registry* registry, struct host* host) {
    check(set_option(registry, "max_execution_time_ms", "100") == JSEP_OK, "the time is limited");
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, "GET", "/loop", bytes_of(""), &status);
    check(status == JSEP_OK && jsep.response_status(response) == 500, "an endless loop is a response with status 500");
    check(jsep.response_timed_out(response), "the response has timed out");
    check(bytes_contain(jsep.response_body(response), "Operation took too long to complete."), "the body says so");
    jsep_execution_timings timings = {.size = sizeof(timings)};
    jsep.response_timings_get(response, &timings);
    check(timings.total_ns >= 90 * 1000 * 1000ULL && timings.total_ns < 5000 * 1000 * 1000ULL,
          "it took about the limit");
    jsep.response_free(response);
    // It may have to make an isolate, for which a busy machine takes its time.
    check(set_option(registry, "max_execution_time_ms", "") == JSEP_OK, "the default limit again");
    check(answers(registry, host, "/count", "1"), "the next request is fine");
}

static void test_details(const jsep_registry* registry, struct host* host) {
    jsep_status status = JSEP_OK;
    check(set_option(registry, "return_exception_details", "true") == JSEP_OK, "details may be returned");
    jsep_response* response = run(registry, host, "GET", "/throw", bytes_of(""), &status);
    check(bytes_contain(jsep.response_body(response), "Error: boom"), "then the body has the exception");
    jsep.response_free(response);
    check(set_option(registry, "return_exception_details", "") == JSEP_OK, "details may not be returned");
    response = run(registry, host, "GET", "/throw", bytes_of(""), &status);
    check(!bytes_contain(jsep.response_body(response), "boom"), "then the body has no exception");
    jsep.response_free(response);
}

static const char deep_metadata[] =
    "{\"endpoints\": {" GET_ENDPOINT("/deep", "deep") "," GET_ENDPOINT("/little", "little") "}}";

static const char deep_source[] =
    "const descend = (depth) => 1 + descend(depth + 1);\n"
    "export function deep() { return { body: `${descend(0)}` }; }\n"
    "export function little() { return { body: 'little' }; }\n";

enum outcome { OTHER, ANSWERED, OVERFLOWED };

static const char* const outcome_names[] = {"other", "answered", "overflowed"};

struct deep_worker {
    const jsep_registry* registry;
    enum outcome deep;
    enum outcome little;
};

static enum outcome outcome_of(const jsep_registry* registry, struct host* host, const char* path) {
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, "GET", path, bytes_of(""), &status);
    const uint32_t code = jsep.response_status(response);
    const bool overflowed = bytes_are(jsep.response_exception(response), "InternalError: stack overflow");
    jsep.response_free(response);
    return code == 200 ? ANSWERED : code == 500 && overflowed ? OVERFLOWED : OTHER;
}

static void* descend(void* context) {
    struct deep_worker* worker = context;
    struct host host;
    host_init(&host);
    for (unsigned round = 0; round < 3; ++round) {
        worker->deep = outcome_of(worker->registry, &host, "/deep");
        worker->little = outcome_of(worker->registry, &host, "/little");
    }
    host_free(&host);
    return NULL;
}

// ThreadSanitizer keeps data of its own on a thread's stack, and leaves 128 KiB of one as small as this.
#ifdef __SANITIZE_THREAD__
#define WITH_256_KIBIBYTES OVERFLOWED
#else
#define WITH_256_KIBIBYTES ANSWERED
#endif

// Endless recursion on threads of a host that have less or more stack than a request may use.
static void test_stacks(const jsep_engine* engine) {
    const struct {
        size_t kibibytes;
        enum outcome little;
    } threads[] = {{64, OVERFLOWED}, {256, WITH_256_KIBIBYTES}, {8192, ANSWERED}};
    jsep_registry* registry = NULL;
    check(jsep.registry_new(engine, &registry) == JSEP_OK &&
              install_text(registry, make_bundle(deep_metadata, "app.js", deep_source)) == JSEP_OK,
          "an app that needs much stack");
    for (size_t index = 0; index < sizeof(threads) / sizeof(threads[0]); ++index) {
        struct deep_worker worker = {registry, OTHER, OTHER};
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, threads[index].kibibytes << 10);
        pthread_create(&thread, &attributes, descend, &worker);
        pthread_join(thread, NULL);
        pthread_attr_destroy(&attributes);
        check(worker.deep == OVERFLOWED, "endless recursion overflows %zu KiB of stack", threads[index].kibibytes);
        check(worker.little == threads[index].little, "a request that needs little stack is %s there",
              outcome_names[threads[index].little]);
    }
    struct deep_worker here = {registry, OTHER, OTHER};
    descend(&here);
    check(here.deep == OVERFLOWED && here.little == ANSWERED, "and on this thread as ever");
    jsep.registry_free(registry);
}

void test_limits(const jsep_engine* engine) {
    jsep_registry* registry = install_app(engine);
    struct host host;
    host_init(&host);
    test_set_options(registry);
    test_time(registry, &host);
    test_details(registry, &host);
    test_stacks(engine);
    host_free(&host);
    jsep.registry_free(registry);
}

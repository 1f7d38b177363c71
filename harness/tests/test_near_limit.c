// Requests whose time is close to the limit, on several threads, with endless ones among them: a request that is told
// that it took too long has taken that long itself.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app.h"
#include "check.h"
#include "groups.h"
#include "host.h"

#define THREADS 4
// Requests of all threads together, unless JSEP_TEST_NEAR_LIMIT says how many.
#define REQUESTS 800
#define LIMIT_MS 10
#define LIMIT_TEXT "10"
#define ENDLESS_EVERY 16

static const char metadata[] = "{\"endpoints\": {" GET_ENDPOINT("/turns", "turns") "," GET_ENDPOINT(
    "/little", "little") "," GET_ENDPOINT("/endless", "endless") "}}";

static const char source[] =
    "export function turns(request) {\n"
    "  let sum = 0;\n"
    "  for (let count = Number(request.body.text()); count > 0; count -= 1) { sum += count % 3; }\n"
    "  return { body: `${sum >= 0}` };\n"
    "}\n"
    "export function little() { return { body: 'little' }; }\n"
    "export function endless() { for (;;) {} }\n";

struct near_worker {
    pthread_t thread;
    const jsep_registry* registry;
    unsigned long requests;
    // What it has seen.
    unsigned long timed_out;
    unsigned long in_time;
    unsigned long too_early;
    unsigned long wrong;
};

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

// Executes, and tells whether the time was up. `expected` is the body otherwise.
static bool is_timed_out(struct near_worker* worker, struct host* host, const char* path, jsep_bytes body,
                         const char* expected) {
    jsep_status status = JSEP_OK;
    const double begin = milliseconds();
    jsep_response* response = run(worker->registry, host, "GET", path, body, &status);
    const double took = milliseconds() - begin;
    const bool timed_out = jsep.response_timed_out(response);
    if (timed_out) {
        worker->timed_out += 1;
        // The machine may have been busy with something else; but no less than the limit can have passed.
        worker->too_early += took < LIMIT_MS ? 1 : 0;
    } else {
        worker->in_time += 1;
        const bool right = status == JSEP_OK && jsep.response_status(response) == 200 && expected != NULL &&
                           bytes_are(jsep.response_body(response), expected);
        worker->wrong += right ? 0 : 1;
    }
    jsep.response_free(response);
    return timed_out;
}

static void* work(void* context) {
    struct near_worker* worker = context;
    struct host host;
    host_init(&host);
    // As many turns as take about the limit are found on the way.
    double turns = 1000;
    for (unsigned long request = 0; request < worker->requests; request += 2) {
        if (request % ENDLESS_EVERY == 0) {
            is_timed_out(worker, &host, "/endless", bytes_of(""), NULL);
        } else {
            char text[32];
            snprintf(text, sizeof(text), "%.0f", turns);
            turns *= is_timed_out(worker, &host, "/turns", bytes_of(text), "true") ? 0.9 : 1.1;
        }
        is_timed_out(worker, &host, "/little", bytes_of(""), "little");
    }
    host_free(&host);
    return NULL;
}

void test_near_limit(const jsep_engine* engine) {
    jsep_registry* registry = NULL;
    check(jsep.registry_new(engine, &registry) == JSEP_OK, "a registry for requests near the limit");
    check(install_text(registry, make_bundle(metadata, "app.js", source)) == JSEP_OK, "their app is installed");
    const jsep_option limit = {bytes_of("max_execution_time_ms"), bytes_of(LIMIT_TEXT)};
    check(jsep.registry_set_options(registry, &limit, 1) == JSEP_OK, "their time is limited");
    const char* wished = getenv("JSEP_TEST_NEAR_LIMIT");
    const unsigned long requests = wished == NULL ? REQUESTS : strtoul(wished, NULL, 10);
    struct near_worker workers[THREADS] = {0};
    for (unsigned index = 0; index < THREADS; ++index) {
        workers[index].registry = registry;
        workers[index].requests = requests / THREADS;
        pthread_create(&workers[index].thread, NULL, work, &workers[index]);
    }
    unsigned long timed_out = 0;
    unsigned long in_time = 0;
    for (unsigned index = 0; index < THREADS; ++index) {
        pthread_join(workers[index].thread, NULL);
        check(workers[index].too_early == 0, "no request of thread %u is told of a time-out that is another's", index);
        check(workers[index].wrong == 0, "requests that end in time have right answers");
        timed_out += workers[index].timed_out;
        in_time += workers[index].in_time;
    }
    check(timed_out > 0 && in_time > 0, "%lu requests took too long, %lu did not", timed_out, in_time);
    jsep.registry_free(registry);
}

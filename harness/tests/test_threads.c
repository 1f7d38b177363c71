// Threads, lifetimes of handles, and fork.
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "groups.h"
#include "host.h"

#define THREADS 4
#define ROUNDS 50

struct worker {
    pthread_t thread;
    const jsep_registry* registry;
    unsigned number;
    unsigned wrong;
    unsigned elsewhere;
};

static void* work(void* context) {
    struct worker* worker = context;
    struct host host;
    host_init(&host);
    for (unsigned round = 0; round < ROUNDS; ++round) {
        char value[64];
        snprintf(value, sizeof(value), "value %u of thread %u", round, worker->number);
        const bool good = run_status(worker->registry, &host, "PUT", "/item/a", bytes_of(value)) == 204 &&
                          answers(worker->registry, &host, "/item/a", value) &&
                          answers(worker->registry, &host, "/count", "1");
        worker->wrong += good ? 0 : 1;
    }
    worker->elsewhere = host.calls_elsewhere;
    host_free(&host);
    return NULL;
}

void test_threads(const jsep_engine* engine) {
    jsep_registry* registry = install_app(engine);
    struct worker workers[THREADS] = {0};
    for (unsigned index = 0; index < THREADS; ++index) {
        workers[index].registry = registry;
        workers[index].number = index;
        pthread_create(&workers[index].thread, NULL, work, &workers[index]);
    }
    // An install while they serve.
    jsep_registry* other = install_app(engine);
    jsep.registry_free(other);
    for (unsigned index = 0; index < THREADS; ++index) {
        pthread_join(workers[index].thread, NULL);
        check(workers[index].wrong == 0, "thread %u of %d at once has right answers", index, THREADS);
        check(workers[index].elsewhere == 0, "its callbacks run on it");
    }
    jsep.registry_free(registry);
}

void test_old_thread(const jsep_registry* registry) {
    struct host host;
    host_init(&host);
    check(run_status(registry, &host, "PUT", "/item/a", bytes_of("old")) == 204 &&
              answers(registry, &host, "/item/a", "old"),
          "a thread that is older than the library executes");
    check(host.calls > 0 && host.calls_elsewhere == 0, "the callbacks run on it");
    host_free(&host);
}

void test_lifetimes(void) {
    jsep_engine* engine = start_engine();
    jsep_registry* registry = engine == NULL ? NULL : install_app(engine);
    if (registry == NULL) {
        jsep.engine_free(engine);
        return;
    }
    struct host host;
    host_init(&host);
    jsep.engine_free(engine);
    check(answers(registry, &host, "/count", "1"), "a registry outlives its engine's handle");
    jsep_endpoint* endpoint = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of("/echo"), &endpoint);
    jsep.registry_free(registry);
    check(bytes_are(jsep.endpoint_template(endpoint), "/echo"), "an endpoint outlives its registry");
    jsep_request request = {
        .size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/echo"), .body = bytes_of("body")};
    jsep_response* response = NULL;
    check(jsep.endpoint_execute(endpoint, &request, &host.table, &response) == JSEP_OK, "and can be executed");
    jsep_response* again = NULL;
    check(jsep.endpoint_execute(endpoint, &request, &host.table, &again) == JSEP_OK, "any number of times");
    jsep.response_free(again);
    jsep.endpoint_free(endpoint);
    host_free(&host);
    check(jsep.response_status(response) == 200 && bytes_are(jsep.response_body(response), "body") &&
              jsep.response_header_count(response) > 0,
          "a response outlives endpoint, registry and engine");
    jsep.response_free(response);
}

void test_fork(const jsep_engine* engine) {
    jsep_registry* registry = install_app(engine);
    struct host host;
    host_init(&host);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        jsep_status status = JSEP_OK;
        run(registry, &host, "GET", "/count", bytes_of(""), &status);
        _exit(status == JSEP_FORKED ? 0 : 1);
    }
    int ended = -1;
    waitpid(child, &ended, 0);
    check(ended == 0, "execution in a forked child answers JSEP_FORKED");
    check(answers(registry, &host, "/count", "1"), "the parent goes on");
    host_free(&host);
    jsep.registry_free(registry);
}

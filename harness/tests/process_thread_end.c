// Calls while a thread ends, from the destructor of a value that the host keeps for each thread: much of the thread is
// gone already.
#include "app.h"
#include "check.h"
#include "memory_storage.h"
#include "process.h"

static const jsep_bytes NO_BYTES = {NULL, 0};

struct ending_thread {
    pthread_key_t key;
    const jsep_engine* engine;
    const jsep_registry* registry;
    const jsep_storage* storage;
    const jsep_log* log;
    unsigned rounds;
};

static void use_library(struct ending_thread* ending) {
    struct host host;
    host_init(&host);
    check(answers(ending->registry, &host, "/count", "1"), "a thread that ends executes");
    check(run_status(ending->registry, &host, "GET", "/throw", NO_BYTES) == 500, "also what throws");
    check(install_text(ending->registry, make_bundle(APP_METADATA, "app.js", APP_SOURCE)) == JSEP_OK, "it installs");
    check(jsep.registry_install(ending->registry, bytes_of("{")) == JSEP_BUNDLE_JSON,
          "and gets the status of an error");
    check(jsep.engine_idle(ending->engine, 1000000, NULL) == JSEP_OK, "it works ahead");
    jsep_realm* realm = NULL;
    const jsep_status opened = jsep.realm_open(ending->engine, ending->log, bytes_of("one"), bytes_of("let count = 0;"),
                                               NULL, 0, NULL, &realm);
    check(opened == JSEP_OK || opened == JSEP_NOT_SUPPORTED, "it opens a durable realm where there are such");
    if (opened == JSEP_OK) {
        struct text text = {NULL, 0};
        const jsep_sink sink = text_sink(&text);
        check(jsep.realm_eval(realm, NO_BYTES, bytes_of("++count"), NULL, &sink) == JSEP_OK, "it runs a turn");
        text_free(&text);
    }
    jsep.realm_free(realm);
    if (opened == JSEP_OK) {
        struct text text = {NULL, 0};
        const jsep_sink sink = text_sink(&text);
        check(jsep.log_checkpoint(ending->engine, ending->storage, bytes_of("one"), &sink) == JSEP_OK,
              "it makes a checkpoint");
        text_free(&text);
    }
    host_free(&host);
}

static void end_value(void* context) {
    struct ending_thread* ending = context;
    use_library(ending);
    // The library's own values for the thread go between two rounds.
    if (++ending->rounds < 3) {
        pthread_setspecific(ending->key, ending);
    }
}

static void* use_and_end(void* context) {
    struct ending_thread* ending = context;
    pthread_setspecific(ending->key, ending);
    use_library(ending);
    return NULL;
}

void test_thread_end(char** libraries) {
    struct ending_thread ending = {0};
    // Older than any value of the library.
    pthread_key_create(&ending.key, end_value);
    jsep_engine* engine = NULL;
    jsep_registry* registry = load_and_install(libraries[0], &engine);
    if (registry == NULL) {
        return;
    }
    struct memory memory = {.sync_answer = JSEP_OK};
    pthread_mutex_init(&memory.mutex, NULL);
    const jsep_storage storage = storage_in(&memory);
    jsep_log* log = open_log(&storage);
    ending.engine = engine;
    ending.registry = registry;
    ending.storage = &storage;
    ending.log = log;
    pthread_t thread;
    pthread_create(&thread, NULL, use_and_end, &ending);
    pthread_join(thread, NULL);
    check(ending.rounds == 3, "the thread called in each round of its end");
    struct host host;
    host_init(&host);
    check(answers(registry, &host, "/count", "1"), "other threads go on");
    host_free(&host);
    jsep.log_free(log);
    memory_free(&memory);
    free_all(registry, engine);
}

// A thread that has used the library, and its end after all handles have been freed and the library was closed.
struct outliving_thread {
    const jsep_registry* registry;
    pthread_barrier_t used;
    pthread_barrier_t closed;
};

static void* outlive(void* context) {
    struct outliving_thread* outliving = context;
    struct host host;
    host_init(&host);
    check(answers(outliving->registry, &host, "/count", "1"), "a thread executes");
    check(jsep.registry_install(outliving->registry, bytes_of("{")) == JSEP_BUNDLE_JSON, "and has an error");
    host_free(&host);
    pthread_barrier_wait(&outliving->used);
    pthread_barrier_wait(&outliving->closed);
    return NULL;
}

void test_thread_outlives(char** libraries) {
    struct outliving_thread outliving;
    pthread_barrier_init(&outliving.used, NULL, 2);
    pthread_barrier_init(&outliving.closed, NULL, 2);
    for (int round = 0; round < 2; ++round) {
        jsep_engine* engine = NULL;
        jsep_registry* registry = load_and_install(libraries[0], &engine);
        if (registry == NULL) {
            return;
        }
        outliving.registry = registry;
        pthread_t thread;
        pthread_create(&thread, NULL, outlive, &outliving);
        pthread_barrier_wait(&outliving.used);
        free_all(registry, engine);
        library_close();
        pthread_barrier_wait(&outliving.closed);
        pthread_join(thread, NULL);
        check(true, "a thread ends after the library was closed");
    }
    pthread_barrier_destroy(&outliving.used);
    pthread_barrier_destroy(&outliving.closed);
}

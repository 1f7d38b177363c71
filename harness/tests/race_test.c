// A host with a race in one of its functions, which ThreadSanitizer has to report: race_test LIB
#include <pthread.h>
#include <stdio.h>

#include "check.h"
#include "host.h"

#define THREADS 2
#define ROUNDS 200

// Counted by all threads without a lock.
static unsigned calls;

static uint32_t racing_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)context;
    (void)map;
    (void)key;
    (void)value;
    calls += 1;
    return JSEP_NOT_FOUND;
}

static void* work(void* registry) {
    struct host host;
    host_init(&host);
    host.table.store_get = racing_get;
    for (unsigned round = 0; round < ROUNDS; ++round) {
        run_status(registry, &host, "GET", "/item/a", bytes_of(""));
    }
    host_free(&host);
    return NULL;
}

int main(int argc, char** argv) {
    if (argc != 2 || !library_open(argv[1])) {
        fprintf(stderr, "usage: race_test LIB\n");
        return 2;
    }
    jsep_engine* engine = start_engine();
    jsep_registry* registry = engine == NULL ? NULL : install_app(engine);
    if (registry != NULL) {
        pthread_t threads[THREADS];
        for (unsigned index = 0; index < THREADS; ++index) {
            pthread_create(&threads[index], NULL, work, registry);
        }
        for (unsigned index = 0; index < THREADS; ++index) {
            pthread_join(threads[index], NULL);
        }
        check(calls > 0, "the function was called");
    }
    jsep.registry_free(registry);
    jsep.engine_free(engine);
    return finish_checks();
}

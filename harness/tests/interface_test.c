// Exercises every function of jsep.h with good and bad arguments: interface_test LIB [OPTION=VALUE]...
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "groups.h"

#define OLD_THREADS 8

// Threads that exist before the library is loaded, as those of a host do, and begin together once it is.
struct old_threads {
    pthread_t threads[OLD_THREADS];
    pthread_barrier_t loaded;
    // Null when there is nothing to test.
    const jsep_registry* registry;
};

static void* wait_and_test(void* context) {
    struct old_threads* old = context;
    pthread_barrier_wait(&old->loaded);
    if (old->registry != NULL) {
        test_old_thread(old->registry);
    }
    return NULL;
}

static void start_old_threads(struct old_threads* old) {
    pthread_barrier_init(&old->loaded, NULL, OLD_THREADS + 1);
    for (unsigned index = 0; index < OLD_THREADS; ++index) {
        if (pthread_create(&old->threads[index], NULL, wait_and_test, old) != 0) {
            fprintf(stderr, "can't start a thread\n");
            exit(2);
        }
    }
}

static void end_old_threads(struct old_threads* old) {
    pthread_barrier_wait(&old->loaded);
    for (unsigned index = 0; index < OLD_THREADS; ++index) {
        pthread_join(old->threads[index], NULL);
    }
    pthread_barrier_destroy(&old->loaded);
}

static jsep_option parse_option(char* text) {
    char* sign = strchr(text, '=');
    if (sign == NULL) {
        fprintf(stderr, "%s is not OPTION=VALUE\n", text);
        exit(2);
    }
    *sign = '\0';
    const jsep_option option = {bytes_of(text), bytes_of(sign + 1)};
    return option;
}

static void test_library(struct old_threads* old) {
    check(jsep.abi_version() >= JSEP_ABI_VERSION, "the library implements this version of the interface");
    check(jsep.library_name().len > 0, "the library has a name");
    test_null_arguments();
    test_engine();
    test_errors();
    jsep_engine* engine = start_engine();
    jsep_registry* registry = engine == NULL ? NULL : install_app(engine);
    old->registry = registry;
    end_old_threads(old);
    if (registry != NULL) {
        test_install(engine);
        test_cache(engine);
        test_look_up(engine);
        test_requests(engine);
        test_store(engine);
        test_host_table(engine);
        test_callbacks();
        test_sizes(engine);
        test_limits(engine);
        test_near_limit(engine);
        test_realm(engine);
        test_messages(engine);
        test_threads(engine);
        test_at_once(engine);
        test_fork(engine);
    }
    jsep.registry_free(registry);
    jsep.engine_free(engine);
    test_lifetimes();
}

static void test_second_load(const char* path) {
    library_close();
    if (!library_open(path)) {
        check(false, "the library can be loaded again");
        return;
    }
    jsep_engine* engine = start_engine();
    jsep_registry* registry = engine == NULL ? NULL : install_app(engine);
    check(registry != NULL, "an app can be installed after dlclose and dlopen");
    if (registry != NULL) {
        test_old_thread(registry);
    }
    jsep.registry_free(registry);
    jsep.engine_free(engine);
    library_close();
}

int main(int argc, char** argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: interface_test LIB [OPTION=VALUE]...\n");
        return 2;
    }
    struct old_threads old = {0};
    start_old_threads(&old);
    if (!library_open(argv[1])) {
        end_old_threads(&old);
        return 2;
    }
    jsep_option* options = calloc((size_t)argc, sizeof(*options));
    if (options == NULL) {
        return 2;
    }
    for (int index = 2; index < argc; ++index) {
        options[index - 2] = parse_option(argv[index]);
    }
    engine_options = options;
    engine_option_count = (size_t)(argc - 2);

    test_library(&old);
    test_second_load(argv[1]);
    free(options);
    return finish_checks();
}

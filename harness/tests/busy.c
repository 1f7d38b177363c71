// Threads that execute requests without a pause.
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

static void* execute_until_stopped(void* context) {
    struct busy* busy = context;
    struct host host;
    host_init(&host);
    bool first = true;
    while (!__atomic_load_n(&busy->stopping, __ATOMIC_ACQUIRE)) {
        const bool good = run_status(busy->registry, &host, "PUT", "/item/a", bytes_of("value")) == 204 &&
                          answers(busy->registry, &host, "/item/a", "value") &&
                          answers(busy->registry, &host, "/count", "1");
        if (!good) {
            __atomic_add_fetch(&busy->wrong, 1, __ATOMIC_ACQ_REL);
        }
        if (first) {
            __atomic_add_fetch(&busy->answered, 1, __ATOMIC_ACQ_REL);
            first = false;
        }
    }
    host_free(&host);
    return NULL;
}

void busy_begin(struct busy* busy, const jsep_registry* registry) {
    *busy = (struct busy){.registry = registry};
    for (unsigned index = 0; index < BUSY_THREADS; ++index) {
        if (pthread_create(&busy->threads[index], NULL, execute_until_stopped, busy) != 0) {
            check(false, "a thread can be started");
            _exit(1);
        }
    }
    while (__atomic_load_n(&busy->answered, __ATOMIC_ACQUIRE) < BUSY_THREADS) {
        sched_yield();
    }
}

void busy_end(struct busy* busy) {
    __atomic_store_n(&busy->stopping, true, __ATOMIC_RELEASE);
    for (unsigned index = 0; index < BUSY_THREADS; ++index) {
        pthread_join(busy->threads[index], NULL);
    }
    check(busy->wrong == 0, "all requests of %d threads have right answers", BUSY_THREADS);
}

int ended(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        printf("# the child ended with signal %d\n", WTERMSIG(status));
    }
    return status;
}

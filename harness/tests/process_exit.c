// Ends of processes whose other threads execute requests.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

#define ENDS 5
#define CHILD_SECONDS 60

// Becomes busy, also with requests that do not end by themselves.
static void* execute_loop(void* context) {
    struct host host;
    host_init(&host);
    run_status(context, &host, "GET", "/loop", bytes_of(""));
    host_free(&host);
    return NULL;
}

static void become_busy(const char* path) {
    alarm(CHILD_SECONDS);
    jsep_engine* engine = NULL;
    jsep_registry* registry = load_and_install(path, &engine);
    if (registry == NULL) {
        _exit(1);
    }
    pthread_t looping;
    pthread_create(&looping, NULL, execute_loop, registry);
    static struct busy busy;
    busy_begin(&busy, registry);
}

void test_exit_while_busy(char** libraries) {
    for (int round = 0; round < ENDS; ++round) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            become_busy(libraries[0]);
            exit(0);
        }
        check(child > 0 && ended(child) == 0, "exit while requests run ends the process");
    }
}

// The child's main function returns.
void test_return_while_busy(char** libraries) {
    for (int round = 0; round < ENDS; ++round) {
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            become_busy(libraries[0]);
            return;
        }
        check(child > 0 && ended(child) == 0, "a return from main while requests run ends the process");
    }
}

// The cases of process_test, and what they share.
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

#include "host.h"

#define BUSY_THREADS 3

// Loads the library and installs the app of the tests; null after a failed check.
jsep_registry* load_and_install(const char* path, jsep_engine** engine);
void free_all(jsep_registry* registry, jsep_engine* engine);

// Threads that execute requests without a pause.
struct busy {
    const jsep_registry* registry;
    bool stopping;
    unsigned answered;
    unsigned wrong;
    pthread_t threads[BUSY_THREADS];
};

// Returns when each has had an answer.
void busy_begin(struct busy* busy, const jsep_registry* registry);
void busy_end(struct busy* busy);

// What happened to a child: 0 when it ended with exit code 0.
int ended(pid_t child);

// `libraries` are the arguments of the program that are no options, and a null.
void test_fork_of_idle_process(char** libraries);
void test_fork_in_callback(char** libraries);
void test_fork_of_busy_process(char** libraries);
void test_exit_while_busy(char** libraries);
void test_return_while_busy(char** libraries);
void test_foreign_stack(char** libraries);
void test_little_stack(char** libraries);
void test_thread_end(char** libraries);
void test_thread_outlives(char** libraries);
void test_traces(char** libraries);
void test_two_libraries(char** libraries);
void test_two_copies(char** libraries);
void test_preloaded(char** libraries);

#endif

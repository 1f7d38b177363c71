// Ends of processes whose other threads execute requests, install, and run turns of durable realms.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app.h"
#include "check.h"
#include "memory_storage.h"
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

static void* install_loop(void* context) {
    for (;;) {
        install_text(context, make_bundle(APP_METADATA, "app.js", APP_SOURCE));
    }
    return NULL;
}

// Turns without a pause, where the engine has durable realms.
static void* turn_loop(void* context) {
    static struct memory memory = {.sync_answer = JSEP_OK, .mutex = PTHREAD_MUTEX_INITIALIZER};
    const jsep_storage storage = storage_in(&memory);
    jsep_log* log = NULL;
    jsep_realm* realm = NULL;
    jsep.log_open(&storage, &log);
    if (jsep.realm_open(context, log, bytes_of("one"), bytes_of("let count = 0;"), NULL, 0, NULL, &realm) != JSEP_OK) {
        return NULL;
    }
    for (;;) {
        struct text text = {NULL, 0};
        const jsep_sink sink = text_sink(&text);
        jsep.realm_eval(realm, bytes_of(""), bytes_of("for (let i = 0; i < 1e6; ++i) ++count"), NULL, &sink);
        text_free(&text);
    }
    return NULL;
}

static void become_busy(const char* path) {
    alarm(CHILD_SECONDS);
    jsep_engine* engine = NULL;
    jsep_registry* registry = load_and_install(path, &engine);
    if (registry == NULL) {
        _exit(1);
    }
    jsep_registry* other = install_app(engine);
    pthread_t looping;
    pthread_create(&looping, NULL, execute_loop, registry);
    pthread_create(&looping, NULL, install_loop, other);
    pthread_create(&looping, NULL, turn_loop, engine);
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

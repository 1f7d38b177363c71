// Forks: engines do not work in the child, which is told so and never hangs; the parent goes on.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app.h"
#include "check.h"
#include "process.h"

#define BUSY_FORKS 20
#define CHILD_SECONDS 60

// What the parent had when it forked.
struct handles {
    jsep_engine* engine;
    jsep_registry* registry;
    jsep_endpoint* endpoint;
    jsep_response* response;
    struct host* host;
    jsep_storage storage;
    jsep_log* log;
    // Null with an engine that has no durable realms.
    jsep_realm* realm;
    unsigned changes_of_storage;
};

// A storage that keeps nothing, which does for a new log, and counts what it is to change.
static uint32_t find_nothing(void* context, jsep_bytes name, uint64_t offset, uint64_t most, const jsep_sink* bytes) {
    (void)context;
    (void)name;
    (void)offset;
    (void)most;
    (void)bytes;
    return JSEP_NOT_FOUND;
}

static uint32_t note_bytes(void* changes, jsep_bytes name, jsep_bytes bytes) {
    (void)bytes;
    (void)name;
    ++*(unsigned*)changes;
    return JSEP_OK;
}

static uint32_t note_sync(void* changes, jsep_bytes name) {
    return note_bytes(changes, name, (jsep_bytes){NULL, 0});
}

static jsep_status open_realm(struct handles* had) {
    had->storage = (jsep_storage){
        sizeof(had->storage), &had->changes_of_storage, find_nothing, note_bytes, note_sync, note_bytes,
    };
    const jsep_status status = jsep.log_open(&had->storage, &had->log);
    if (status != JSEP_OK) {
        return status;
    }
    return jsep.realm_open(had->engine, had->log, bytes_of("one"), bytes_of("let count = 1;"), NULL, 0, NULL,
                           &had->realm);
}

static void check_forked(jsep_status status, const char* function) {
    check_error(status, JSEP_FORKED, function, function);
}

static void use_engine(const struct handles* had) {
    struct text text = {NULL, 0};
    const jsep_sink sink = text_sink(&text);
    jsep_engine* engine = NULL;
    check_forked(jsep.engine_new(engine_options, engine_option_count, NULL, &engine), "jsep_engine_new");
    check_forked(jsep.engine_report(had->engine, &sink), "jsep_engine_report");
    check_forked(jsep.engine_idle(had->engine, 1000, NULL), "jsep_engine_idle");
    jsep_engine_timings timings = {.size = sizeof(timings)};
    check_forked(jsep.engine_timings_get(had->engine, &timings), "jsep_engine_timings_get");
    text_free(&text);
}

static void use_registry(const struct handles* had) {
    struct text text = {NULL, 0};
    const jsep_sink sink = text_sink(&text);
    jsep_registry* registry = NULL;
    check_forked(jsep.registry_new(had->engine, &registry), "jsep_registry_new");
    check_forked(jsep.registry_install(had->registry, bytes_of("{}")), "jsep_registry_install");
    check_forked(jsep.registry_set_cache(had->registry, NULL), "jsep_registry_set_cache");
    check_forked(jsep.registry_set_options(had->registry, NULL, 0), "jsep_registry_set_options");
    check_forked(jsep.registry_report(had->registry, &sink), "jsep_registry_report");
    jsep_install_timings timings = {.size = sizeof(timings)};
    check_forked(jsep.registry_timings_get(had->registry, &timings), "jsep_registry_timings_get");
    jsep_endpoint* endpoint = NULL;
    check_forked(jsep.registry_find(had->registry, bytes_of("GET"), bytes_of("/count"), &endpoint),
                 "jsep_registry_find");
    check_forked(jsep.registry_methods(had->registry, bytes_of("/count"), &sink), "jsep_registry_methods");
    text_free(&text);
}

static void use_endpoint(const struct handles* had) {
    jsep_request request = {.size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/count")};
    jsep_response* response = NULL;
    check_forked(jsep.endpoint_execute(had->endpoint, &request, &had->host->table, &response), "jsep_endpoint_execute");
    check(jsep.endpoint_template(had->endpoint).len == 0 && jsep.endpoint_properties(had->endpoint).len == 0 &&
              jsep.endpoint_mode(had->endpoint) == JSEP_MODE_READWRITE,
          "an endpoint is empty in a forked child");
}

static void use_log(const struct handles* had) {
    struct text text = {NULL, 0};
    const jsep_sink sink = text_sink(&text);
    const jsep_bytes none = bytes_of("");
    jsep_realm* realm = NULL;
    check_forked(jsep.log_report(had->log, &sink), "jsep_log_report");
    check_forked(jsep.log_trim(had->log, &sink), "jsep_log_trim");
    check_forked(jsep.log_checkpoint(had->engine, &had->storage, bytes_of("one"), &sink), "jsep_log_checkpoint");
    check_forked(jsep.realm_open(had->engine, had->log, bytes_of("two"), none, NULL, 0, NULL, &realm),
                 "jsep_realm_open");
    check_forked(jsep.realm_open_app(had->engine, had->log, bytes_of("two"), none, NULL, 0, NULL, &realm),
                 "jsep_realm_open_app");
    text_free(&text);
}

static void turn_realm(const jsep_realm* realm, const jsep_sink* sink) {
    const jsep_bytes none = bytes_of("");
    const jsep_request request = {.size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/count")};
    jsep_response* response = NULL;
    check_forked(jsep.realm_call(realm, none, bytes_of("f"), none, NULL, sink), "jsep_realm_call");
    check_forked(jsep.realm_eval(realm, none, bytes_of("++count"), NULL, sink), "jsep_realm_eval");
    check_forked(jsep.realm_upgrade(realm, none, bytes_of("++count"), NULL, sink), "jsep_realm_upgrade");
    check_forked(jsep.realm_execute(realm, none, &request, NULL, &response), "jsep_realm_execute");
    check_forked(jsep.realm_alarm(realm, NULL), "jsep_realm_alarm");
}

static void carry_nothing(void* context, jsep_bytes receiver, jsep_bytes datagram) {
    (void)context;
    (void)receiver;
    (void)datagram;
}

static void ask_realm(const jsep_realm* realm, const jsep_sink* sink) {
    const jsep_carrier carrier = {NULL, carry_nothing};
    double time = 0;
    check_forked(jsep.realm_report(realm, sink), "jsep_realm_report");
    check_forked(jsep.realm_endpoint(realm, bytes_of("GET"), bytes_of("/count"), sink), "jsep_realm_endpoint");
    check_forked(jsep.realm_methods(realm, bytes_of("/count"), sink), "jsep_realm_methods");
    check_forked(jsep.realm_next_alarm(realm, NULL, &time), "jsep_realm_next_alarm");
    check_forked(jsep.realm_outgoing(realm, NULL, &carrier, &time), "jsep_realm_outgoing");
    check_forked(jsep.realm_incoming(realm, bytes_of("datagram"), NULL, &carrier), "jsep_realm_incoming");
}

static void use_realm(const struct handles* had) {
    struct text text = {NULL, 0};
    const jsep_sink sink = text_sink(&text);
    if (had->realm != NULL) {
        turn_realm(had->realm, &sink);
        ask_realm(had->realm, &sink);
    }
    text_free(&text);
}

// Ends the child, by the way that programs end.
static void live_as_child(const struct handles* had) {
    alarm(CHILD_SECONDS);
    const unsigned changes = had->changes_of_storage;
    use_engine(had);
    use_registry(had);
    use_endpoint(had);
    use_log(had);
    use_realm(had);
    check(jsep.response_status(had->response) == 200 && bytes_are(jsep.response_body(had->response), "1"),
          "a response is read in a forked child");
    jsep.realm_free(had->realm);
    jsep.log_free(had->log);
    check(had->changes_of_storage == changes, "a forked child leaves the parent's log alone");
    jsep.response_free(had->response);
    jsep.endpoint_free(had->endpoint);
    jsep.registry_free(had->registry);
    jsep.engine_free(had->engine);
    library_close();
    exit(finish_checks());
}

static void fork_and_check(const struct handles* had) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        live_as_child(had);
    }
    check(child > 0 && ended(child) == 0, "a forked child is told so, frees what it has, and ends");
}

static bool make_handles(const char* path, struct handles* had, struct host* host) {
    had->registry = load_and_install(path, &had->engine);
    if (had->registry == NULL) {
        return false;
    }
    host_init(host);
    had->host = host;
    const jsep_status opened = open_realm(had);
    check(opened == JSEP_OK || opened == JSEP_NOT_SUPPORTED, "a durable realm opens where there are such");
    jsep_status status = JSEP_OK;
    had->response = run(had->registry, host, "GET", "/count", bytes_of(""), &status);
    jsep.registry_find(had->registry, bytes_of("GET"), bytes_of("/echo"), &had->endpoint);
    const bool found = jsep.endpoint_mode(had->endpoint) == JSEP_MODE_READONLY;
    check(found, "an endpoint is found whose mode is not the empty value of a mode");
    return found;
}

static void free_handles(struct handles* had) {
    jsep.realm_free(had->realm);
    jsep.log_free(had->log);
    jsep.response_free(had->response);
    jsep.endpoint_free(had->endpoint);
    host_free(had->host);
    free_all(had->registry, had->engine);
}

void test_fork_of_idle_process(char** libraries) {
    struct handles had = {0};
    struct host host;
    if (!make_handles(libraries[0], &had, &host)) {
        return;
    }
    fork_and_check(&had);
    check(answers(had.registry, &host, "/count", "1"), "the parent goes on");
    fork_and_check(&had);
    free_handles(&had);
}

// A store whose reads start a child that ends at once, as a host does that runs a program.
static uint32_t fork_and_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)map, (void)key;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    *(bool*)context = child > 0 && ended(child) == 0;
    value->write(value->context, (const uint8_t*)"value", 5);
    return JSEP_OK;
}

void test_fork_in_callback(char** libraries) {
    jsep_engine* engine = NULL;
    jsep_registry* registry = load_and_install(libraries[0], &engine);
    if (registry == NULL) {
        return;
    }
    struct busy busy;
    busy_begin(&busy, registry);
    for (int round = 0; round < BUSY_FORKS; ++round) {
        bool forked = false;
        struct host host;
        host_init(&host);
        host.table = (jsep_host){.size = sizeof(jsep_host), .context = &forked, .store_get = fork_and_get};
        check(answers(registry, &host, "/item/a", "value"), "a request goes on whose store forked");
        check(forked, "the child of a callback ends");
        host_free(&host);
    }
    busy_end(&busy);
    free_all(registry, engine);
}

static void* install_until_stopped(void* context) {
    const struct busy* busy = context;
    while (!__atomic_load_n(&busy->stopping, __ATOMIC_ACQUIRE)) {
        install_text(busy->registry, make_bundle(APP_METADATA, "app.js", APP_SOURCE));
    }
    return NULL;
}

// Other threads execute and install, so that locks are held at the time of the fork.
void test_fork_of_busy_process(char** libraries) {
    struct handles had = {0};
    struct host host;
    if (!make_handles(libraries[0], &had, &host)) {
        return;
    }
    struct busy busy;
    busy_begin(&busy, had.registry);
    pthread_t installer;
    pthread_create(&installer, NULL, install_until_stopped, &busy);
    for (int round = 0; round < BUSY_FORKS; ++round) {
        fork_and_check(&had);
    }
    busy_end(&busy);
    pthread_join(installer, NULL);
    check(answers(had.registry, &host, "/count", "1"), "the parent goes on");
    free_handles(&had);
}

// Calls on threads with little stack: they are refused before anything of them has begun, and change nothing for other
// threads.
#include <limits.h>
#include <string.h>

#include "app.h"
#include "check.h"
#include "memory_storage.h"
#include "process.h"

#define DEEP 110

static const jsep_bytes NO_BYTES = {NULL, 0};

// What threads call with. They check nothing themselves, because that takes stack.
struct calls {
    const jsep_engine* engine;
    const jsep_registry* registry;
    const jsep_storage* storage;
    jsep_log* log;
    // Null with an engine that has no durable realms.
    jsep_realm* realm;
    struct text bundle;
    struct text deep_bundle;
    const char* function;
    struct text datagram;
    struct text answer;
    jsep_status status;
};

static void run_with(size_t kibibytes, void* (*run)(void*), struct calls* calls) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    calls->status = JSEP_PANIC;
    const bool begun = pthread_attr_setstacksize(&attributes, kibibytes << 10) == 0 &&
                       pthread_create(&thread, &attributes, run, calls) == 0;
    check(begun, "a thread with %zu KiB of stack begins", kibibytes);
    if (begun) {
        pthread_join(thread, NULL);
    }
    pthread_attr_destroy(&attributes);
}

static jsep_bytes lend(const struct text* text) {
    return (jsep_bytes){(const uint8_t*)text->data, text->len};
}

static void* install(void* context) {
    struct calls* calls = context;
    calls->status = jsep.registry_install(calls->registry, lend(&calls->bundle));
    return NULL;
}

static void* install_deep(void* context) {
    struct calls* calls = context;
    calls->status = jsep.registry_install(calls->registry, lend(&calls->deep_bundle));
    return NULL;
}

static void* work_ahead(void* context) {
    struct calls* calls = context;
    calls->status = jsep.engine_idle(calls->engine, 1000000, NULL);
    return NULL;
}

static void* open_script(void* context) {
    struct calls* calls = context;
    jsep_realm* realm = NULL;
    calls->status = jsep.realm_open(calls->engine, calls->log, bytes_of("new"), bytes_of("1"), NULL, 0, NULL, &realm);
    return NULL;
}

static void* open_deep(void* context) {
    struct calls* calls = context;
    jsep_realm* realm = NULL;
    calls->status = jsep.realm_open_app(calls->engine, calls->log, bytes_of("new"), lend(&calls->deep_bundle), NULL, 0,
                                        NULL, &realm);
    return NULL;
}

static void* make_checkpoint(void* context) {
    struct calls* calls = context;
    const jsep_sink sink = text_sink(&calls->answer);
    calls->status = jsep.log_checkpoint(calls->engine, calls->storage, bytes_of("one"), &sink);
    return NULL;
}

static void* call_function(void* context) {
    struct calls* calls = context;
    const jsep_sink sink = text_sink(&calls->answer);
    text_free(&calls->answer);
    calls->status = jsep.realm_call(calls->realm, NO_BYTES, bytes_of(calls->function), NO_BYTES, NULL, &sink);
    return NULL;
}

static void take_datagram(void* context, jsep_bytes receiver, jsep_bytes datagram) {
    (void)receiver;
    struct calls* calls = context;
    text_free(&calls->datagram);
    text_append(&calls->datagram, datagram.data, datagram.len);
}

static void* deliver(void* context) {
    struct calls* calls = context;
    struct calls replies = {0};
    const jsep_carrier carrier = {&replies, take_datagram};
    calls->status = jsep.realm_incoming(calls->realm, lend(&calls->datagram), NULL, &carrier);
    text_free(&replies.datagram);
    return NULL;
}

// An app whose metadata has many lists in each other.
static struct text deep_bundle(void) {
    struct text metadata = {NULL, 0};
    static const char begin[] =
        "{\"endpoints\": {\"/a\": {\"get\": {\"js_module\": \"app.js\", \"js_function\": \"f\", \"mode\": "
        "\"readonly\", "
        "\"forwarding_required\": \"never\", \"authn_policies\": [], \"openapi\": {\"x\": ";
    static const char end[] = "}}}}}";
    text_append(&metadata, begin, strlen(begin));
    for (int level = 0; level < DEEP; ++level) {
        text_append(&metadata, "[", 1);
    }
    for (int level = 0; level < DEEP; ++level) {
        text_append(&metadata, "]", 1);
    }
    text_append(&metadata, end, sizeof(end));
    struct text bundle = make_bundle(metadata.data, "app.js", "export function f() { return {}; }");
    text_free(&metadata);
    return bundle;
}

static void test_refusals(struct calls* calls) {
    const size_t sizes[] = {PTHREAD_STACK_MIN >> 10, 20, 24, 32, 48, 64, 96, 128};
    for (size_t index = 0; index < sizeof(sizes) / sizeof(sizes[0]); ++index) {
        const size_t size = sizes[index];
        run_with(size, install, calls);
        check(calls->status == JSEP_MODULE_EVALUATION, "an install with %zu KiB is refused", size);
        run_with(size, install_deep, calls);
        check(calls->status == JSEP_MODULE_EVALUATION, "an install of a deep bundle with %zu KiB is refused", size);
        run_with(size, work_ahead, calls);
        check(calls->status == JSEP_OK, "work ahead with %zu KiB does nothing", size);
        run_with(size, open_script, calls);
        check(calls->status == JSEP_TURN_FAILED, "a durable realm does not open with %zu KiB", size);
        run_with(size, open_deep, calls);
        check(calls->status == JSEP_TURN_FAILED, "nor one with a deep bundle");
        run_with(size, make_checkpoint, calls);
        check(calls->status == JSEP_CHECKPOINT_REFUSED, "a checkpoint is refused with %zu KiB", size);
    }
    run_with(8192, install_deep, calls);
    check(calls->status == JSEP_OK, "with enough stack the deep bundle is installed");
    run_with(8192, install, calls);
    check(calls->status == JSEP_OK, "and the other one");
}

static bool answers_here(struct calls* calls, const char* function, const char* expected) {
    calls->function = function;
    call_function(calls);
    return calls->status == JSEP_OK && calls->answer.len == strlen(expected) &&
           memcmp(calls->answer.data, expected, calls->answer.len) == 0;
}

// A turn that throws leaves no realm, so that the next one begins with a replay.
static void lose_realm(struct calls* calls) {
    calls->function = "fail";
    call_function(calls);
    check(calls->status == JSEP_TURN_FAILED, "a turn throws");
}

// A message whose turn can't begin has not been tried, so that it need not wait.
static void test_message(struct calls* calls) {
    check(answers_here(calls, "tell", "0"), "a realm sends to itself");
    const jsep_carrier carrier = {calls, take_datagram};
    double next = 0;
    check(jsep.realm_outgoing(calls->realm, NULL, &carrier, &next) == JSEP_OK && calls->datagram.len > 0,
          "the message is due");
    run_with(64, deliver, calls);
    check(calls->status == JSEP_TURN_FAILED, "a thread with 64 KiB does not run its turn");
    deliver(calls);
    check(calls->status == JSEP_OK && answers_here(calls, "hear", "1"), "another thread does at once");
}

static void test_replay(struct calls* calls) {
    static const char source[] =
        "let count = 0; const next = () => ++count; const fail = () => { throw 1; };"
        "const down = (depth) => depth ? 1 + down(depth - 1) : 0; const deep = () => down(3000);"
        "let heard = 0; const hear = () => heard; const tell = () => send('one', 1) ?? 0; function receive() { "
        "++heard; }";
    const jsep_status opened =
        jsep.realm_open(calls->engine, calls->log, bytes_of("one"), bytes_of(source), NULL, 0, NULL, &calls->realm);
    check(opened == JSEP_OK || opened == JSEP_NOT_SUPPORTED, "a durable realm opens where there are such");
    if (opened != JSEP_OK) {
        return;
    }
    check(answers_here(calls, "next", "1"), "a turn answers");
    lose_realm(calls);
    calls->function = "next";
    run_with(64, call_function, calls);
    check(calls->status == JSEP_TURN_FAILED, "a thread with 64 KiB replays nothing");
    check(answers_here(calls, "next", "2"), "another thread does");
    calls->function = "next";
    run_with(64, call_function, calls);
    check(calls->status == JSEP_TURN_FAILED, "nor does a thread with 64 KiB run a turn");
    check(answers_here(calls, "next", "3"), "the realm goes on");
    check(answers_here(calls, "deep", "3000"), "a turn needs some stack");
    lose_realm(calls);
    calls->function = "next";
    run_with(256, call_function, calls);
    check(calls->status == JSEP_TURN_FAILED, "a thread that has less can't replay it");
    run_with(256, make_checkpoint, calls);
    check(calls->status == JSEP_CHECKPOINT_REFUSED, "nor make a checkpoint");
    check(answers_here(calls, "next", "4"), "the realm has not stopped");
    test_message(calls);
    run_with(8192, make_checkpoint, calls);
    check(calls->status == JSEP_OK, "a thread with enough stack makes a checkpoint");
    jsep.realm_free(calls->realm);
}

void test_little_stack(char** libraries) {
    jsep_engine* engine = NULL;
    jsep_registry* registry = load_and_install(libraries[0], &engine);
    if (registry == NULL) {
        return;
    }
    struct memory memory = {.sync_answer = JSEP_OK};
    pthread_mutex_init(&memory.mutex, NULL);
    const jsep_storage storage = storage_in(&memory);
    struct calls calls = {.engine = engine, .registry = registry, .storage = &storage};
    calls.log = open_log(&storage);
    calls.bundle = make_bundle(APP_METADATA, "app.js", APP_SOURCE);
    calls.deep_bundle = deep_bundle();
    test_refusals(&calls);
    test_replay(&calls);
    jsep.log_free(calls.log);
    memory_free(&memory);
    text_free(&calls.bundle);
    text_free(&calls.deep_bundle);
    text_free(&calls.datagram);
    text_free(&calls.answer);
    free_all(registry, engine);
}

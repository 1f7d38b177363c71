// Durable realms.
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "groups.h"
#include "memory_storage.h"

enum { THREADS = 4, CALLS = 25 };

static const jsep_bytes NO_BYTES = {NULL, 0};

static jsep_status open_realm(const jsep_engine* engine, const jsep_log* log, const char* name, const jsep_host* host,
                              jsep_realm** realm) {
    static const char* source =
        "let count = 0; const next = (by) => count += by ?? 1; const seen = (key) => "
        "ccf.bufToStr(ccf.kv.public.get(ccf.strToBuf(key)));";
    return jsep.realm_open(engine, log, bytes_of(name), bytes_of(source), NULL, 0, host, realm);
}

// Whether the call gives this answer.
static bool answers(const jsep_realm* realm, const char* id, const char* function, const char* argument,
                    const jsep_host* host, const char* expected) {
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    const jsep_status status =
        jsep.realm_call(realm, bytes_of(id), bytes_of(function), bytes_of(argument), host, &sink);
    const bool right = status == JSEP_OK && text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
    if (!right) {
        printf("# %s(%s) answered status %u, %s\n", function, argument, (unsigned)status,
               text.len > 0 ? text.data : "");
    }
    text_free(&text);
    return right;
}

// A host whose store has the value that `context` points to.
static uint32_t get_value(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)map;
    (void)key;
    if (context == NULL) {
        return JSEP_CONFLICT;
    }
    value->write(value->context, context, strlen(context));
    return JSEP_OK;
}

static void test_turns(const jsep_engine* engine, const jsep_storage* storage) {
    jsep_log* log = open_log(storage);
    jsep_realm* realm = NULL;
    jsep_host host = {0};
    host.size = sizeof(host);
    host.store_get = get_value;
    host.context = "first";
    check(open_realm(engine, log, "one", NULL, &realm) == JSEP_OK, "a realm begins");
    check(answers(realm, "", "next", "", NULL, "1"), "a turn answers");
    check(answers(realm, "a", "next", "5", NULL, "6"), "a turn with an argument and an id answers");
    check(answers(realm, "a", "next", "5", NULL, "6"), "a known id gets the former answer");
    check(answers(realm, "", "seen", "\"k\"", &host, "\"first\""), "a turn reads the host's store");
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    check_error(jsep.realm_call(realm, NO_BYTES, bytes_of("missing"), NO_BYTES, NULL, &sink), JSEP_TURN_FAILED,
                "jsep_realm_call", "a function that is not there");
    check_error(jsep.realm_eval(realm, NO_BYTES, bytes_of("count = 99; throw 1"), NULL, &sink), JSEP_TURN_FAILED,
                "jsep_realm_eval", "a script that throws");
    host.context = NULL;
    check_error(jsep.realm_call(realm, NO_BYTES, bytes_of("seen"), bytes_of("\"k\""), &host, &sink), JSEP_CONFLICT,
                "jsep_realm_call", "a turn that has to run again");
    check(text.len == 0, "a turn that fails answers nothing");
    check(answers(realm, "", "next", "", NULL, "7"), "turns that fail leave no trace");
    jsep_realm* second = NULL;
    check_error(open_realm(engine, log, "one", NULL, &second), JSEP_INVALID_ARGUMENT, "jsep_realm_open",
                "a realm that is open already");
    jsep.log_free(log);
    check(answers(realm, "", "next", "", NULL, "8"), "a realm goes on when its log is freed");
    jsep.realm_free(realm);

    log = open_log(storage);
    check(open_realm(engine, log, "one", NULL, &realm) == JSEP_OK, "a realm is restored without its host");
    check(answers(realm, "a", "next", "5", NULL, "6"), "ids are known after a restore");
    check(answers(realm, "", "next", "", NULL, "9"), "a restored realm goes on");
    check(jsep.realm_report(realm, &sink) == JSEP_OK && strstr(text.data, "\"restored\":true") != NULL,
          "a report says that a realm was restored");
    text_free(&text);
    jsep.realm_free(realm);
    jsep.log_free(log);
}

static jsep_status open_app(const jsep_engine* engine, const jsep_log* log, const char* name, jsep_realm** realm) {
    static const char* bundle =
        "{\"metadata\": {\"endpoints\": {\"/hit/{by}\": {\"post\": {\"js_module\": \"hit.js\", \"js_function\": "
        "\"hit\", "
        "\"mode\": \"readwrite\", \"forwarding_required\": \"never\", \"authn_policies\": [\"jwt\"], \"openapi\": "
        "{}}}}}, "
        "\"modules\": [{\"name\": \"hit.js\", \"module\": \"let count = 0; export function hit(request) { "
        "count += Number(request.params.by); if (!count) throw 1; return {body: String(count)}; }\"}]}";
    return jsep.realm_open_app(engine, log, bytes_of(name), bytes_of(bundle), NULL, 0, NULL, realm);
}

// Whether a request is answered so.
static bool responds(const jsep_realm* realm, const char* id, const char* path, unsigned status, const char* body) {
    jsep_request request = {0};
    request.size = sizeof(request);
    request.method = bytes_of("POST");
    request.path = bytes_of(path);
    jsep_response* response = NULL;
    if (jsep.realm_execute(realm, bytes_of(id), &request, NULL, &response) != JSEP_OK) {
        return false;
    }
    const jsep_bytes text = jsep.response_body(response);
    const bool right = jsep.response_status(response) == status && !jsep.response_apply_writes(response) &&
                       (body == NULL || (text.len == strlen(body) && memcmp(text.data, body, text.len) == 0));
    jsep.response_free(response);
    return right;
}

static void test_endpoints(const jsep_engine* engine, const jsep_storage* storage) {
    jsep_log* log = open_log(storage);
    jsep_realm* realm = NULL;
    check(open_app(engine, log, "app", &realm) == JSEP_OK, "a realm begins with an app");
    check(responds(realm, "a", "/app/hit/2", 200, "2"), "an endpoint of a realm answers");
    check(responds(realm, "a", "/app/hit/2", 200, "2"), "a known id gets the former response");
    check(responds(realm, "", "/hit/-2", 500, NULL), "an endpoint that throws is a response");
    check(responds(realm, "", "/hit/3", 200, "5"), "an endpoint that throws leaves no trace");
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    check(jsep.realm_endpoint(realm, bytes_of("POST"), bytes_of("/hit/1"), &sink) == JSEP_OK &&
              strstr(text.data, "\"jwt\"") != NULL,
          "a host learns what an endpoint demands");
    text_free(&text);
    text = (struct text){0};
    check(jsep.realm_methods(realm, bytes_of("/hit/1"), &sink) == JSEP_OK && strstr(text.data, "POST") != NULL,
          "a host learns the methods of a path");
    check_error(jsep.realm_endpoint(realm, bytes_of("GET"), bytes_of("/hit/1"), &sink), JSEP_METHOD_UNSUPPORTED,
                "jsep_realm_endpoint", "a method that the path does not have");
    check_error(jsep.realm_methods(realm, bytes_of("/nowhere"), &sink), JSEP_PATH_UNKNOWN, "jsep_realm_methods",
                "a path that is not there");
    check_error(jsep.realm_call(realm, bytes_of("a"), bytes_of("hit"), NO_BYTES, NULL, &sink), JSEP_INVALID_ARGUMENT,
                "jsep_realm_call", "the id of a request");
    jsep_response* response = NULL;
    check_error(jsep.realm_execute(realm, NO_BYTES, NULL, NULL, &response), JSEP_NULL_ARGUMENT, "jsep_realm_execute",
                "no request");
    jsep.realm_free(realm);
    check(open_app(engine, log, "app", &realm) == JSEP_OK, "a realm with an app is restored");
    check(responds(realm, "a", "/hit/2", 200, "2"), "ids of requests are known after a restore");
    check(responds(realm, "", "/hit/1", 200, "6"), "what its modules keep goes on");
    jsep.realm_free(realm);
    const char* script =
        "function handleRequest(request, response) { response.statusCode = 201; response.body = "
        "request.method + request.uri; }";
    check(jsep.realm_open(engine, log, bytes_of("script"), bytes_of(script), NULL, 0, NULL, &realm) == JSEP_OK,
          "a realm begins with a script that answers requests");
    check(responds(realm, "", "/x", 201, "POST/x"), "its function answers");
    check_error(jsep.realm_methods(realm, bytes_of("/x"), &sink), JSEP_NO_APP, "jsep_realm_methods",
                "a realm without an app");
    jsep.realm_free(realm);
    jsep.log_free(log);
    text_free(&text);
}

// Makes checkpoints of the realm `one`; whether the last one was made of so many turns.
static bool makes_checkpoints(const jsep_engine* engine, const jsep_storage* storage, int count, const char* expected) {
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    bool right = true;
    for (int index = 0; index < count; ++index) {
        text_free(&text);
        right = right && jsep.log_checkpoint(engine, storage, bytes_of("one"), &sink) == JSEP_OK;
    }
    text_append(&text, "", 1);
    right = right && strstr(text.data, expected) != NULL;
    text_free(&text);
    return right;
}

static void test_checkpoints(const jsep_engine* engine, const jsep_storage* storage) {
    check(makes_checkpoints(engine, storage, 2, "\"made\":true"), "checkpoints are made");
    check(makes_checkpoints(engine, storage, 1, "\"made\":false"), "none is made when there was no turn");
    jsep_log* log = open_log(storage);
    jsep_realm* realm = NULL;
    check(open_realm(engine, log, "one", NULL, &realm) == JSEP_OK, "a realm is restored from a checkpoint");
    check(answers(realm, "a", "next", "5", NULL, "6"), "ids are known after a restore from a checkpoint");
    check(answers(realm, "", "next", "", NULL, "10"), "a realm goes on after a checkpoint");
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    check(jsep.log_trim(log, &sink) == JSEP_OK, "a log gives up what is not needed");
    check_error(jsep.log_checkpoint(engine, storage, bytes_of("missing"), &sink), JSEP_INVALID_ARGUMENT,
                "jsep_log_checkpoint", "a realm that is not there");
    check_error(jsep.log_checkpoint(engine, NULL, NO_BYTES, &sink), JSEP_NULL_ARGUMENT, "jsep_log_checkpoint",
                "no storage");
    check_error(jsep.log_trim(NULL, &sink), JSEP_NULL_ARGUMENT, "jsep_log_trim", "no log");
    text_free(&text);
    jsep.realm_free(realm);
    jsep.log_free(log);
}

// What functions of the host call although they must not, and what that answered.
static struct {
    const jsep_realm* realm;
    const jsep_log* log;
    jsep_status report;
    jsep_status trim;
} reentered;

static uint32_t get_and_report(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    reentered.report = jsep.realm_report(reentered.realm, &sink);
    text_free(&text);
    return get_value(context, map, key, value);
}

static uint32_t sync_and_trim(void* context, jsep_bytes name) {
    (void)context, (void)name;
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    reentered.trim = reentered.log == NULL ? JSEP_OK : jsep.log_trim(reentered.log, &sink);
    text_free(&text);
    return JSEP_OK;
}

static void test_reentry(const jsep_engine* engine, jsep_storage storage) {
    storage.sync = sync_and_trim;
    jsep_log* log = open_log(&storage);
    jsep_realm* realm = NULL;
    check(open_realm(engine, log, "reentered", NULL, &realm) == JSEP_OK, "a realm begins");
    reentered.realm = realm;
    reentered.log = log;
    jsep_host host = {0};
    host.size = sizeof(host);
    host.store_get = get_and_report;
    host.context = "value";
    check(answers(realm, "", "seen", "\"k\"", &host, "\"value\""), "a turn goes on whose host calls the library");
    check(reentered.report == JSEP_REENTERED, "a report of the realm is refused in its turn");
    check(reentered.trim == JSEP_REENTERED, "a log is not trimmed in a function of its storage");
    reentered.log = NULL;
    jsep.realm_free(realm);
    jsep.log_free(log);
}

struct caller {
    pthread_t thread;
    const jsep_realm* realm;
    bool right;
};

static void call_often(struct caller* caller) {
    caller->right = true;
    for (int index = 0; index < CALLS; ++index) {
        struct text text = {0};
        const jsep_sink sink = text_sink(&text);
        const jsep_status status = jsep.realm_call(caller->realm, NO_BYTES, bytes_of("next"), NO_BYTES, NULL, &sink);
        caller->right = caller->right && status == JSEP_OK && text.len > 0;
        text_free(&text);
    }
}

static void* run_caller(void* caller) {
    call_often(caller);
    return NULL;
}

static void test_many(const jsep_engine* engine, const jsep_storage* storage) {
    jsep_log* log = open_log(storage);
    jsep_realm* shared = NULL;
    check(open_realm(engine, log, "shared", NULL, &shared) == JSEP_OK, "a second realm begins in the same log");
    struct caller callers[THREADS];
    int begun = 0;
    for (; begun < THREADS; ++begun) {
        callers[begun].realm = shared;
        if (pthread_create(&callers[begun].thread, NULL, run_caller, &callers[begun]) != 0) {
            break;
        }
    }
    bool right = begun == THREADS;
    for (int index = 0; index < begun; ++index) {
        pthread_join(callers[index].thread, NULL);
        right = right && callers[index].right;
    }
    check(right, "turns from several threads answer");
    check(answers(shared, "", "next", "", NULL, "101"), "turns from several threads do not overlap");
    jsep.realm_free(shared);
    jsep.log_free(log);
}

static void test_failing_sync(const jsep_engine* engine, const jsep_storage* storage, struct memory* memory) {
    jsep_log* log = open_log(storage);
    jsep_realm* realm = NULL;
    check(open_realm(engine, log, "shared", NULL, &realm) == JSEP_OK, "a realm is restored");
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    memory->sync_answer = 7;
    check_error(jsep.realm_call(realm, bytes_of("x"), bytes_of("next"), NO_BYTES, NULL, &sink), JSEP_STORAGE_FAILED,
                "jsep_realm_call", "a turn whose sync fails");
    memory->sync_answer = JSEP_OK;
    check_error(jsep.realm_call(realm, bytes_of("x"), bytes_of("next"), NO_BYTES, NULL, &sink), JSEP_STORAGE_FAILED,
                "jsep_realm_call", "the same turn again");
    check_error(jsep.realm_call(realm, NO_BYTES, bytes_of("next"), NO_BYTES, NULL, &sink), JSEP_REALM_STOPPED,
                "jsep_realm_call", "a turn after a failed sync");
    check(text.len == 0, "nothing leaves after a failed sync");
    jsep.realm_free(realm);
    jsep.log_free(log);
    log = open_log(storage);
    check(open_realm(engine, log, "shared", NULL, &realm) == JSEP_OK, "a log that stopped can be opened again");
    check(answers(realm, "x", "next", "", NULL, "102"), "the id of a turn in doubt tells what became of it");
    jsep.realm_free(realm);
    jsep.log_free(log);
    struct object* object = find_object(memory, bytes_of("log-0000000001"));
    object->content.data[object->content.len / 2] ^= 1;
    check_error(jsep.log_open(storage, &log), JSEP_LOG_DAMAGED, "jsep_log_open", "a damaged log");
    check_error(jsep.log_verify(storage, &sink), JSEP_LOG_DAMAGED, "jsep_log_verify", "a damaged log");
    text_free(&text);
}

// What an engine says that has no durable realms; `status` is what it said when one was to be opened.
static void test_unsupported(const jsep_engine* engine, const jsep_storage* storage, const jsep_log* log,
                             jsep_status status) {
    check_error(status, JSEP_NOT_SUPPORTED, "jsep_realm_open", "an engine without durable realms");
    jsep_realm* realm = NULL;
    check_error(open_app(engine, log, "app", &realm), JSEP_NOT_SUPPORTED, "jsep_realm_open_app",
                "an engine without durable realms");
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    check_error(jsep.log_checkpoint(engine, storage, bytes_of("one"), &sink), JSEP_NOT_SUPPORTED, "jsep_log_checkpoint",
                "an engine without durable realms");
    text_free(&text);
}

void test_realm(const jsep_engine* engine) {
    struct memory memory = {.sync_answer = JSEP_OK};
    pthread_mutex_init(&memory.mutex, NULL);
    const jsep_storage storage = storage_in(&memory);
    jsep_log* log = open_log(&storage);
    jsep_realm* realm = NULL;
    const jsep_status status = open_realm(engine, log, "one", NULL, &realm);
    if (status == JSEP_NOT_SUPPORTED) {
        test_unsupported(engine, &storage, log, status);
    }
    jsep.realm_free(realm);
    jsep.log_free(log);
    memory_free(&memory);
    if (status == JSEP_NOT_SUPPORTED) {
        return;
    }
    memory = (struct memory){.sync_answer = JSEP_OK};
    pthread_mutex_init(&memory.mutex, NULL);
    test_turns(engine, &storage);
    test_endpoints(engine, &storage);
    test_checkpoints(engine, &storage);
    test_many(engine, &storage);
    test_reentry(engine, storage);
    test_failing_sync(engine, &storage, &memory);
    memory_free(&memory);

    jsep_storage incomplete = storage;
    incomplete.sync = NULL;
    check_error(jsep.log_open(&incomplete, &log), JSEP_NULL_ARGUMENT, "jsep_log_open", "a storage without a function");
    check_error(jsep.log_open(NULL, &log), JSEP_NULL_ARGUMENT, "jsep_log_open", "no storage");
    incomplete.size = sizeof(incomplete) - sizeof(void*);
    check_error(jsep.log_open(&incomplete, &log), JSEP_STRUCT_SIZE, "jsep_log_open", "a storage that is too small");
    check_error(jsep.realm_report(NULL, NULL), JSEP_NULL_ARGUMENT, "jsep_realm_report", "no realm");
    check_error(jsep.realm_call(NULL, NO_BYTES, NO_BYTES, NO_BYTES, NULL, NULL), JSEP_NULL_ARGUMENT, "jsep_realm_call",
                "no realm");
    jsep.realm_free(NULL);
    jsep.log_free(NULL);
}

// Durable realms over a storage in memory that can fail.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "groups.h"

enum { MOST_OBJECTS = 8, THREADS = 4, CALLS = 25 };

struct object {
    struct text name;
    struct text content;
};

struct memory {
    struct object objects[MOST_OBJECTS];
    size_t count;
    // The library promises one writer at a time and reads beside it.
    pthread_mutex_t mutex;
    unsigned syncs;
    uint32_t sync_answer;
};

static struct object* find(struct memory* memory, jsep_bytes name) {
    for (size_t index = 0; index < memory->count; ++index) {
        if (bytes_equal(name, memory->objects[index].name.data, memory->objects[index].name.len)) {
            return &memory->objects[index];
        }
    }
    return NULL;
}

static uint32_t read_object(void* context, jsep_bytes name, uint64_t offset, uint64_t most, const jsep_sink* bytes) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    const struct object* object = find(memory, name);
    if (object != NULL && offset < object->content.len) {
        const uint64_t rest = object->content.len - offset;
        bytes->write(bytes->context, (const uint8_t*)object->content.data + offset, most < rest ? most : rest);
    }
    pthread_mutex_unlock(&memory->mutex);
    return object == NULL ? JSEP_NOT_FOUND : JSEP_OK;
}

static uint32_t append_to_object(void* context, jsep_bytes name, jsep_bytes bytes) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    struct object* object = find(memory, name);
    if (object != NULL) {
        text_append(&object->content, bytes.data, bytes.len);
    }
    pthread_mutex_unlock(&memory->mutex);
    return object == NULL ? JSEP_NOT_FOUND : JSEP_OK;
}

static uint32_t sync_object(void* context, jsep_bytes name) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    ++memory->syncs;
    const uint32_t answer = find(memory, name) == NULL ? (uint32_t)JSEP_NOT_FOUND : memory->sync_answer;
    pthread_mutex_unlock(&memory->mutex);
    return answer;
}

static uint32_t replace_object(void* context, jsep_bytes name, jsep_bytes bytes) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    struct object* object = find(memory, name);
    if (object == NULL && memory->count < MOST_OBJECTS) {
        object = &memory->objects[memory->count++];
        text_append(&object->name, name.data, name.len);
    }
    if (object != NULL) {
        text_free(&object->content);
        text_append(&object->content, bytes.data, bytes.len);
    }
    pthread_mutex_unlock(&memory->mutex);
    return object == NULL ? JSEP_STORAGE_FAILED : JSEP_OK;
}

static void memory_free(struct memory* memory) {
    for (size_t index = 0; index < memory->count; ++index) {
        text_free(&memory->objects[index].name);
        text_free(&memory->objects[index].content);
    }
    pthread_mutex_destroy(&memory->mutex);
}

static jsep_storage storage_in(struct memory* memory) {
    return (jsep_storage){sizeof(jsep_storage), memory, read_object, append_to_object, sync_object, replace_object};
}

static jsep_log* open_log(const jsep_storage* storage) {
    jsep_log* log = NULL;
    check(jsep.log_open(storage, &log) == JSEP_OK && log != NULL, "a log opens");
    return log;
}

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
    for (int index = 0; index < THREADS; ++index) {
        callers[index].realm = shared;
        callers[index].right = pthread_create(&callers[index].thread, NULL, run_caller, &callers[index]) == 0;
    }
    bool right = true;
    for (int index = 0; index < THREADS; ++index) {
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
    struct object* object = find(memory, bytes_of("log-0000000001"));
    object->content.data[object->content.len / 2] ^= 1;
    check_error(jsep.log_open(storage, &log), JSEP_LOG_DAMAGED, "jsep_log_open", "a damaged log");
    check_error(jsep.log_verify(storage, &sink), JSEP_LOG_DAMAGED, "jsep_log_verify", "a damaged log");
    text_free(&text);
}

void test_realm(const jsep_engine* engine) {
    struct memory memory = {.sync_answer = JSEP_OK};
    pthread_mutex_init(&memory.mutex, NULL);
    const jsep_storage storage = storage_in(&memory);
    jsep_log* log = open_log(&storage);
    jsep_realm* realm = NULL;
    const jsep_status status = open_realm(engine, log, "one", NULL, &realm);
    jsep.realm_free(realm);
    jsep.log_free(log);
    memory_free(&memory);
    if (status == JSEP_NOT_SUPPORTED) {
        check_error(status, JSEP_NOT_SUPPORTED, "jsep_realm_open", "an engine without durable realms");
        struct text text = {0};
        const jsep_sink sink = text_sink(&text);
        check_error(jsep.log_checkpoint(engine, &storage, bytes_of("one"), &sink), JSEP_NOT_SUPPORTED,
                    "jsep_log_checkpoint", "an engine without durable realms");
        return;
    }
    memory = (struct memory){.sync_answer = JSEP_OK};
    pthread_mutex_init(&memory.mutex, NULL);
    test_turns(engine, &storage);
    test_checkpoints(engine, &storage);
    test_many(engine, &storage);
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

// Alarms, messages and upgrades of durable realms, with a clock that the test sets.
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "groups.h"
#include "memory_storage.h"

enum { MOST_CARRIED = 64 };

static const jsep_bytes NO_BYTES = {NULL, 0};
static const double SECOND = 1000;

static uint32_t tell_time(void* context, double* milliseconds) {
    *milliseconds = *(const double*)context;
    return JSEP_OK;
}

static jsep_host host_at(double* now) {
    jsep_host host = {0};
    host.size = sizeof(host);
    host.context = now;
    host.clock = tell_time;
    return host;
}

// Datagrams on their way.
struct carried {
    struct text datagrams[MOST_CARRIED];
    size_t count;
    struct text receiver;
};

static void carry(void* context, jsep_bytes receiver, jsep_bytes datagram) {
    struct carried* carried = context;
    if (carried->count < MOST_CARRIED) {
        text_append(&carried->datagrams[carried->count++], datagram.data, datagram.len);
    }
    text_free(&carried->receiver);
    text_append(&carried->receiver, receiver.data, receiver.len);
}

static void forget(struct carried* carried) {
    for (size_t index = 0; index < carried->count; ++index) {
        text_free(&carried->datagrams[index]);
    }
    carried->count = 0;
    text_free(&carried->receiver);
}

static jsep_realm* open_named(const jsep_engine* engine, const jsep_log* log, const char* name, const char* source,
                              const jsep_host* host) {
    jsep_realm* realm = NULL;
    const jsep_status status = jsep.realm_open(engine, log, bytes_of(name), bytes_of(source), NULL, 0, host, &realm);
    check(status == JSEP_OK, "the realm %s opens", name);
    return realm;
}

static bool says(const jsep_realm* realm, const char* script, const jsep_host* host, const char* expected) {
    struct text text = {0};
    const jsep_sink sink = text_sink(&text);
    const jsep_status status = jsep.realm_eval(realm, NO_BYTES, bytes_of(script), host, &sink);
    const bool right = status == JSEP_OK && text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
    if (!right) {
        printf("# %s answered status %u, %.*s\n", script, (unsigned)status, (int)text.len, text.data);
    }
    text_free(&text);
    return right;
}

static double next_alarm(const jsep_realm* realm, const jsep_host* host) {
    double due = -1;
    return jsep.realm_next_alarm(realm, host, &due) == JSEP_OK ? due : -1;
}

static void test_alarms(const jsep_engine* engine, const jsep_log* log) {
    double now = SECOND;
    const jsep_host host = host_at(&now);
    jsep_realm* realm =
        open_named(engine, log, "alarms",
                   "var rang = [], fails = false;"
                   "function alarm(name, time) { rang.push(name, time, Date.now()); if (fails) throw 1; }",
                   &host);
    double due = 7;
    check(jsep.realm_next_alarm(realm, &host, &due) == JSEP_NOT_FOUND && due == 7, "no alarm is set at first");
    check(jsep.realm_alarm(realm, &host) == JSEP_NOT_FOUND, "none rings then");
    check(says(realm, "setAlarm(3000, 'b'), setAlarm(2000, 'a')", &host, "undefined"), "alarms are set");
    check(next_alarm(realm, &host) == 2 * SECOND, "the first one is next");
    check(jsep.realm_alarm(realm, &host) == JSEP_NOT_FOUND, "an alarm does not ring too early");
    now = 4 * SECOND;
    check(jsep.realm_alarm(realm, &host) == JSEP_OK && jsep.realm_alarm(realm, &host) == JSEP_OK, "both ring");
    check(jsep.realm_alarm(realm, &host) == JSEP_NOT_FOUND, "each rings once");
    check(says(realm, "rang", &host, "[\"a\",2000,4000,\"b\",3000,4000]"), "they ring in their order");
    check(says(realm, "fails = true, setAlarm(4000)", &host, "undefined"), "an alarm is set that will throw");
    for (double wait = 250; wait <= SECOND; wait *= 2) {
        check_error(jsep.realm_alarm(realm, &host), JSEP_TURN_FAILED, "jsep_realm_alarm", "an alarm that throws");
        check(next_alarm(realm, &host) == now + wait, "it is due again after %g ms", wait);
        check(jsep.realm_alarm(realm, &host) == JSEP_NOT_FOUND, "and not before");
        now += wait;
    }
    check(says(realm, "rang.length", &host, "6"), "an alarm that throws leaves no trace");
    jsep.realm_free(realm);
    realm = open_named(engine, log, "alarms", "", &host);
    check(next_alarm(realm, &host) == 4 * SECOND, "a restored realm has its alarm");
    check(says(realm, "fails = false", &host, "false") && jsep.realm_alarm(realm, &host) == JSEP_OK, "and it rings");
    jsep.realm_free(realm);
}

static void deliver(const jsep_realm* realm, const struct carried* carried, const jsep_host* host,
                    struct carried* replies) {
    const jsep_carrier carrier = {replies, carry};
    for (size_t index = 0; index < carried->count; ++index) {
        const jsep_bytes datagram = {(const uint8_t*)carried->datagrams[index].data, carried->datagrams[index].len};
        jsep.realm_incoming(realm, datagram, host, &carrier);
    }
}

// How many datagrams are due, and when the next are.
static size_t due_now(const jsep_realm* realm, const jsep_host* host, struct carried* carried, double* next) {
    const jsep_carrier carrier = {carried, carry};
    const size_t before = carried->count;
    check(jsep.realm_outgoing(realm, host, &carrier, next) == JSEP_OK, "a realm tells what is due");
    return carried->count - before;
}

static void test_delivery(const jsep_engine* engine, const jsep_log* log) {
    double now = SECOND;
    double next = 0;
    const jsep_host host = host_at(&now);
    static const char* source =
        "var got = [], fails = 0; function receive(from, value) { got.push(value); if (value === 'bad') throw 1; }";
    jsep_realm* one = open_named(engine, log, "one", source, &host);
    jsep_realm* two = open_named(engine, log, "two", source, &host);
    struct carried first = {0};
    struct carried second = {0};
    struct carried replies = {0};
    check(due_now(one, &host, &first, &next) == 0 && next > 1e300, "nothing is due at first");
    check(says(one, "send('two', 1)", &host, "undefined"), "a message is sent");
    check(due_now(one, &host, &first, &next) == 1 && next == now + 250, "a datagram is due");
    check(
        bytes_are(jsep.datagram_receiver((jsep_bytes){(const uint8_t*)first.datagrams[0].data, first.datagrams[0].len}),
                  "two"),
        "a datagram tells for whom it is");
    check(due_now(one, &host, &second, &next) == 0, "it is not due twice");
    check(says(one, "send('two', 2)", &host, "undefined"), "another message is sent");
    check(due_now(one, &host, &second, &next) == 1, "it does not wait for the first");
    deliver(two, &second, &host, &replies);
    check(says(two, "got", &host, "[]"), "a message waits for the one before it");
    deliver(two, &first, &host, &replies);
    deliver(two, &first, &host, &replies);
    deliver(two, &second, &host, &replies);
    check(says(two, "got", &host, "[1,2]"), "both come once and in their order");
    forget(&first);
    now += 250;
    check(due_now(one, &host, &first, &next) == 1 && next == now + 500, "without an acknowledgement they come again");
    now += 500;
    check(due_now(one, &host, &first, &next) == 1 && next == now + 1000, "and again after twice as long");
    deliver(one, &replies, &host, &second);
    now += 1000;
    check(due_now(one, &host, &first, &next) == 0 && next > 1e300, "what is acknowledged does not come again");
    forget(&first);
    forget(&second);
    forget(&replies);

    check(says(one, "send('two', 'bad'), send('two', 'good')", &host, "undefined"),
          "a message is sent that will throw");
    due_now(one, &host, &first, &next);
    const jsep_carrier carrier = {&replies, carry};
    const jsep_bytes datagram = {(const uint8_t*)first.datagrams[0].data, first.datagrams[0].len};
    for (int attempt = 1; attempt <= 5; ++attempt) {
        check_error(jsep.realm_incoming(two, datagram, &host, &carrier), JSEP_TURN_FAILED, "jsep_realm_incoming",
                    "a message whose turn throws");
        check(attempt == 5 || jsep.realm_incoming(two, datagram, &host, &carrier) == JSEP_OK,
              "it is not tried again at once");
        check(attempt == 5 || says(two, "got", &host, "[1,2]"), "it leaves no trace, and the next one waits");
        now += 3600 * SECOND;
    }
    check(says(two, "got", &host, "[1,2,\"good\"]"), "after five attempts it is dropped, and the next one comes");
    jsep.realm_free(two);
    two = open_named(engine, log, "two", "", &host);
    struct text report = {0};
    const jsep_sink sink = text_sink(&report);
    check(jsep.realm_report(two, &sink) == JSEP_OK && strstr(report.data, "\"dropped\":1") != NULL,
          "a restored realm knows what it dropped");
    text_free(&report);
    deliver(two, &first, &host, &replies);
    check(says(two, "got", &host, "[1,2,\"good\"]"), "and does not take it again");
    deliver(one, &replies, &host, &second);
    check(due_now(one, &host, &second, &next) == 0, "what was dropped is acknowledged");
    forget(&first);
    forget(&second);
    forget(&replies);

    check(says(one, "send('one', 'self')", &host, "undefined"), "a realm sends to itself");
    due_now(one, &host, &first, &next);
    deliver(one, &first, &host, &replies);
    deliver(one, &replies, &host, &second);
    check(says(one, "got", &host, "[\"self\"]"), "and receives it");
    forget(&first);
    forget(&second);
    forget(&replies);
    jsep.realm_free(one);
    jsep.realm_free(two);
}

// Times that are no finite number: the system's clock is used then.
static void test_no_time(const jsep_engine* engine, const jsep_log* log) {
    const double times[] = {NAN, INFINITY, -INFINITY};
    double now = SECOND;
    const jsep_host host = host_at(&now);
    jsep_realm* realm = open_named(engine, log, "timeless", "", &host);
    check(says(realm, "send('nobody', 1)", &host, "undefined"), "a message is sent");
    for (size_t index = 0; index < sizeof(times) / sizeof(times[0]); ++index) {
        struct carried carried = {0};
        double next = 0;
        now = times[index];
        due_now(realm, &host, &carried, &next);
        check(isfinite(next) && next > SECOND, "a clock without a time does no harm to what is due");
        now = next;
        check(due_now(realm, &host, &carried, &next) > 0 && next > now, "a message is sent again when it is time");
        forget(&carried);
    }
    jsep.realm_free(realm);
}

static void test_hostile_datagrams(const jsep_engine* engine, const jsep_log* log) {
    double now = SECOND;
    double next = 0;
    const jsep_host host = host_at(&now);
    static const char* source = "var got = []; function receive(from, value) { got.push(value); }";
    jsep_realm* one = open_named(engine, log, "sender", source, &host);
    jsep_realm* two = open_named(engine, log, "target", source, &host);
    struct carried sent = {0};
    struct carried replies = {0};
    const jsep_carrier carrier = {&replies, carry};
    check(says(one, "send('target', {a: [1, 'x']})", &host, "undefined"), "a message is sent");
    due_now(one, &host, &sent, &next);
    struct text* datagram = &sent.datagrams[0];
    bool refused = true;
    for (size_t len = 0; len < datagram->len; ++len) {
        const jsep_bytes part = {(const uint8_t*)datagram->data, len};
        refused = refused && jsep.realm_incoming(two, part, &host, &carrier) == JSEP_INVALID_ARGUMENT;
        jsep.datagram_receiver(part);
    }
    check(refused, "a datagram that was cut anywhere is refused");
    for (size_t place = 0; place < datagram->len; ++place) {
        datagram->data[place] ^= 0x10;
        const jsep_bytes changed = {(const uint8_t*)datagram->data, datagram->len};
        refused = refused && jsep.realm_incoming(two, changed, &host, &carrier) == JSEP_INVALID_ARGUMENT;
        datagram->data[place] ^= 0x10;
    }
    check(refused, "a datagram with a changed byte is refused");
    const jsep_bytes whole = {(const uint8_t*)datagram->data, datagram->len};
    check_error(jsep.realm_incoming(one, whole, &host, &carrier), JSEP_INVALID_ARGUMENT, "jsep_realm_incoming",
                "a datagram for another realm");
    check(says(two, "got", &host, "[]") && replies.count == 0, "none of it has an effect");
    check(jsep.realm_incoming(two, whole, &host, &carrier) == JSEP_OK, "the datagram itself is taken");
    check(says(two, "got", &host, "[{\"a\":[1,\"x\"]}]"), "and has one");
    check_error(jsep.realm_outgoing(one, &host, NULL, &next), JSEP_NULL_ARGUMENT, "jsep_realm_outgoing", "no carrier");
    const jsep_carrier nobody = {NULL, NULL};
    check_error(jsep.realm_incoming(two, whole, &host, &nobody), JSEP_NULL_ARGUMENT, "jsep_realm_incoming",
                "a carrier without a function");
    check_error(jsep.realm_next_alarm(one, &host, NULL), JSEP_NULL_ARGUMENT, "jsep_realm_next_alarm", "no place");
    forget(&sent);
    forget(&replies);
    jsep.realm_free(one);
    jsep.realm_free(two);
}

void test_messages(const jsep_engine* engine) {
    check_error(jsep.realm_alarm(NULL, NULL), JSEP_NULL_ARGUMENT, "jsep_realm_alarm", "no realm");
    check_error(jsep.realm_outgoing(NULL, NULL, NULL, NULL), JSEP_NULL_ARGUMENT, "jsep_realm_outgoing", "no realm");
    check_error(jsep.realm_incoming(NULL, NO_BYTES, NULL, NULL), JSEP_NULL_ARGUMENT, "jsep_realm_incoming", "no realm");
    check_error(jsep.realm_upgrade(NULL, NO_BYTES, NO_BYTES, NULL, NULL), JSEP_NULL_ARGUMENT, "jsep_realm_upgrade",
                "no realm");
    check(jsep.datagram_receiver(NO_BYTES).len == 0, "no bytes are no datagram");
    struct memory memory = {.sync_answer = JSEP_OK};
    pthread_mutex_init(&memory.mutex, NULL);
    const jsep_storage storage = storage_in(&memory);
    jsep_log* log = open_log(&storage);
    jsep_realm* realm = NULL;
    const jsep_status status = jsep.realm_open(engine, log, bytes_of("any"), NO_BYTES, NULL, 0, NULL, &realm);
    jsep.realm_free(realm);
    if (status == JSEP_OK) {
        test_alarms(engine, log);
        test_delivery(engine, log);
        test_no_time(engine, log);
        test_hostile_datagrams(engine, log);
    }
    jsep.log_free(log);
    memory_free(&memory);
}

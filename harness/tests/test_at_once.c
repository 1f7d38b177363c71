// Threads that are in the library at once: while a request is inside of a function of its host, others execute.
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app.h"
#include "check.h"
#include "groups.h"
#include "host.h"

#define THREADS 4
#define ROUNDS 20

#define SHARED_ENDPOINT                                                                    \
    "{\"js_module\": \"app.js\", \"js_function\": \"hold\", \"mode\": \"readwrite\", "     \
    "\"forwarding_required\": \"never\", \"authn_policies\": [], \"interpreter_reuse\": {" \
    "\"key\": \"a\"}}"

static const char metadata[] =
    "{\"endpoints\": {" GET_ENDPOINT("/fresh", "hold") ", \"/shared\": {\"get\": " SHARED_ENDPOINT "}}}";

// Whoever else runs in its realm meanwhile changes what it answers.
static const char source[] =
    "let name;\n"
    "export function hold(request) {\n"
    "  name = globalThis.name = request.body.text();\n"
    "  ccf.kv['table'].get(new ArrayBuffer(1));\n"
    "  return { body: `${name} ${globalThis.name}` };\n"
    "}\n";

// A host whose first `get` of a request does something before it answers.
struct busy_host {
    struct host host;
    void (*act)(void* context);
    void* context;
    bool has_acted;
};

static uint32_t act_and_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)map;
    (void)key;
    (void)value;
    struct busy_host* busy = context;
    // A request that begins anew, because it can't have the realm that it was tried in, has done it.
    if (!busy->has_acted && busy->act != NULL) {
        busy->has_acted = true;
        busy->act(busy->context);
    }
    return JSEP_NOT_FOUND;
}

static void busy_host_init(struct busy_host* busy, void (*act)(void*), void* context) {
    host_init(&busy->host);
    busy->host.table.store_get = act_and_get;
    busy->act = act;
    busy->context = context;
    busy->has_acted = false;
}

static bool holds(const jsep_registry* registry, struct busy_host* busy, const char* path, const char* name) {
    char expected[64];
    snprintf(expected, sizeof(expected), "%s %s", name, name);
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, &busy->host, "GET", path, bytes_of(name), &status);
    const bool right = status == JSEP_OK && bytes_are(jsep.response_body(response), expected);
    jsep.response_free(response);
    return right;
}

// All threads are inside of their requests before any leaves, and they leave in the order in which they came.
struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned came;
    unsigned left;
};

static void meet(void* context) {
    struct meeting* meeting = context;
    pthread_mutex_lock(&meeting->mutex);
    const unsigned number = meeting->came++;
    // Counted over all rounds.
    const unsigned all = (number / THREADS + 1) * THREADS;
    pthread_cond_broadcast(&meeting->changed);
    while (meeting->came < all || meeting->left < number) {
        pthread_cond_wait(&meeting->changed, &meeting->mutex);
    }
    pthread_mutex_unlock(&meeting->mutex);
}

static void leave(struct meeting* meeting) {
    pthread_mutex_lock(&meeting->mutex);
    meeting->left += 1;
    pthread_cond_broadcast(&meeting->changed);
    pthread_mutex_unlock(&meeting->mutex);
}

struct participant {
    pthread_t thread;
    const jsep_registry* registry;
    struct meeting* meeting;
    unsigned number;
    unsigned wrong;
};

static void* participate(void* context) {
    struct participant* participant = context;
    for (unsigned round = 0; round < ROUNDS; ++round) {
        char name[32];
        snprintf(name, sizeof(name), "%u-%u", participant->number, round);
        struct busy_host busy;
        busy_host_init(&busy, meet, participant->meeting);
        participant->wrong += holds(participant->registry, &busy, "/fresh", name) ? 0 : 1;
        leave(participant->meeting);
        host_free(&busy.host);
    }
    return NULL;
}

static void test_interleaved(const jsep_registry* registry) {
    struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    struct participant participants[THREADS];
    for (unsigned index = 0; index < THREADS; ++index) {
        participants[index] = (struct participant){.registry = registry, .meeting = &meeting, .number = index};
        pthread_create(&participants[index].thread, NULL, participate, &participants[index]);
    }
    for (unsigned index = 0; index < THREADS; ++index) {
        pthread_join(participants[index].thread, NULL);
        check(participants[index].wrong == 0, "thread %u has its own answers, whoever entered before it left", index);
    }
}

// Another thread that wants the shared realm in which a request is.
struct rival {
    pthread_t thread;
    const jsep_registry* registry;
    _Atomic pid_t identity;
    _Atomic bool has_answer;
    bool right;
};

static void* compete(void* context) {
    struct rival* rival = context;
    rival->identity = (pid_t)syscall(SYS_gettid);
    struct busy_host busy;
    busy_host_init(&busy, NULL, NULL);
    rival->right = holds(rival->registry, &busy, "/shared", "rival");
    host_free(&busy.host);
    rival->has_answer = true;
    return NULL;
}

static bool is_asleep(pid_t thread) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
    FILE* file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    char line[256] = "";
    const bool was_read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    const char* state = was_read ? strrchr(line, ')') : NULL;
    return state != NULL && strncmp(state, ") S", 3) == 0;
}

// Until the rival waits for the realm, or has its answer from another one.
static void let_rival_try(void* context) {
    struct rival* rival = context;
    pthread_create(&rival->thread, NULL, compete, rival);
    while (!rival->has_answer && !(rival->identity != 0 && is_asleep(rival->identity))) {
        sched_yield();
    }
}

static void test_shared_realm(const jsep_registry* registry) {
    unsigned wrong = 0;
    for (unsigned round = 0; round < ROUNDS; ++round) {
        struct rival rival = {.registry = registry};
        struct busy_host busy;
        busy_host_init(&busy, let_rival_try, &rival);
        wrong += holds(registry, &busy, "/shared", "first") ? 0 : 1;
        check(busy.has_acted, "the host was asked within the request");
        pthread_join(rival.thread, NULL);
        wrong += rival.right ? 0 : 1;
        host_free(&busy.host);
    }
    check(wrong == 0, "one thread at a time is in a shared realm");
}

void test_at_once(const jsep_engine* engine) {
    jsep_registry* registry = NULL;
    check(jsep.registry_new(engine, &registry) == JSEP_OK, "a registry for requests at once");
    check(install_text(registry, make_bundle(metadata, "app.js", source)) == JSEP_OK, "their app is installed");
    test_interleaved(registry);
    test_shared_realm(registry);
    jsep.registry_free(registry);
}

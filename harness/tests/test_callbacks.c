// Each function of the host table fails at each of its calls, alone: conflicts, failures, and values that can't be.
#include <math.h>
#include <string.h>

#include "check.h"
#include "groups.h"
#include "host.h"

#define GET(path, function, mode)                                                                                    \
    "\"" path "\": {\"get\": {\"js_module\": \"callbacks.js\", \"js_function\": \"" function "\", \"mode\": \"" mode \
    "\", \"forwarding_required\": \"never\", \"authn_policies\": []}}"

static const char* const metadata = "{\"endpoints\": {" GET("/all", "all", "historical") "," GET(
    "/good", "good", "readonly") "," GET("/write", "write", "readwrite") "," GET("/grow", "grow", "readwrite") "}}";

// A line for each step: what it gave, or the exception's message.
static const char* const source =
    "const table = () => ccf.kv['table'];\n"
    "const key = () => ccf.strToBuf('a');\n"
    "const text = (bytes) => bytes && ccf.bufToStr(bytes);\n"
    "const all_of = (map) => { const found = []; map.forEach((v, k) => found.push(text(k), text(v))); return found; "
    "};\n"
    "const steps = [\n"
    "  () => text(table().get(key())), () => table().has(key()), () => table().getVersionOfPreviousWrite(key()),\n"
    "  () => table().size, () => all_of(table()), () => { console.log('line'); return 1; }, () => Date.now() > 0,\n"
    "  () => Math.random() < 1, () => ccf.consensus.getLastCommittedTxId(),\n"
    "  () => ccf.consensus.getStatusForTxId(2, 3), () => ccf.consensus.getViewForSeqno(3),\n"
    "  () => ccf.historical.getStateRange(1, 3, 3, 60).map((state) => state.receipt),\n"
    "  () => ccf.historical.dropCachedStates(1), () => text(ccf.historicalState.kv['table'].get(key())),\n"
    "  () => ccf.historicalState.kv['table'].getVersionOfPreviousWrite(key()),\n"
    "  () => all_of(ccf.historicalState.kv['table']),\n"
    "  () => snp_attestation.verifySnpAttestation(key(), key(), undefined, 'tcb').a,\n"
    "  () => { ccf.host.triggerSubprocess(['program']); return 1; },\n"
    "];\n"
    "const line = (step) => {\n"
    "  try { return JSON.stringify(step()); } catch (error) { return `${error.name}: ${error.message}`; }\n"
    "};\n"
    "export function all() { return { body: [...steps, ...steps].map(line).join('\\n') }; }\n"
    "export function good() { return { body: 'good' }; }\n"
    "export function write() {\n"
    "  for (const name of ['b', 'c']) table().set(ccf.strToBuf(name), key());\n"
    "  table().delete(key());\n"
    "  ccf.kv['other'].clear();\n"
    "  return { body: 'written' };\n"
    "}\n"
    "export function grow() { table().set(ccf.strToBuf('b'), key()); return { body: String(table().size) }; }\n";

#define CALLBACKS(CALLBACK)             \
    CALLBACK(store_get, true)           \
    CALLBACK(store_has, true)           \
    CALLBACK(store_version, true)       \
    CALLBACK(store_size, true)          \
    CALLBACK(store_for_each, true)      \
    CALLBACK(store_put, true)           \
    CALLBACK(store_remove, true)        \
    CALLBACK(store_clear, true)         \
    CALLBACK(clock, false)              \
    CALLBACK(entropy, false)            \
    CALLBACK(last_committed, false)     \
    CALLBACK(transaction_status, false) \
    CALLBACK(view_of, false)            \
    CALLBACK(historical_range, false)   \
    CALLBACK(historical_drop, false)    \
    CALLBACK(state_get, true)           \
    CALLBACK(state_version, true)       \
    CALLBACK(state_for_each, true)      \
    CALLBACK(restrict_map, false)       \
    CALLBACK(trigger_subprocess, false) \
    CALLBACK(verify_attestation, false)

#define CALLBACK_NUMBER(name, is_store) NUMBER_##name,
enum callback { CALLBACKS(CALLBACK_NUMBER) CALLBACK_COUNT };
#define CALLBACK_NAME(name, is_store) #name,
static const char* const names[] = {CALLBACKS(CALLBACK_NAME)};
#define CALLBACK_STORE(name, is_store) is_store,
static const bool is_of_store[] = {CALLBACKS(CALLBACK_STORE)};

// What the chosen call does.
enum fault {
    ANSWER_CONFLICT,
    ANSWER_FAILURE,
    // Gives a null pointer with a length, or a length that no memory has, and answers JSEP_OK.
    GIVE_NULL,
    GIVE_ENDLESS,
    GIVE_GREATEST,
    GIVE_MORE_THAN_ADDRESSABLE,
    // Gives bytes that are neither UTF-8 nor JSON.
    GIVE_GARBAGE,
    FAULT_COUNT
};

struct faulty {
    jsep_host table;
    enum callback callback;
    unsigned number;
    enum fault fault;
    unsigned calls[CALLBACK_COUNT];
    // Whether the chosen call came, and gave what it was to give.
    bool came;
    bool gave;
};

static struct faulty* faulty_of(void* context, enum callback callback, bool* is_chosen) {
    struct faulty* faulty = context;
    *is_chosen = ++faulty->calls[callback] == faulty->number && callback == faulty->callback;
    faulty->came |= *is_chosen;
    return faulty;
}

// Begins a callback: answers at once when the chosen call has to; `given` makes a value what the call is to give.
#define BEGIN(name)                                                        \
    bool is_chosen = false;                                                \
    struct faulty* faulty = faulty_of(context, NUMBER_##name, &is_chosen); \
    if (is_chosen && faulty->fault <= ANSWER_FAILURE) {                    \
        return faulty->fault == ANSWER_CONFLICT ? JSEP_CONFLICT : 12345;   \
    }

static jsep_bytes given(struct faulty* faulty, bool is_chosen, const char* text) {
    static const uint8_t garbage[] = {0xff, 0xfe, '{', 0xc3, '(', 0xed, 0xa0, 0x80};
    static const size_t lengths[] = {5, SIZE_MAX, SIZE_MAX / 2, (size_t)1 << 62};
    const jsep_bytes bytes = bytes_of(text);
    if (!is_chosen) {
        return bytes;
    }
    faulty->gave = true;
    if (faulty->fault == GIVE_GARBAGE) {
        return (jsep_bytes){garbage, sizeof(garbage)};
    }
    return (jsep_bytes){faulty->fault == GIVE_NULL ? NULL : bytes.data, lengths[faulty->fault - GIVE_NULL]};
}

static void put(const jsep_sink* sink, jsep_bytes bytes) {
    sink->write(sink->context, bytes.data, bytes.len);
}

static uint32_t store_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)map, (void)key;
    BEGIN(store_get)
    put(value, given(faulty, is_chosen, "value"));
    return JSEP_OK;
}

static uint32_t store_has(void* context, jsep_bytes map, jsep_bytes key) {
    (void)map, (void)key;
    BEGIN(store_has)
    return JSEP_OK;
}

static uint32_t store_version(void* context, jsep_bytes map, jsep_bytes key, int64_t* version) {
    (void)map, (void)key;
    BEGIN(store_version)
    *version = 1;
    return JSEP_OK;
}

static uint32_t store_size(void* context, jsep_bytes map, uint64_t* size) {
    (void)map;
    BEGIN(store_size)
    *size = 1;
    return JSEP_OK;
}

static uint32_t store_for_each(void* context, jsep_bytes map, const jsep_visitor* visitor) {
    (void)map;
    BEGIN(store_for_each)
    visitor->entry(visitor->context, bytes_of("a"), given(faulty, is_chosen, "value"));
    return JSEP_OK;
}

static uint32_t store_put(void* context, jsep_bytes map, jsep_bytes key, jsep_bytes value) {
    (void)map, (void)key, (void)value;
    BEGIN(store_put)
    return JSEP_OK;
}

static uint32_t store_remove(void* context, jsep_bytes map, jsep_bytes key) {
    (void)map, (void)key;
    BEGIN(store_remove)
    return JSEP_OK;
}

static uint32_t store_clear(void* context, jsep_bytes map) {
    (void)map;
    BEGIN(store_clear)
    return JSEP_OK;
}

static uint32_t clock_of_host(void* context, double* milliseconds) {
    BEGIN(clock)
    *milliseconds = 1234567890123.0;
    return JSEP_OK;
}

static uint32_t entropy_of_host(void* context, uint8_t* data, size_t len) {
    BEGIN(entropy)
    memset(data, 0x5a, len);
    return JSEP_OK;
}

static uint32_t last_committed(void* context, jsep_transaction_id* id) {
    BEGIN(last_committed)
    id->view = 2;
    id->seqno = 3;
    return JSEP_OK;
}

static uint32_t transaction_status(void* context, jsep_transaction_id id, uint32_t* status) {
    (void)id;
    BEGIN(transaction_status)
    *status = JSEP_TRANSACTION_COMMITTED;
    return JSEP_OK;
}

static uint32_t view_of(void* context, uint64_t seqno, uint64_t* view) {
    (void)seqno;
    BEGIN(view_of)
    *view = 2;
    return JSEP_OK;
}

static jsep_state past_state(jsep_bytes receipt) {
    const jsep_state state = {sizeof(jsep_state), 3, {2, 3}, receipt};
    return state;
}

static uint32_t historical_range(void* context, uint64_t handle, uint64_t first, uint64_t last, uint64_t seconds,
                                 const jsep_state_visitor* visitor) {
    (void)handle, (void)first, (void)last, (void)seconds;
    BEGIN(historical_range)
    const jsep_state state = past_state(given(faulty, is_chosen, "{}"));
    visitor->state(visitor->context, &state);
    return JSEP_OK;
}

static uint32_t historical_drop(void* context, uint64_t handle) {
    (void)handle;
    BEGIN(historical_drop)
    return JSEP_OK;
}

static uint32_t state_get(void* context, uint64_t state, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)state, (void)map, (void)key;
    BEGIN(state_get)
    put(value, given(faulty, is_chosen, "past"));
    return JSEP_OK;
}

static uint32_t state_version(void* context, uint64_t state, jsep_bytes map, jsep_bytes key, int64_t* version) {
    (void)state, (void)map, (void)key;
    BEGIN(state_version)
    *version = 1;
    return JSEP_OK;
}

static uint32_t state_for_each(void* context, uint64_t state, jsep_bytes map, const jsep_visitor* visitor) {
    (void)state, (void)map;
    BEGIN(state_for_each)
    visitor->entry(visitor->context, given(faulty, is_chosen, "a"), bytes_of("past"));
    return JSEP_OK;
}

static uint32_t restrict_map(void* context, jsep_bytes map, uint32_t* permission, const jsep_sink* reason) {
    (void)map;
    BEGIN(restrict_map)
    // A reason is for what is refused.
    *permission = is_chosen ? (uint32_t)JSEP_PERMISSION_NONE : *permission;
    put(reason, given(faulty, is_chosen, ""));
    return JSEP_OK;
}

static uint32_t trigger_subprocess(void* context, const jsep_bytes* arguments, size_t argument_count,
                                   const jsep_bytes* input, const jsep_sink* why) {
    (void)arguments, (void)argument_count, (void)input;
    BEGIN(trigger_subprocess)
    put(why, given(faulty, is_chosen, ""));
    // What it says is for failures.
    return is_chosen ? 12345 : JSEP_OK;
}

static uint32_t verify_attestation(void* context, jsep_bytes evidence, jsep_bytes endorsements,
                                   const jsep_bytes* uvm_endorsements, const jsep_bytes* endorsed_tcb,
                                   const jsep_sink* result) {
    (void)evidence, (void)endorsements, (void)uvm_endorsements, (void)endorsed_tcb;
    BEGIN(verify_attestation)
    put(result, given(faulty, is_chosen, "{\"a\": 1}"));
    return JSEP_OK;
}

// A host that behaves until its faults are chosen.
static struct faulty well_behaved(void) {
    struct faulty faulty = {.table = {.size = sizeof(jsep_host)}};
    faulty.table.store_get = store_get;
    faulty.table.store_has = store_has;
    faulty.table.store_version = store_version;
    faulty.table.store_size = store_size;
    faulty.table.store_for_each = store_for_each;
    faulty.table.store_put = store_put;
    faulty.table.store_remove = store_remove;
    faulty.table.store_clear = store_clear;
    faulty.table.clock = clock_of_host;
    faulty.table.entropy = entropy_of_host;
    faulty.table.last_committed = last_committed;
    faulty.table.transaction_status = transaction_status;
    faulty.table.view_of = view_of;
    faulty.table.historical_range = historical_range;
    faulty.table.historical_drop = historical_drop;
    faulty.table.state_get = state_get;
    faulty.table.state_version = state_version;
    faulty.table.state_for_each = state_for_each;
    faulty.table.restrict_map = restrict_map;
    faulty.table.trigger_subprocess = trigger_subprocess;
    faulty.table.verify_attestation = verify_attestation;
    return faulty;
}

// Executes GET of `path`, and adds the body to `body`.
static jsep_status execute(const jsep_registry* registry, struct faulty* faulty, const char* path, struct text* body) {
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    const jsep_state state = past_state(bytes_of(""));
    const jsep_request request = {
        .size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of(path), .historical_state = &state};
    faulty->table.context = faulty;
    jsep.registry_find(registry, request.method, request.path, &endpoint);
    const jsep_status status = jsep.endpoint_execute(endpoint, &request, &faulty->table, &response);
    const jsep_bytes bytes = jsep.response_body(response);
    text_append(body, bytes.data, bytes.len);
    jsep.response_free(response);
    jsep.endpoint_free(endpoint);
    return status;
}

// Number of lines in which two texts differ, or all of one that has more.
static unsigned differing_lines(const char* one, const char* other) {
    unsigned count = 0;
    while (*one != '\0' && *other != '\0') {
        const size_t one_len = strcspn(one, "\n");
        const size_t other_len = strcspn(other, "\n");
        count += one_len == other_len && memcmp(one, other, one_len) == 0 ? 0 : 1;
        one += one_len + (one[one_len] == '\n' ? 1 : 0);
        other += other_len + (other[other_len] == '\n' ? 1 : 0);
    }
    return count + (*one == *other ? 0 : 100);
}

// One call that goes wrong; whether the script saw it.
static bool try_fault(const jsep_registry* registry, const char* path, const struct text* good, struct faulty* faulty) {
    struct text body = {NULL, 0};
    const jsep_status status = execute(registry, faulty, path, &body);
    const char* name = names[faulty->callback];
    const bool gives = faulty->fault >= GIVE_NULL;
    bool was_seen = false;
    if (faulty->came && faulty->fault == ANSWER_CONFLICT && is_of_store[faulty->callback]) {
        check(status == JSEP_CONFLICT, "%s: a conflict at call %u ends the execution", name, faulty->number);
        was_seen = true;
    } else if (faulty->came && strcmp(path, "/write") == 0 && is_of_store[faulty->callback] && !gives) {
        check(status == JSEP_STORE_FAILED, "%s: a failure at call %u is reported", name, faulty->number);
        was_seen = true;
    } else {
        check(status == JSEP_OK, "%s: fault %d at call %u is the script's affair", name, faulty->fault, faulty->number);
        const unsigned lines = body.data == NULL ? 100 : differing_lines(good->data, body.data);
        check(lines <= 1, "%s: fault %d at call %u is seen in one place", name, faulty->fault, faulty->number);
        was_seen = lines == 1;
    }
    text_free(&body);
    struct faulty next = well_behaved();
    execute(registry, &next, "/good", &body);
    check(body.len == 4 && memcmp(body.data, "good", 4) == 0, "%s: the next request is fine", name);
    text_free(&body);
    return was_seen;
}

// All calls that a request makes, one fault each.
static void test_faults(const jsep_registry* registry, const char* path) {
    struct text good = {NULL, 0};
    struct faulty behaved = well_behaved();
    check(execute(registry, &behaved, path, &good) == JSEP_OK && good.len > 0, "%s works with a good host", path);
    for (int callback = 0; callback < CALLBACK_COUNT; ++callback) {
        for (int fault = 0; fault < FAULT_COUNT; ++fault) {
            bool gave = false;
            bool was_seen = false;
            for (unsigned number = 1; number <= behaved.calls[callback]; ++number) {
                struct faulty faulty = well_behaved();
                faulty.callback = (enum callback)callback;
                faulty.fault = (enum fault)fault;
                faulty.number = number;
                was_seen |= try_fault(registry, path, &good, &faulty);
                gave |= faulty.gave;
            }
            // Without the host's clock the system's is used. A request may run twice, the first time for a try that is
            // given up, and with it what the host said about a map.
            const bool must_show = (fault == ANSWER_FAILURE && behaved.calls[callback] > 0) || gave;
            if (must_show && callback != NUMBER_clock && callback != NUMBER_restrict_map) {
                check(was_seen, "%s: fault %d is seen", names[callback], fault);
            }
        }
    }
    text_free(&good);
}

static uint32_t has_nothing(void* context, jsep_bytes map, jsep_bytes key) {
    (void)context, (void)map, (void)key;
    return JSEP_NOT_FOUND;
}

static uint32_t greatest_size(void* context, jsep_bytes map, uint64_t* size) {
    (void)context, (void)map;
    *size = UINT64_MAX;
    return JSEP_OK;
}

static void test_greatest_size(const jsep_registry* registry) {
    struct faulty faulty = well_behaved();
    faulty.table.store_has = has_nothing;
    faulty.table.store_size = greatest_size;
    struct text body = {NULL, 0};
    check(execute(registry, &faulty, "/grow", &body) == JSEP_OK && body.len > 0 &&
              strcmp(body.data, "18446744073709552000") == 0,
          "a map of the greatest size stays as great when it grows");
    text_free(&body);
}

static uint32_t no_time(void* context, double* milliseconds) {
    const struct faulty* faulty = context;
    const double times[] = {NAN, INFINITY, -INFINITY};
    *milliseconds = times[faulty->number];
    return JSEP_OK;
}

// The system's clock is used then.
static void test_no_time(const jsep_registry* registry) {
    struct text good = {NULL, 0};
    struct faulty behaved = well_behaved();
    execute(registry, &behaved, "/all", &good);
    for (unsigned number = 0; number < 3; ++number) {
        struct faulty faulty = well_behaved();
        faulty.callback = NUMBER_clock;
        faulty.number = number;
        faulty.table.clock = no_time;
        struct text body = {NULL, 0};
        check(execute(registry, &faulty, "/all", &body) == JSEP_OK && body.len > 0 &&
                  differing_lines(good.data, body.data) == 0,
              "a time that is no finite number is none");
        text_free(&body);
    }
    text_free(&good);
}

void test_callbacks(void) {
    jsep_engine* engine = start_engine_with_subprocesses();
    jsep_registry* registry = NULL;
    check(jsep.registry_new(engine, &registry) == JSEP_OK &&
              install_text(registry, make_bundle(metadata, "callbacks.js", source)) == JSEP_OK,
          "the app of the faults is installed");
    test_faults(registry, "/all");
    test_faults(registry, "/write");
    test_greatest_size(registry);
    test_no_time(registry);
    jsep.registry_free(registry);
    jsep.engine_free(engine);
}

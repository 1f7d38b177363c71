// The host table beyond the store: consensus, past states, restricted maps, processes, attestations, and its first
// version.
#include <stddef.h>
#include <string.h>

#include "check.h"
#include "groups.h"
#include "host.h"

#define GET(path, function, mode)                                                                                \
    "\"" path "\": {\"get\": {\"js_module\": \"table.js\", \"js_function\": \"" function "\", \"mode\": \"" mode \
    "\", \"forwarding_required\": \"never\", \"authn_policies\": []}}"

static const char* const metadata =
    "{\"endpoints\": {" GET("/committed", "committed", "readonly") "," GET("/status", "status", "readonly") "," GET(
        "/view", "view", "readonly") "," GET("/range", "range", "readonly") "," GET("/drop", "drop", "readonly") ","
    GET("/past", "past", "historical") "," GET("/write", "write", "readwrite") "," GET(
        "/process", "startProcess", "readonly") "," GET("/hosted", "hosted", "readonly") "," GET(
        "/attestation", "attestation", "readonly") "}}";

// Each answers with what it got, or with the message of the exception.
static const char* const source =
    "const attempt = (action) => {\n"
    "  try { return { body: JSON.stringify(action()) ?? 'undefined' }; }\n"
    "  catch (error) { return { body: `${error.name}: ${error.message}` }; }\n"
    "};\n"
    "const text = (bytes) => bytes && ccf.bufToStr(bytes);\n"
    "export const committed = () => attempt(() => ccf.consensus.getLastCommittedTxId());\n"
    "export const status = () => attempt(() =>\n"
    "  [1, 2, 3, 4, 5].map((seqno) => ccf.consensus.getStatusForTxId(2, seqno)));\n"
    "export const view = () => attempt(() => [ccf.consensus.getViewForSeqno(3), ccf.consensus.getViewForSeqno(99)]);\n"
    "const show = (state) => {\n"
    "  const table = state.kv['table'];\n"
    "  const names = [];\n"
    "  table.forEach((value, key) => { names.push(text(key)); });\n"
    "  return [state.transactionId, state.receipt, text(table.get(ccf.strToBuf('a'))),\n"
    "    table.getVersionOfPreviousWrite(ccf.strToBuf('a')), table.has(ccf.strToBuf('b')), table.size, names];\n"
    "};\n"
    "export const range = () => attempt(() => {\n"
    "  const states = ccf.historical.getStateRange(7, 3, 4, 60);\n"
    "  return states && states.map(show);\n"
    "});\n"
    "export const drop = () => attempt(() => ccf.historical.dropCachedStates(7));\n"
    "export const past = () => attempt(() => [show(ccf.historicalState), "
    "text(ccf.kv['table'].get(ccf.strToBuf('a')))]);\n"
    "export const write = () => attempt(() => {\n"
    "  ccf.kv['table'].set(ccf.strToBuf('a'), ccf.strToBuf('x'));\n"
    "  return 'written';\n"
    "});\n"
    "export const startProcess = (request) => attempt(() =>\n"
    "  ccf.host.triggerSubprocess(['program', 'an argument'], request.query ? ccf.strToBuf('input') : undefined));\n"
    "export const hosted = () => attempt(() => typeof ccf.host);\n"
    "export const attestation = () => attempt(() => {\n"
    "  const part = ccf.strToBuf;\n"
    "  const result = snp_attestation.verifySnpAttestation(part('evidence'), part('endorsements'), undefined, 'tcb');\n"
    "  return [result.number, text(result.bytes)];\n"
    "});\n";

struct table_host {
    jsep_host table;
    // What the functions answer, and the last arguments they got.
    uint32_t answer;
    struct text arguments;
    uint32_t permission;
    size_t puts;
};

static void note(struct table_host* host, jsep_bytes bytes) {
    text_append(&host->arguments, bytes.data, bytes.len);
    text_append(&host->arguments, "|", 1);
}

static void say(const jsep_sink* sink, const char* text) {
    sink->write(sink->context, (const uint8_t*)text, strlen(text));
}

static uint32_t last_committed(void* context, jsep_transaction_id* id) {
    id->view = 2;
    id->seqno = 9007199254740993;
    return ((struct table_host*)context)->answer;
}

static uint32_t transaction_status(void* context, jsep_transaction_id id, uint32_t* status) {
    // From unknown to invalid, and a number that does not exist.
    *status = (uint32_t)id.seqno - 1;
    return ((struct table_host*)context)->answer;
}

static uint32_t view_of(void* context, uint64_t seqno, uint64_t* view) {
    *view = 2;
    return seqno == 99 ? JSEP_NOT_FOUND : ((struct table_host*)context)->answer;
}

static jsep_state state_of(uint64_t seqno, const char* receipt) {
    const jsep_state state = {sizeof(jsep_state), 1000 + seqno, {2, seqno}, bytes_of(receipt)};
    return state;
}

static uint32_t historical_range(void* context, uint64_t handle, uint64_t first, uint64_t last, uint64_t seconds,
                                 const jsep_state_visitor* visitor) {
    struct table_host* host = context;
    if (handle != 7 || seconds != 60) {
        return JSEP_INVALID_ARGUMENT;
    }
    for (uint64_t seqno = first; host->answer == JSEP_OK && seqno <= last; ++seqno) {
        const jsep_state state = state_of(seqno, seqno == first ? "{\"cert\": \"c\"}" : "");
        visitor->state(visitor->context, &state);
    }
    return host->answer;
}

static uint32_t historical_range_badly(void* context, uint64_t handle, uint64_t first, uint64_t last, uint64_t seconds,
                                       const jsep_state_visitor* visitor) {
    (void)context, (void)handle, (void)first, (void)last, (void)seconds;
    const jsep_state state = state_of(3, "{no JSON");
    check(!visitor->state(visitor->context, &state), "the visitor refuses a receipt that is not JSON");
    return JSEP_OK;
}

static uint32_t historical_drop(void* context, uint64_t handle) {
    return handle == 7 ? ((struct table_host*)context)->answer : JSEP_INVALID_ARGUMENT;
}

static uint32_t state_get(void* context, uint64_t state, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)context;
    if (!bytes_are(map, "table") || !bytes_are(key, "a")) {
        return JSEP_NOT_FOUND;
    }
    say(value, state == 1003 ? "third" : "fourth");
    return JSEP_OK;
}

static uint32_t state_version(void* context, uint64_t state, jsep_bytes map, jsep_bytes key, int64_t* version) {
    (void)context, (void)map;
    *version = (int64_t)state - 1000;
    return bytes_are(key, "a") ? JSEP_OK : JSEP_NOT_FOUND;
}

static uint32_t state_for_each(void* context, uint64_t state, jsep_bytes map, const jsep_visitor* visitor) {
    (void)context, (void)state, (void)map;
    visitor->entry(visitor->context, bytes_of("a"), bytes_of("value"));
    return JSEP_OK;
}

static uint32_t store_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    (void)context, (void)map, (void)key;
    say(value, "present");
    return JSEP_OK;
}

static uint32_t store_put(void* context, jsep_bytes map, jsep_bytes key, jsep_bytes value) {
    (void)map, (void)key, (void)value;
    ++((struct table_host*)context)->puts;
    return JSEP_OK;
}

static uint32_t restrict_map(void* context, jsep_bytes map, uint32_t* permission, const jsep_sink* reason) {
    struct table_host* host = context;
    note(host, map);
    *permission = host->permission;
    say(reason, "The moon is full.");
    return host->answer;
}

static uint32_t trigger_subprocess(void* context, const jsep_bytes* arguments, size_t argument_count,
                                   const jsep_bytes* input, const jsep_sink* why) {
    struct table_host* host = context;
    for (size_t index = 0; index < argument_count; ++index) {
        note(host, arguments[index]);
    }
    if (input != NULL) {
        note(host, *input);
    }
    say(why, "no such program");
    return host->answer;
}

static uint32_t verify_attestation(void* context, jsep_bytes evidence, jsep_bytes endorsements,
                                   const jsep_bytes* uvm_endorsements, const jsep_bytes* endorsed_tcb,
                                   const jsep_sink* result) {
    struct table_host* host = context;
    note(host, evidence);
    note(host, endorsements);
    check(uvm_endorsements == NULL && endorsed_tcb != NULL, "absent arguments of an attestation are null");
    note(host, *endorsed_tcb);
    say(result, host->answer == JSEP_OK ? "{\"number\": 5, \"bytes\": {\"base64\": \"aGVsbG8=\"}}" : "bad signature");
    return host->answer;
}

static void fill(struct table_host* host) {
    memset(host, 0, sizeof(*host));
    host->permission = JSEP_PERMISSION_READ_WRITE;
    host->table.size = sizeof(host->table);
    host->table.context = host;
    host->table.store_get = store_get;
    host->table.store_put = store_put;
    host->table.last_committed = last_committed;
    host->table.transaction_status = transaction_status;
    host->table.view_of = view_of;
    host->table.historical_range = historical_range;
    host->table.historical_drop = historical_drop;
    host->table.state_get = state_get;
    host->table.state_version = state_version;
    host->table.state_for_each = state_for_each;
    host->table.restrict_map = restrict_map;
    host->table.trigger_subprocess = trigger_subprocess;
    host->table.verify_attestation = verify_attestation;
}

// Executes GET of `path` and checks the body; the request carries `state` when there is one.
static void expect(const jsep_registry* registry, struct table_host* host, const char* path, const jsep_state* state,
                   const char* body, const char* name) {
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of(path), &endpoint);
    jsep_request request = {.size = sizeof(request),
                            .method = bytes_of("GET"),
                            .path = bytes_of(path),
                            .query = bytes_of(strcmp(path, "/process") == 0 && host->answer == JSEP_OK ? "input" : ""),
                            .historical_state = state};
    jsep.endpoint_execute(endpoint, &request, &host->table, &response);
    const jsep_bytes found = jsep.response_body(response);
    check(bytes_are(found, body), "%s", name);
    if (!bytes_are(found, body)) {
        check(false, "answered %.*s", (int)found.len, (const char*)found.data);
    }
    jsep.response_free(response);
    jsep.endpoint_free(endpoint);
}

static void test_consensus(const jsep_registry* registry, struct table_host* host) {
    expect(registry, host, "/committed", NULL, "{\"view\":2,\"seqno\":9007199254740992}", "the last committed id");
    expect(registry, host, "/status", NULL, "[\"Unknown\",\"Pending\",\"Committed\",\"Invalid\",\"Unknown\"]",
           "each status by name, and an unknown number");
    expect(registry, host, "/view", NULL, "[2,null]", "JSEP_NOT_FOUND for a view is null");
    host->answer = 12345;
    expect(registry, host, "/committed", NULL,
           "InternalError: Failed to get last committed txid: host function `last_committed` failed with code 12345",
           "a failure names the callback and its code");
    host->answer = JSEP_OK;
}

static void test_past_states(const jsep_registry* registry, struct table_host* host) {
    expect(registry, host, "/range", NULL,
           "[[\"2.3\",{\"cert\":\"c\"},\"third\",3,false,1,[\"a\"]],[\"2.4\",null,\"fourth\",4,false,1,[\"a\"]]]",
           "a range shows each state");
    host->answer = JSEP_NOT_FOUND;
    expect(registry, host, "/range", NULL, "null", "JSEP_NOT_FOUND for a range is null");
    expect(registry, host, "/drop", NULL, "false", "dropping what is not there is false");
    host->answer = JSEP_OK;
    expect(registry, host, "/drop", NULL, "true", "dropping what is there is true");
    host->table.historical_range = historical_range_badly;
    expect(registry, host, "/range", NULL,
           "InternalError: Failed to get state range: `state.receipt` is not JSON: key must be a string at line 1 "
           "column 2",
           "a bad receipt is the host's failure");
    host->table.historical_range = historical_range;

    const jsep_state state = state_of(3, "{\"cert\": \"c\"}");
    expect(registry, host, "/past", &state, "[[\"2.3\",{\"cert\":\"c\"},\"third\",3,false,1,[\"a\"]],\"present\"]",
           "a historical endpoint sees the state of the request beside the present");
    jsep_state bad = state_of(3, "{");
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    jsep.registry_find(registry, bytes_of("GET"), bytes_of("/past"), &endpoint);
    jsep_request request = {
        .size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/past"), .historical_state = &bad};
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_INVALID_ARGUMENT,
                "jsep_endpoint_execute", "a receipt of a request that is not JSON");
    bad = state_of(3, "");
    bad.size = 1;
    check_error(jsep.endpoint_execute(endpoint, &request, &host->table, &response), JSEP_STRUCT_SIZE,
                "jsep_endpoint_execute", "a state of a wrong size");
    jsep.endpoint_free(endpoint);
}

static void test_restricted_maps(const jsep_registry* registry, struct table_host* host) {
    text_free(&host->arguments);
    expect(registry, host, "/write", NULL, "\"written\"", "a map that is not narrowed is written");
    check(host->puts == 1 && strstr(host->arguments.data, "table|") != NULL, "the host was asked about the map");
    host->permission = JSEP_PERMISSION_READ;
    host->puts = 0;
    expect(registry, host, "/write", NULL,
           "TypeError: Cannot call \"set\" on table named table. This table is read-only in current (application) "
           "execution context. The moon is full.",
           "the message ends with the host's reason");
    check(host->puts == 0, "nothing was written");
    host->permission = 77;
    expect(registry, host, "/write", NULL, "\"written\"",
           "a permission can't be widened by a number that does not exist");
    host->permission = JSEP_PERMISSION_READ_WRITE;
    text_free(&host->arguments);
}

static void test_processes(const jsep_registry* registry, struct table_host* host) {
    text_free(&host->arguments);
    expect(registry, host, "/process", NULL, "undefined", "a process is started");
    check(host->arguments.data != NULL && host->arguments.len == strlen("program|an argument|input|") &&
              memcmp(host->arguments.data, "program|an argument|input|", host->arguments.len) == 0,
          "the host gets the arguments and the input");
    host->answer = 12345;
    expect(registry, host, "/process", NULL, "InternalError: Unable to launch host process: no such program",
           "the host says why not");
    host->answer = JSEP_OK;
}

static void test_attestations(const jsep_registry* registry, struct table_host* host) {
    text_free(&host->arguments);
    expect(registry, host, "/attestation", NULL, "[5,\"hello\"]", "base64 in the result becomes bytes");
    host->answer = 12345;
    expect(registry, host, "/attestation", NULL, "InternalError: Failed to verify attestation: bad signature",
           "the host says what is wrong with an attestation");
    host->answer = JSEP_OK;
    host->table.verify_attestation = NULL;
    expect(registry, host, "/attestation", NULL, "InternalError: verifySnpAttestation is not supported by this host",
           "a host without attestations");
    host->table.verify_attestation = verify_attestation;
}

// A host that was compiled before the table grew.
static void test_first_version(const jsep_registry* registry, struct table_host* host) {
    host->table.size = offsetof(jsep_host, last_committed);
    expect(registry, host, "/committed", NULL,
           "InternalError: Failed to get last committed txid: the host does not offer `last_committed`",
           "what lies beyond the table's size is not offered");
    host->puts = 0;
    expect(registry, host, "/write", NULL, "\"written\"", "the table's first version still works");
    check(host->puts == 1, "and its store is written");
    host->table.size = sizeof(host->table);
}

static jsep_registry* install(const jsep_engine* engine) {
    jsep_registry* registry = NULL;
    check(jsep.registry_new(engine, &registry) == JSEP_OK &&
              install_text(registry, make_bundle(metadata, "table.js", source)) == JSEP_OK,
          "the app of the host table is installed");
    return registry;
}

void test_host_table(const jsep_engine* engine) {
    struct table_host host;
    fill(&host);
    jsep_registry* registry = install(engine);
    expect(registry, &host, "/hosted", NULL, "\"undefined\"", "scripts see no ccf.host by default");
    jsep.registry_free(registry);

    jsep_engine* hosting = start_engine_with_subprocesses();
    registry = install(hosting);
    expect(registry, &host, "/hosted", NULL, "\"object\"", "scripts see ccf.host when the engine has subprocesses");
    test_consensus(registry, &host);
    test_past_states(registry, &host);
    test_restricted_maps(registry, &host);
    test_processes(registry, &host);
    test_attestations(registry, &host);
    test_first_version(registry, &host);
    text_free(&host.arguments);
    jsep.registry_free(registry);
    jsep.engine_free(hosting);
}

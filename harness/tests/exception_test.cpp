// Exceptions in functions of the host: exception_test LIB
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.hpp"
#include "host_callback.hpp"
#include "host_table.hpp"
#include "log.hpp"
#include "plugin.hpp"
#include "store.hpp"

namespace {

// How a child ends that no signal ends.
enum { WENT_ON = 0, CAME_THROUGH = 11, NOT_CALLED = 12 };

// What the functions of the host do once the trap is armed.
struct {
    bool armed;
    // Whether what they throw leaves them.
    bool leaves;
    // Whether the logger is one of them: it has something to say in many calls that are to reach another function.
    bool in_logger;
    bool sprung;
} trap;

void spring() {
    if (!trap.armed) {
        return;
    }
    trap.sprung = true;
    try {
        throw std::runtime_error("thrown on purpose");
    } catch (...) {
        if (trap.leaves) {
            throw;
        }
    }
}

// A function of the host with any arguments: it throws, or answers JSEP_OK.
template <typename Function>
struct Throwing;

template <typename... Arguments>
struct Throwing<void (*)(Arguments...)> {
    static void call(Arguments...) { spring(); }
};

template <typename... Arguments>
struct Throwing<uint32_t (*)(Arguments...)> {
    static uint32_t call(Arguments...) {
        spring();
        return JSEP_OK;
    }
};

template <typename Function>
void set(Function& function) {
    function = Throwing<Function>::call;
}

void log_line(void*, jsep_log_level, jsep_bytes) {
    if (trap.in_logger) {
        spring();
    }
}

uint32_t read_nothing(void*, jsep_bytes, uint64_t, uint64_t, const jsep_sink*) {
    spring();
    return JSEP_NOT_FOUND;
}

uint32_t load_nothing(void*, jsep_bytes, const jsep_sink*) {
    spring();
    return JSEP_NOT_FOUND;
}

jsep_bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A library with an engine, a registry and an app whose two endpoints run `body`, until the process ends.
struct Loaded {
    explicit Loaded(const char* library, const char* body) : plugin(library) {
        const jsep_logger logger{sizeof(logger), nullptr, log_line};
        const jsep_option option{bytes_of("subprocesses"), bytes_of("on")};
        CHECK(plugin.engine_new(&option, 1, &logger, &engine) == JSEP_OK);
        CHECK(plugin.registry_new(engine, &registry) == JSEP_OK);
        const auto endpoint = [](const std::string& path, const std::string& mode) {
            return "\"" + path + R"(": {"get": {"js_module": "a.js", "js_function": "f", "mode": ")" + mode +
                   R"(", "forwarding_required": "never", "authn_policies": []}})";
        };
        bundle = R"({"metadata": {"endpoints": {)" + endpoint("/a", "readwrite") + ", " +
                 endpoint("/past", "historical") + R"(}}, "modules": [{"name": "a.js", "module":
            "const table = ccf.kv['table'], key = ccf.strToBuf('a'); export function f() { try { )" +
                 body + R"( } catch (error) { } return { body: 'went on' }; }"}]})";
    }
    void install() { CHECK(plugin.registry_install(registry, bytes_of(bundle)) == JSEP_OK); }

    Plugin plugin;
    std::string bundle;
    jsep_engine* engine = nullptr;
    jsep_registry* registry = nullptr;
};

// The host offers this function alone, so that no other one is reached in its place.
template <auto FUNCTION>
void execute(Loaded& loaded, const char* path) {
    jsep_host host{};
    host.size = sizeof(host);
    set(host.*FUNCTION);
    loaded.install();
    jsep_endpoint* endpoint = nullptr;
    jsep_response* response = nullptr;
    CHECK(loaded.plugin.registry_find(loaded.registry, bytes_of("GET"), bytes_of(path), &endpoint) == JSEP_OK);
    const jsep_state state{sizeof(state), 3, {2, 3}, {}};
    jsep_request request{};
    request.size = sizeof(request);
    request.method = bytes_of("GET");
    request.path = bytes_of(path);
    request.historical_state = &state;
    trap.armed = true;
    loaded.plugin.endpoint_execute(endpoint, &request, &host, &response);
}

template <auto FUNCTION>
void execute_now(Loaded& loaded) {
    execute<FUNCTION>(loaded, "/a");
}

template <auto FUNCTION>
void execute_past(Loaded& loaded) {
    execute<FUNCTION>(loaded, "/past");
}

jsep_sink throwing_sink() {
    jsep_sink sink{};
    set(sink.write);
    return sink;
}

void report_registry(Loaded& loaded) {
    loaded.install();
    const jsep_sink sink = throwing_sink();
    trap.armed = true;
    loaded.plugin.registry_report(loaded.registry, &sink);
}

void report_methods(Loaded& loaded) {
    loaded.install();
    const jsep_sink sink = throwing_sink();
    trap.armed = true;
    loaded.plugin.registry_methods(loaded.registry, bytes_of("/a"), &sink);
}

void report_engine(Loaded& loaded) {
    const jsep_sink sink = throwing_sink();
    trap.armed = true;
    loaded.plugin.engine_report(loaded.engine, &sink);
}

void log_install(Loaded& loaded) {
    trap.armed = true;
    trap.in_logger = true;
    loaded.install();
}

void install_with(Loaded& loaded, jsep_cache cache) {
    loaded.plugin.registry_set_cache(loaded.registry, &cache);
    trap.armed = true;
    loaded.install();
}

void load_from_cache(Loaded& loaded) {
    install_with(loaded, {sizeof(jsep_cache), nullptr, load_nothing, nullptr, {}});
}

void store_in_cache(Loaded& loaded) {
    jsep_cache cache{sizeof(jsep_cache), nullptr, nullptr, nullptr, {}};
    set(cache.store);
    install_with(loaded, cache);
}

// A log whose storage keeps nothing, which does for a new one.
jsep_log* open_log(Loaded& loaded) {
    jsep_storage storage{sizeof(storage), nullptr, read_nothing, nullptr, nullptr, nullptr};
    set(storage.append);
    set(storage.sync);
    set(storage.replace);
    jsep_log* log = nullptr;
    loaded.plugin.log_open(&storage, &log);
    return log;
}

jsep_realm* open_realm(Loaded& loaded, const jsep_log* log) {
    jsep_realm* realm = nullptr;
    loaded.plugin.realm_open(loaded.engine, log, bytes_of("one"), bytes_of("send('other', 1)"), nullptr, 0, nullptr,
                             &realm);
    return realm;
}

void read_storage(Loaded& loaded) {
    trap.armed = true;
    open_log(loaded);
}

void report_log(Loaded& loaded) {
    const jsep_log* log = open_log(loaded);
    const jsep_sink sink = throwing_sink();
    trap.armed = true;
    loaded.plugin.log_report(log, &sink);
}

void write_storage(Loaded& loaded) {
    const jsep_log* log = open_log(loaded);
    trap.armed = true;
    open_realm(loaded, log);
}

void answer_turn(Loaded& loaded) {
    const jsep_realm* realm = open_realm(loaded, open_log(loaded));
    const jsep_sink sink = throwing_sink();
    if (realm != nullptr) {
        trap.armed = true;
        loaded.plugin.realm_report(realm, &sink);
    }
}

void carry_datagram(Loaded& loaded) {
    const jsep_realm* realm = open_realm(loaded, open_log(loaded));
    jsep_carrier carrier{};
    set(carrier.carry);
    double next = 0;
    if (realm != nullptr) {
        trap.armed = true;
        loaded.plugin.realm_outgoing(realm, nullptr, &carrier, &next);
    }
}

// Calls of the host, each of which is reached alone.
constexpr struct {
    const char* name;
    // Whether the name is what a script does to reach it.
    bool is_script;
    void (*run)(Loaded& loaded);
    // QuickJS has no durable realms, and keeps nothing of an install.
    bool is_of_v8_alone = false;
} CALLS[] = {
    {"table.get(key)", true, execute_now<&jsep_host::store_get>},
    {"table.has(key)", true, execute_now<&jsep_host::store_has>},
    {"table.getVersionOfPreviousWrite(key)", true, execute_now<&jsep_host::store_version>},
    {"table.size", true, execute_now<&jsep_host::store_size>},
    {"table.forEach(() => {})", true, execute_now<&jsep_host::store_for_each>},
    {"[3, 1, 2].sort(() => table.has(key))", true, execute_now<&jsep_host::store_has>},
    {"table.set(key, key)", true, execute_now<&jsep_host::store_put>},
    {"table.delete(key)", true, execute_now<&jsep_host::store_remove>},
    {"table.clear()", true, execute_now<&jsep_host::store_clear>},
    {"console.log('line')", true, execute_now<&jsep_host::log>},
    {"ccf.enableUntrustedDateTime(true); Date.now()", true, execute_now<&jsep_host::clock>},
    {"Math.random()", true, execute_now<&jsep_host::entropy>},
    {"ccf.consensus.getLastCommittedTxId()", true, execute_now<&jsep_host::last_committed>},
    {"ccf.consensus.getStatusForTxId(2, 3)", true, execute_now<&jsep_host::transaction_status>},
    {"ccf.consensus.getViewForSeqno(3)", true, execute_now<&jsep_host::view_of>},
    {"ccf.historical.getStateRange(1, 3, 3, 60)", true, execute_now<&jsep_host::historical_range>},
    {"ccf.historical.dropCachedStates(1)", true, execute_now<&jsep_host::historical_drop>},
    {"ccf.historicalState.kv['table'].get(key)", true, execute_past<&jsep_host::state_get>},
    {"ccf.historicalState.kv['table'].getVersionOfPreviousWrite(key)", true, execute_past<&jsep_host::state_version>},
    {"ccf.historicalState.kv['table'].forEach(() => {})", true, execute_past<&jsep_host::state_for_each>},
    {"ccf.host.triggerSubprocess(['program'])", true, execute_now<&jsep_host::trigger_subprocess>},
    {"snp_attestation.verifySnpAttestation(key, key)", true, execute_now<&jsep_host::verify_attestation>},
    {"table.get(key)", true, execute_now<&jsep_host::restrict_map>},
    {"the sink of jsep_registry_report", false, report_registry},
    {"the sink of jsep_registry_methods", false, report_methods},
    {"the sink of jsep_engine_report", false, report_engine},
    {"the logger", false, log_install},
    {"load of a cache", false, load_from_cache, true},
    {"store of a cache", false, store_in_cache, true},
    {"read of a storage", false, read_storage},
    {"the sink of jsep_log_report", false, report_log},
    {"functions of a storage that write", false, write_storage, true},
    {"the sink of jsep_realm_report", false, answer_turn, true},
    {"the carrier", false, carry_datagram, true},
};

// Makes one of the calls in a process of its own, in which `leaves` tells whether an exception leaves the function; how
// that ended.
int end_of(const char* library, size_t call, bool leaves) {
    const pid_t child = fork();
    if (child == 0) {
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        trap.leaves = leaves;
        try {
            Loaded loaded(library, CALLS[call].is_script ? CALLS[call].name : "");
            CALLS[call].run(loaded);
        } catch (...) {
            // It must not come through the library.
            _exit(CAME_THROUGH);
        }
        _exit(trap.sprung ? WENT_ON : NOT_CALLED);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

bool is_v8_library(const char* path) {
    const Plugin plugin(path);
    const jsep_bytes name = plugin.library_name();
    return std::string_view(reinterpret_cast<const char*>(name.data), name.len).find("V8") != std::string_view::npos;
}

void test_calls(const char* library) {
    const bool is_v8 = is_v8_library(library);
    for (size_t call = 0; call < sizeof(CALLS) / sizeof(CALLS[0]); ++call) {
        const int caught = end_of(library, call, false);
        const int left = end_of(library, call, true);
        std::printf("%s: caught inside %d, left the function %d\n", CALLS[call].name, caught, left);
        if (CALLS[call].is_of_v8_alone && !is_v8) {
            CHECK(WIFEXITED(caught) && WEXITSTATUS(caught) == NOT_CALLED);
            continue;
        }
        // An exception that is caught in the function is nobody's affair,
        CHECK(WIFEXITED(caught) && WEXITSTATUS(caught) == WENT_ON);
        // and one that leaves it ends the process.
        CHECK(WIFSIGNALED(left) && WTERMSIG(left) == SIGABRT);
    }
}

void test_wrapper() {
    Log log = Log::to_nowhere();
    const HostServices services{log};
    Store store;
    Transaction transaction = store.begin();
    HostTable table(transaction, services);
    const auto throws = [](HostTable&) -> uint32_t { throw std::runtime_error("an exception"); };
    const auto throws_anything = [](HostTable&) -> uint32_t { throw 7; };
    const auto works = [](HostTable&) -> uint32_t { return JSEP_OK; };
    // What is thrown becomes a failure,
    CHECK(host_callback(&table, "test", throws) == CALLBACK_FAILED);
    // whatever it is.
    CHECK(host_callback(&table, "test", throws_anything) == CALLBACK_FAILED);
    CHECK(host_callback(&table, "test", works) == JSEP_OK);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: exception_test LIB\n");
        return 2;
    }
    test_calls(argv[1]);
    test_wrapper();
    return 0;
}

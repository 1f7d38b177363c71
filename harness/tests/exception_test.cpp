// Exceptions in functions of the host: exception_test LIB
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.hpp"
#include "check.hpp"
#include "host_callback.hpp"
#include "library.hpp"
#include "store.hpp"

namespace {

constexpr const char* BUNDLE =
    R"({"metadata": {"endpoints": {"/a": {"get": {"js_module": "a.js", "js_function": "f", "mode": "readonly",
    "forwarding_required": "never", "authn_policies": []}}}}, "modules": [{"name": "a.js", "module":
    "export function f() { try { ccf.kv['table'].get(ccf.strToBuf('a')); } catch (error) { } return { body: 'went on' }; }"}]})";

uint32_t throwing_get(void*, jsep_bytes, jsep_bytes, const jsep_sink*) {
    throw std::runtime_error("thrown on purpose");
}

// Executes with a host whose function throws, in a process of its own; how that process ended.
int end_of_throwing_host(const char* library) {
    const pid_t child = fork();
    if (child == 0) {
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        Log log = Log::to_nowhere();
        const Plugin plugin(library);
        const Engine engine(plugin, {}, log);
        const Registry registry(plugin, engine);
        registry.install(BUNDLE);
        jsep_host host{};
        host.size = sizeof(host);
        host.store_get = throwing_get;
        jsep_request request{};
        request.size = sizeof(request);
        try {
            registry.find("GET", "/a").execute(request, host);
        } catch (...) {
            // It must not come through the library.
            _exit(1);
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
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
    const int status = end_of_throwing_host(argv[1]);
    // An exception that leaves a callback ends the process.
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    test_wrapper();
    return 0;
}

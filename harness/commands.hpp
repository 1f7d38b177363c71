// The commands of the program. Each answers with the exit code and throws StartError when it can't begin.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "application.hpp"
#include "checkpointer.hpp"
#include "library.hpp"
#include "message.hpp"
#include "service.hpp"

struct CallArguments {
    std::string plugin;
    std::string app;
    Options options;
    CacheArguments cache;
    std::string method;
    std::string target;
    Headers headers;
    std::string body;
    std::optional<std::string> caller;
    ServiceArguments service;
};

struct ServeArguments {
    std::string plugin;
    std::string app;
    Options options;
    CacheArguments cache;
    std::string listen;
    std::string tls_certificate;
    std::string tls_key;
    std::string client_ca;
    std::string users;
    std::vector<std::pair<std::string, std::string>> token_issuers;  // Name and path of the key.
    size_t threads;
    std::string log;
    ServiceArguments service;
};

struct BenchLibrary {
    std::string path;
    Options options;
};

struct BenchArguments {
    std::vector<BenchLibrary> libraries;
    std::string app;
    CacheArguments cache;
    std::vector<std::string> requests;  // METHOD TARGET [BODY]
    Headers headers;
    size_t threads;
    double seconds;
    uint64_t count;                 // Ends a measurement before its time is over; 0: it does not.
    double rate;                    // Requests per second; 0: each follows the one before.
    size_t repeat;                  // Measurements of each request.
    std::optional<double> warm_up;  // Seconds; nothing: a part of the measurement's.
    bool confines = false;          // The threads that send.
    bool json;
};

struct ReportArguments {
    std::string plugin;
    std::string app;
    Options options;
    CacheArguments cache;
    std::vector<std::string> requests;  // METHOD TARGET [BODY], sent before the report.
    unsigned count = 1;                 // How often each is sent.
    bool confines = false;              // The thread that executes them.
};

// What the soak is to lose on purpose, so that one sees that it notices.
enum class Leak { ENDPOINTS, DESCRIPTORS, THREADS };

struct SoakArguments {
    std::string plugin;
    Options options;
    double seconds;
    size_t threads;
    std::optional<Leak> leak;
};

struct ShellArguments {
    std::string plugin;
    std::string data;  // Directory of the realm.
    Options options;
    std::string script;    // File with what a new realm begins with, or nothing.
    std::string on_throw;  // As the library's option.
    bool ids = false;      // Whether lines begin with the id of the input and a tab.
    CheckpointBounds checkpoints;
};

struct RealmArguments {
    std::string plugin;
    std::string data;
    Options options;
};

struct CheckpointArguments {
    RealmArguments realm;
    std::string name;  // Of the realm; all of them when there is none.
};

int call(const CallArguments& arguments);
int serve(const ServeArguments& arguments);
int bench(const BenchArguments& arguments);
int report(const ReportArguments& arguments);
// Answers with 1 when something grew without bound or was answered wrongly.
int soak(const SoakArguments& arguments);
int shell(const ShellArguments& arguments);
int realm_report(const RealmArguments& arguments);
int realm_verify(const RealmArguments& arguments);
int realm_checkpoint(const CheckpointArguments& arguments);

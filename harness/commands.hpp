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
#include "realm_service.hpp"
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
    std::string realm;     // Directory of a durable realm that answers; nothing: fresh realms do.
    std::string script;    // What that realm begins with instead of an app.
    std::string on_throw;  // As the library's option.
    CheckpointBounds checkpoints;
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
enum class Leak { DESCRIPTORS, ENDPOINTS, ISOLATES, MAPPINGS, MEMORY, THREADS };

struct SoakArguments {
    std::string plugin;
    Options options;
    double seconds;
    size_t threads;
    std::optional<Leak> leak;
};

// Realms of other programs, with which messages are exchanged.
struct PeerArguments {
    std::string listen;                                      // HOST:PORT, or nothing.
    std::vector<std::pair<std::string, std::string>> peers;  // Name of a realm and its HOST:PORT.
    std::string key;                                         // File with the secret that all share, or nothing.
};

struct ShellArguments {
    std::string plugin;
    std::string data;  // Directory of the realm.
    Options options;
    std::string script;    // File with what a new realm begins with, or nothing.
    std::string on_throw;  // As the library's option.
    bool ids = false;      // Whether lines begin with the id of the input and a tab.
    std::string name;      // Of the realm.
    PeerArguments peers;
    CheckpointBounds checkpoints;
};

struct RealmArguments {
    std::string plugin;
    std::string data;
    Options options;
    double seconds = 1;   // Of each measurement.
    unsigned repeat = 3;  // Measurements of each kind.
};

struct RealmRunArguments {
    RealmArguments realm;
    std::vector<std::string> names;
    std::string script;  // File with what new realms begin with, or nothing.
    PeerArguments peers;
};

struct RealmUpgradeArguments {
    RealmArguments realm;
    std::string name;
    std::string version;  // File or directory.
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
// A store without anything in it, and `console` on the terminal.
jsep_host console_host();
// The library's options of a realm that has such peers.
Options realm_options(const PeerArguments& peers, const std::string& on_throw);
int realm_report(const RealmArguments& arguments);
int realm_verify(const RealmArguments& arguments);
int realm_bench(const RealmArguments& arguments);
int realm_run(const RealmRunArguments& arguments);
int realm_upgrade(const RealmUpgradeArguments& arguments);
int realm_checkpoint(const CheckpointArguments& arguments);

// The command line.

#include <CLI/CLI.hpp>
#include <iostream>

#include "commands.hpp"
#include "file.hpp"
#include "start_error.hpp"

namespace {

constexpr int START_FAILED = 2;

// Splits NAME<separator>VALUE. Throws StartError.
std::pair<std::string, std::string> split(const std::string& text, char separator, const std::string& option) {
    const size_t place = text.find(separator);
    if (place == std::string::npos || place == 0) {
        throw StartError(option + " " + text + ": it is not NAME" + separator + "VALUE");
    }
    return {text.substr(0, place), text.substr(place + 1)};
}

std::vector<std::pair<std::string, std::string>> split_all(const std::vector<std::string>& texts, char separator,
                                                           const std::string& option) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const std::string& text : texts) {
        pairs.push_back(split(text, separator, option));
    }
    return pairs;
}

Headers split_headers(const std::vector<std::string>& texts) {
    Headers headers = split_all(texts, ':', "--header");
    for (auto& [name, value] : headers) {
        value.erase(0, std::min(value.find_first_not_of(' '), value.size()));
        if (!is_sendable(name, value)) {
            throw StartError("--header " + name + ": HTTP can't carry this header");
        }
    }
    return headers;
}

// An option that may be given several times and takes one value each time.
CLI::Option* add_list(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                      const std::string& description) {
    return command.add_option(name, values, description)
        ->type_size(1)
        ->expected(1, CLI::detail::expected_max_vector_size)
        ->allow_extra_args(false);
}

// Options apply to the library that they follow, and to all libraries when they come before the first.
std::vector<BenchLibrary> pair_options(const CLI::App& command, const CLI::Option* plugin,
                                       const std::vector<std::string>& plugins, const CLI::Option* option,
                                       const Options& options) {
    std::vector<BenchLibrary> libraries;
    Options for_all;
    size_t next_plugin = 0;
    size_t next_option = 0;
    for (const CLI::Option* given : command.parse_order()) {
        if (given == plugin) {
            libraries.push_back(BenchLibrary{plugins.at(next_plugin++), for_all});
        } else if (given == option) {
            (libraries.empty() ? for_all : libraries.back().options).push_back(options.at(next_option++));
        }
    }
    return libraries;
}

// Options that several commands have.
struct Common {
    std::string plugin;
    std::string app;
    std::vector<std::string> options;
    CacheArguments cache;
    bool confines = false;

    void add_to(CLI::App& command) {
        command.add_option("--plugin", plugin, "The library to load")->required()->type_name("LIB");
        add_app_to(command);
    }
    CLI::Option* add_app_to(CLI::App& command) {
        CLI::Option* directory = command
                                     .add_option("--cache", cache.directory,
                                                 "Directory for what installs make, so that later starts are faster")
                                     ->type_name("DIR");
        command.add_option("--cache-secret", cache.secret, "Secret that seals it; without it, guard the directory")
            ->type_name("FILE")
            ->needs(directory);
        command.add_flag("--seccomp", confines,
                         "End the program when a thread that executes requests makes another system call than those of "
                         "docs/system_calls.md");
        command.add_option("--app", app, "App directory, or packed bundle")->required()->type_name("DIR|BUNDLE.json");
        return add_list(command, "--option", options, "Option of the engine, or default of a run-time option")
            ->type_name("NAME=VALUE");
    }
    Options split_options() const { return split_all(options, '=', "--option"); }
};

// Options of the commands that answer from a store with a ledger.
void add_service_options(CLI::App& command, ServiceArguments& arguments) {
    add_list(command, "--restrict-map", arguments.restricted_maps,
             "Leave apps only reading, or nothing, of tables whose names begin so")
        ->type_name("PREFIX=read|none");
    command.add_flag("--allow-subprocesses", arguments.allows_subprocesses,
                     "Let apps start processes, if the engine option subprocesses is on");
    command
        .add_option("--store", arguments.store, "Where to keep what apps write; without it, it ends with the program")
        ->type_name("FILE");
    command.add_option("--node-key", arguments.node_key, "Key that signs the ledger, PEM; without it one is made")
        ->type_name("FILE");
    command.add_option("--node-cert", arguments.node_certificate, "Certificate of that key, PEM")->type_name("FILE");
    command
        .add_option("--signature-interval", arguments.signature_interval,
                    "Sign after so many transactions; 0: when somebody asks what is committed")
        ->capture_default_str();
    command
        .add_option("--historical-delay", arguments.historical_delay,
                    "Past states are there when they have been asked for so many times")
        ->capture_default_str();
}

void add_call(CLI::App& program, std::function<int()>& action) {
    struct Given : Common {
        CallArguments call;
        std::vector<std::string> headers;
        std::string body;
        std::string caller;
    };
    const auto given = std::make_shared<Given>();
    CLI::App* command = program.add_subcommand("call", "Answer one request and print the answer");
    given->add_to(*command);
    command->add_option("METHOD", given->call.method, "Method of the request")->required();
    command->add_option("PATH", given->call.target, "Path of the request, perhaps with a query")->required();
    add_list(*command, "--header", given->headers, "Header of the request")->type_name("NAME:VALUE");
    command->add_option("--body", given->body, "Body of the request, or the file that holds it")
        ->type_name("TEXT|@FILE");
    const CLI::Option* caller =
        command
            ->add_option("--caller", given->caller, "Caller that the app sees; without it the request is authenticated")
            ->type_name("JSON");
    add_service_options(*command, given->call.service);
    command->callback([given, caller, &action] {
        action = [given, has_caller = caller->count() > 0] {
            CallArguments& arguments = given->call;
            arguments.plugin = given->plugin;
            arguments.app = given->app;
            arguments.cache = given->cache;
            arguments.options = given->split_options();
            arguments.service.confined_threads = given->confines ? 1 : 0;
            arguments.headers = split_headers(given->headers);
            arguments.body = given->body.rfind('@', 0) == 0 ? read_file(given->body.substr(1)) : given->body;
            if (has_caller) {
                arguments.caller = given->caller;
            }
            return call(arguments);
        };
    });
}

// When checkpoints are made of a durable realm.
void add_checkpoint_options(CLI::App& command, CheckpointBounds& bounds) {
    command
        .add_option("--checkpoint-bytes", bounds.bytes,
                    "Make a checkpoint when a restore would read more of the log; 0: not for that")
        ->capture_default_str();
    command
        .add_option("--checkpoint-seconds", bounds.seconds,
                    "Make a checkpoint when a restore would take longer; 0: not for that")
        ->capture_default_str();
}

void add_serve(CLI::App& program, std::function<int()>& action) {
    struct Given : Common {
        ServeArguments serve;
        std::vector<std::string> token_issuers;
    };
    const auto given = std::make_shared<Given>();
    ServeArguments& arguments = given->serve;
    arguments.listen = "127.0.0.1:8000";
    arguments.threads = 8;
    CLI::App* command = program.add_subcommand("serve", "Serve the app over HTTP; SIGHUP reads app and users again");
    given->add_to(*command);
    command->add_option("--listen", arguments.listen, "Address; port 0 takes a free one")
        ->capture_default_str()
        ->type_name("HOST:PORT");
    command->add_option("--tls-cert", arguments.tls_certificate, "Certificate chain, PEM")->type_name("FILE");
    command->add_option("--tls-key", arguments.tls_key, "Private key, PEM")->type_name("FILE");
    command
        ->add_option("--client-ca", arguments.client_ca,
                     "Authorities of client certificates, PEM; without it any is taken")
        ->type_name("FILE");
    command->add_option("--users", arguments.users, "Users by certificate id, JSON")->type_name("FILE");
    add_list(*command, "--jwt-issuer", given->token_issuers, "Issuer of tokens and its public key or certificate, PEM")
        ->type_name("ISSUER=FILE");
    command->add_option("--threads", arguments.threads, "Threads that answer requests")
        ->capture_default_str()
        ->check(CLI::Range(1, 1024));
    command
        ->add_option("--custom-endpoints", arguments.service.operators,
                     "Who may install apps and set run-time options under /app/custom_endpoints")
        ->transform(CLI::CheckedTransformer(std::map<std::string, Operators>{{"off", Operators::NOBODY},
                                                                             {"users", Operators::USERS},
                                                                             {"anyone", Operators::ANYONE}})
                        .description(""))
        ->default_str("off")
        ->type_name("off|users|anyone");
    command->add_option("--log", arguments.log, "Where to append the log instead of standard error")->type_name("FILE");
    add_service_options(*command, arguments.service);
    command
        ->add_option("--realm", arguments.realm,
                     "Have a durable realm in this directory answer, whose state outlives the program; an "
                     "idempotency-key in a request names it")
        ->type_name("DIR");
    command
        ->add_option("--script", arguments.script,
                     "What a new realm begins with instead of an app: a script with handleRequest(request, response)")
        ->type_name("FILE");
    arguments.on_throw = "rollback";
    command
        ->add_option("--on-throw", arguments.on_throw, "What becomes of what a request did to a realm before it threw")
        ->check(CLI::IsMember({"rollback", "commit"}))
        ->capture_default_str();
    add_checkpoint_options(*command, arguments.checkpoints);
    CLI::Option* app = command->get_option("--app")->required(false);
    command->callback([given, app, &action] {
        if (app->count() == 0 && given->serve.realm.empty()) {
            throw CLI::RequiredError("--app");
        }
        action = [given] {
            ServeArguments& arguments = given->serve;
            arguments.plugin = given->plugin;
            arguments.app = given->app;
            arguments.cache = given->cache;
            arguments.options = given->split_options();
            arguments.service.confined_threads = given->confines ? arguments.threads : 0;
            // Issuers are often URLs, which may have equals signs; paths of keys rarely do.
            for (const std::string& text : given->token_issuers) {
                const size_t sign = text.rfind('=');
                if (sign == std::string::npos || sign == 0) {
                    throw StartError("--jwt-issuer " + text + ": it is not ISSUER=FILE");
                }
                arguments.token_issuers.emplace_back(text.substr(0, sign), text.substr(sign + 1));
            }
            return serve(arguments);
        };
    });
}

void add_bench(CLI::App& program, std::function<int()>& action) {
    struct Given : Common {
        BenchArguments bench;
        std::vector<std::string> plugins;
        std::vector<std::string> headers;
    };
    const auto given = std::make_shared<Given>();
    BenchArguments& arguments = given->bench;
    arguments.threads = 1;
    arguments.seconds = 5;
    arguments.count = 0;
    arguments.rate = 0;
    arguments.repeat = 1;
    arguments.json = false;
    CLI::App* command = program.add_subcommand("bench", "Measure libraries side by side");
    const CLI::Option* plugin =
        add_list(*command, "--plugin", given->plugins, "Library to measure; ratios are to the last one")
            ->required()
            ->type_name("LIB");
    const CLI::Option* option = given->add_app_to(*command);
    add_list(*command, "--request", arguments.requests, "Request; {n} in path or body is replaced by a running number")
        ->required()
        ->type_name("METHOD PATH [BODY|@FILE]");
    add_list(*command, "--header", given->headers, "Header of all requests")->type_name("NAME:VALUE");
    command->add_option("--threads", arguments.threads, "Threads that send requests")
        ->capture_default_str()
        ->check(CLI::Range(1, 1024));
    command->add_option("--seconds", arguments.seconds, "Time for each request")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--count", arguments.count, "End before the time is over, after so many requests")
        ->check(CLI::PositiveNumber);
    command
        ->add_option(
            "--rate", arguments.rate,
            "Send so many requests per second, evenly spaced, whether or not those before are answered; durations "
            "count from the planned times")
        ->check(CLI::PositiveNumber);
    command->add_option("--repeat", arguments.repeat, "Measure each request so many times")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    command->add_option("--warm-up", arguments.warm_up, "Seconds of requests before the first measurement")
        ->default_str("a fifth of the time, from 0.2 to 2")
        ->check(CLI::NonNegativeNumber);
    command->add_flag("--json", arguments.json, "Print a JSON object");
    command->callback([given, command, plugin, option, &action] {
        action = [given, command, plugin, option] {
            BenchArguments& arguments = given->bench;
            arguments.app = given->app;
            arguments.cache = given->cache;
            arguments.headers = split_headers(given->headers);
            arguments.confines = given->confines;
            arguments.libraries = pair_options(*command, plugin, given->plugins, option, given->split_options());
            return bench(arguments);
        };
    });
}

void add_report(CLI::App& program, std::function<int()>& action) {
    struct Given : Common {
        ReportArguments report;
    };
    const auto given = std::make_shared<Given>();
    CLI::App* command = program.add_subcommand("report", "Print what the library says about its engine and the app");
    given->add_to(*command);
    add_list(*command, "--request", given->report.requests, "Request to answer before; {n} is a running number")
        ->type_name("METHOD PATH [BODY]");
    command->add_option("--count", given->report.count, "How often each request is answered")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->callback([given, &action] {
        action = [given] {
            ReportArguments& arguments = given->report;
            arguments.plugin = given->plugin;
            arguments.app = given->app;
            arguments.cache = given->cache;
            arguments.confines = given->confines;
            arguments.options = given->split_options();
            return report(arguments);
        };
    });
}

void add_soak(CLI::App& program, std::function<int()>& action) {
    struct Given {
        SoakArguments soak;
        std::vector<std::string> options;
        Leak leak;
    };
    const auto given = std::make_shared<Given>();
    SoakArguments& arguments = given->soak;
    arguments.seconds = 3600;
    arguments.threads = 4;
    CLI::App* command =
        program.add_subcommand("soak", "Send mixed traffic to an app of its own; fails when the process keeps growing");
    command->add_option("--plugin", arguments.plugin, "The library to load")->required()->type_name("LIB");
    add_list(*command, "--option", given->options, "Option of the engine, or default of a run-time option")
        ->type_name("NAME=VALUE");
    command->add_option("--seconds", arguments.seconds, "For how long")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--threads", arguments.threads, "Threads that send requests")
        ->capture_default_str()
        ->check(CLI::Range(1, 1024));
    const CLI::Option* leak =
        command->add_option("--leak", given->leak, "Lose something on purpose, to see that it is noticed")
            ->transform(CLI::CheckedTransformer(std::map<std::string, Leak>{{"descriptors", Leak::DESCRIPTORS},
                                                                            {"endpoints", Leak::ENDPOINTS},
                                                                            {"threads", Leak::THREADS}})
                            .description(""))
            ->type_name("descriptors|endpoints|threads");
    command->callback([given, leak, &action] {
        action = [given, leaks = leak->count() > 0] {
            given->soak.options = split_all(given->options, '=', "--option");
            if (leaks) {
                given->soak.leak = given->leak;
            }
            return soak(given->soak);
        };
    });
}

// Options of the commands about durable realms.
void add_data_options(CLI::App& command, std::string& plugin, std::string& data, std::vector<std::string>& options) {
    command.add_option("--plugin", plugin, "The library to load")->required()->type_name("LIB");
    command.add_option("--data", data, "Directory of the realms; made if there is none")->required()->type_name("DIR");
    add_list(command, "--option", options, "Option of the engine, or limit of a turn")->type_name("NAME=VALUE");
}

// Options of the commands whose realms exchange messages.
struct PeerOptions {
    PeerArguments arguments;
    std::vector<std::string> peers;

    void add_to(CLI::App& command) {
        command.add_option("--listen", arguments.listen, "Where messages come in, by UDP; port 0 takes a free one")
            ->type_name("HOST:PORT");
        add_list(command, "--peer", peers, "Realm of another program, and where that listens")
            ->type_name("NAME=HOST:PORT");
        command
            .add_option("--peer-key", arguments.key, "Secret that all programs share whose realms exchange messages")
            ->type_name("FILE");
    }
    PeerArguments split() const {
        PeerArguments result = arguments;
        result.peers = split_all(peers, '=', "--peer");
        return result;
    }
};

void add_shell(CLI::App& program, std::function<int()>& action) {
    struct Given {
        ShellArguments shell;
        std::vector<std::string> options;
        PeerOptions peers;
    };
    const auto given = std::make_shared<Given>();
    ShellArguments& arguments = given->shell;
    arguments.on_throw = "rollback";
    arguments.name = "shell";
    CLI::App* command =
        program.add_subcommand("shell", "Work in a durable realm: each line is a turn that outlives the program");
    add_data_options(*command, arguments.plugin, arguments.data, given->options);
    command->add_option("--script", arguments.script, "What a new realm begins with")->type_name("FILE");
    command->add_option("--on-throw", arguments.on_throw, "What becomes of what a line did before it threw")
        ->check(CLI::IsMember({"rollback", "commit"}))
        ->capture_default_str();
    command->add_flag("--ids", arguments.ids,
                      "A line is an id, a tab and a script; a known id gives the former answer");
    command->add_option("--name", arguments.name, "Name of the realm")->capture_default_str()->type_name("NAME");
    given->peers.add_to(*command);
    add_checkpoint_options(*command, arguments.checkpoints);
    command->callback([given, &action] {
        action = [given] {
            given->shell.peers = given->peers.split();
            given->shell.options = split_all(given->options, '=', "--option");
            return shell(given->shell);
        };
    });
}

void add_realm_run(CLI::App& command, std::function<int()>& action) {
    struct Given {
        RealmRunArguments run;
        std::vector<std::string> options;
        PeerOptions peers;
    };
    const auto given = std::make_shared<Given>();
    RealmRunArguments& arguments = given->run;
    CLI::App* part = command.add_subcommand("run", "Ring alarms and carry messages until a signal ends it");
    add_data_options(*part, arguments.realm.plugin, arguments.realm.data, given->options);
    add_list(*part, "--name", arguments.names, "Realm to run")->required()->type_name("NAME");
    part->add_option("--script", arguments.script, "What a new realm begins with")->type_name("FILE");
    given->peers.add_to(*part);
    part->callback([given, &action] {
        action = [given] {
            given->run.realm.options = split_all(given->options, '=', "--option");
            given->run.peers = given->peers.split();
            return realm_run(given->run);
        };
    });
}

void add_realm_upgrade(CLI::App& command, std::function<int()>& action) {
    struct Given {
        RealmUpgradeArguments upgrade;
        std::vector<std::string> options;
    };
    const auto given = std::make_shared<Given>();
    RealmUpgradeArguments& arguments = given->upgrade;
    CLI::App* part =
        command.add_subcommand("upgrade", "Evaluate a new version of its script in a realm, which keeps its state");
    add_data_options(*part, arguments.realm.plugin, arguments.realm.data, given->options);
    part->add_option("--name", arguments.name, "Realm to upgrade")->required()->type_name("NAME");
    part->add_option("FILE", arguments.script, "The new version")->required();
    part->callback([given, &action] {
        action = [given] {
            given->upgrade.realm.options = split_all(given->options, '=', "--option");
            return realm_upgrade(given->upgrade);
        };
    });
}

void add_realm(CLI::App& program, std::function<int()>& action) {
    CLI::App* command = program.add_subcommand("realm", "Work with durable realms");
    command->require_subcommand(1);
    const auto add = [&](const char* name, const char* description, int (*run)(const RealmArguments&)) {
        struct Given {
            RealmArguments realm;
            std::vector<std::string> options;
        };
        const auto given = std::make_shared<Given>();
        CLI::App* part = command->add_subcommand(name, description);
        add_data_options(*part, given->realm.plugin, given->realm.data, given->options);
        if (run == realm_bench) {
            part->add_option("--seconds", given->realm.seconds, "Time for each measurement")
                ->capture_default_str()
                ->check(CLI::PositiveNumber);
            part->add_option("--repeat", given->realm.repeat, "Measure everything so many times")
                ->capture_default_str()
                ->check(CLI::Range(1, 1000));
        }
        part->callback([given, run, &action] {
            action = [given, run] {
                given->realm.options = split_all(given->options, '=', "--option");
                return run(given->realm);
            };
        });
    };
    add("report", "Restore all realms and print what they are", realm_report);
    add("bench", "Measure turns beside the disk, in a directory of its own below DIR", realm_bench);
    add("verify", "Read the log from end to end; change nothing and run nothing", realm_verify);
    add_realm_run(*command, action);
    add_realm_upgrade(*command, action);
    struct Given {
        CheckpointArguments checkpoint;
        std::vector<std::string> options;
    };
    const auto given = std::make_shared<Given>();
    RealmArguments& realm = given->checkpoint.realm;
    CLI::App* part = command->add_subcommand("checkpoint", "Make checkpoints, from which realms are restored");
    add_data_options(*part, realm.plugin, realm.data, given->options);
    part->add_option("--name", given->checkpoint.name, "Only of this realm")->type_name("NAME");
    part->callback([given, &action] {
        action = [given] {
            given->checkpoint.realm.options = split_all(given->options, '=', "--option");
            return realm_checkpoint(given->checkpoint);
        };
    });
}

}  // namespace

int main(int argc, char** argv) {
    try {
        CLI::App program("A host for JavaScript endpoints that run in a jsep plugin");
        program.name("jsep-host");
        program.require_subcommand(1);
        std::function<int()> action;
        add_call(program, action);
        add_serve(program, action);
        add_bench(program, action);
        add_report(program, action);
        add_soak(program, action);
        add_shell(program, action);
        add_realm(program, action);
        try {
            program.parse(argc, argv);
        } catch (const CLI::Success& request_for_help) {
            return program.exit(request_for_help);
        } catch (const CLI::ParseError& error) {
            throw StartError(error.what());
        }
        return action();
    } catch (const std::exception& error) {
        std::cerr << "jsep-host: " << error.what() << std::endl;
        return START_FAILED;
    }
}

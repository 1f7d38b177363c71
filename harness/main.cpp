// The command line.

#include <CLI/CLI.hpp>
#include <iostream>

#include "command_line.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "start_error.hpp"

namespace {

constexpr int START_FAILED = 2;

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
                                                                            {"isolates", Leak::ISOLATES},
                                                                            {"mappings", Leak::MAPPINGS},
                                                                            {"memory", Leak::MEMORY},
                                                                            {"threads", Leak::THREADS}})
                            .description(""))
            ->type_name("descriptors|endpoints|isolates|mappings|memory|threads");
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

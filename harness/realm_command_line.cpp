// The commands of durable realms on the command line.

#include "command_line.hpp"
#include "commands.hpp"

namespace {

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
        command.add_subcommand("upgrade", "Give a realm a new version of its script or app; it keeps its state");
    add_data_options(*part, arguments.realm.plugin, arguments.realm.data, given->options);
    part->add_option("--name", arguments.name, "Realm to upgrade")->required()->type_name("NAME");
    part->add_option("VERSION", arguments.version, "Script, or for a realm with an app its directory or packed bundle")
        ->required()
        ->type_name("FILE|DIR");
    part->callback([given, &action] {
        action = [given] {
            given->upgrade.realm.options = split_all(given->options, '=', "--option");
            return realm_upgrade(given->upgrade);
        };
    });
}

}  // namespace

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

// What a directory of durable realms holds, and whether all of it is what was written.

#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "attendant.hpp"
#include "bundle.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "http_server.hpp"
#include "realm.hpp"
#include "realm_files.hpp"
#include "start_error.hpp"

int realm_verify(const RealmArguments& arguments) {
    const Plugin plugin(arguments.plugin);
    const RealmFiles files(arguments.data);
    try {
        const auto report = nlohmann::ordered_json::parse(RealmLog::verify(plugin, files.table()));
        std::cout << report.dump(2) << std::endl;
        const auto checkpoints = report.value("checkpoints", nlohmann::ordered_json::object());
        for (const auto& realm : checkpoints.items()) {
            for (const auto& wrong : realm.value()["wrong"]) {
                throw StartError(arguments.data + ": " + wrong.get<std::string>());
            }
        }
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(arguments.data + ": " + error.message());
    }
}

int realm_checkpoint(const CheckpointArguments& arguments) {
    Log log = Log::to_standard_error();
    const Plugin plugin(arguments.realm.plugin);
    const RealmFiles files = RealmFiles::for_checkpoints(arguments.realm.data);
    const jsep_storage storage = files.table();
    try {
        const Engine engine(plugin, arguments.realm.options, log);
        std::vector<std::string> names;
        if (!arguments.name.empty()) {
            names.push_back(arguments.name);
        } else {
            const auto report = nlohmann::ordered_json::parse(RealmLog::verify(plugin, storage));
            for (const auto& realm : report["turns"].items()) {
                names.push_back(realm.key());
            }
        }
        for (const std::string& name : names) {
            std::cout << RealmLog::checkpoint(plugin, engine, storage, name) << std::endl;
        }
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(arguments.realm.data + ": " + error.message());
    }
}

int realm_report(const RealmArguments& arguments) {
    Log log = Log::to_standard_error();
    const Plugin plugin(arguments.plugin);
    const RealmFiles files(arguments.data);
    const jsep_storage storage = files.table();
    try {
        const Engine engine(plugin, arguments.options, log);
        const RealmLog realm_log(plugin, storage);
        auto realms = nlohmann::ordered_json::array();
        const auto report = nlohmann::ordered_json::parse(realm_log.report());
        for (const auto& [name, turns] : report["turns"].items()) {
            const DurableRealm realm(plugin, engine, realm_log, name, "", {}, nullptr);
            auto said = nlohmann::ordered_json::parse(realm.report());
            said.erase("log");
            realms.push_back(said);
        }
        std::cout << nlohmann::ordered_json{{"log", report}, {"realms", realms}}.dump(2) << std::endl;
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(arguments.data + ": " + error.message());
    }
}

int realm_run(const RealmRunArguments& arguments) {
    Log log = Log::to_standard_error();
    const RealmArguments& where = arguments.realm;
    // Before the engine has threads, so that none of them is interrupted.
    const SignalQueue signals({SIGINT, SIGTERM});
    const Plugin plugin(where.plugin);
    const RealmFiles files(where.data);
    const jsep_storage storage = files.table();
    const jsep_host host = console_host();
    const std::string source = arguments.script.empty() ? std::string() : read_file(arguments.script);
    Peers peers(arguments.peers.listen, arguments.peers.peers);
    try {
        const Engine engine(plugin, where.options, log);
        const RealmLog realm_log(plugin, storage);
        Attendant attendant(plugin, host, peers);
        std::vector<std::unique_ptr<DurableRealm>> realms;
        for (const std::string& name : arguments.names) {
            realms.push_back(std::make_unique<DurableRealm>(plugin, engine, realm_log, name, source,
                                                            realm_options(arguments.peers, "rollback"), &host));
            attendant.add(name, *realms.back());
        }
        std::cout << "Running " << realms.size() << (realms.size() == 1 ? " realm" : " realms");
        std::cout << (peers.descriptor() < 0 ? "" : " at " + peers.address()) << std::endl;
        attendant.wait_for(signals.descriptor());
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(where.data + ": " + error.message());
    }
}

int realm_upgrade(const RealmUpgradeArguments& arguments) {
    Log log = Log::to_standard_error();
    const RealmArguments& where = arguments.realm;
    const bool is_app = std::filesystem::is_directory(arguments.version);
    const std::string source = is_app ? read_bundle(arguments.version) : read_file(arguments.version);
    const Plugin plugin(where.plugin);
    const RealmFiles files(where.data);
    const jsep_storage storage = files.table();
    const jsep_host host = console_host();
    try {
        const Engine engine(plugin, where.options, log);
        const RealmLog realm_log(plugin, storage);
        if (!nlohmann::json::parse(realm_log.report())["turns"].contains(arguments.name)) {
            throw StartError(where.data + " has no realm " + arguments.name);
        }
        const DurableRealm realm(plugin, engine, realm_log, arguments.name, "", {}, &host);
        try {
            std::cout << realm.upgrade("", source, &host) << std::endl;
        } catch (const LibraryError& error) {
            throw StartError(error.place(arguments.version) + ": " + error.message());
        }
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(where.data + ": " + error.message());
    }
}

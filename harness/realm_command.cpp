// What a directory of durable realms holds, and whether all of it is what was written.

#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
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

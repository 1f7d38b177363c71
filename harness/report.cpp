// What the library says about its engine and the installed app, as one JSON object.

#include <iostream>

#include "application.hpp"
#include "commands.hpp"
#include "file.hpp"

int report(const ReportArguments& arguments) {
    Log log = Log::to_standard_error();
    const Application application(arguments.plugin, arguments.app, arguments.options, arguments.cache, log);
    const nlohmann::ordered_json object = {
        {"engine", parse_json(application.engine().report(), "the engine's report")},
        {"registry", parse_json(application.registry().report(), "the registry's report")},
    };
    std::cout << object.dump(2) << std::endl;
    return 0;
}

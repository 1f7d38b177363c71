// What the library says about its engine and the installed app, as one JSON object.

#include <iostream>

#include "application.hpp"
#include "auth.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "request_template.hpp"
#include "service.hpp"

namespace {

constexpr int FIRST_FAILURE = 400;

// Says on standard error which requests failed: the report that follows is about what they did all the same.
void send(const Service& service, const ReportArguments& arguments) {
    for (const std::string& text : arguments.requests) {
        const RequestTemplate requests(text, {});
        Request request = requests.first();
        for (unsigned number = 0; number < arguments.count; ++number) {
            requests.set_number(request, number);
            const Answer answer = service.answer(request);
            if (answer.status >= FIRST_FAILURE) {
                std::cerr << "jsep-host: --request " << text << ": the answer has status " << answer.status << '\n';
                break;
            }
        }
    }
}

}  // namespace

int report(const ReportArguments& arguments) {
    Log log = Log::to_standard_error();
    Application application(arguments.plugin, arguments.app, arguments.options, arguments.cache, log);
    if (!arguments.requests.empty()) {
        const Authenticator authenticator({}, {});
        ServiceArguments service;
        service.confined_threads = arguments.confines ? 1 : 0;
        send(Service(application, authenticator, log, service), arguments);
    }
    const nlohmann::ordered_json object = {
        {"engine", parse_json(application.engine().report(), "the engine's report")},
        {"registry", parse_json(application.registry().report(), "the registry's report")},
    };
    std::cout << object.dump(2) << std::endl;
    return 0;
}

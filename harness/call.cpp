// One request in this process, printed as HTTP.

#include <iostream>

#include "application.hpp"
#include "auth.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "service.hpp"

namespace {

constexpr int FIRST_FAILURE = 500;

void print(const Answer& answer, bool with_body) {
    std::cout << "HTTP/1.1 " << answer.status << ' ' << reason_phrase(answer.status) << '\n';
    for (const auto& [name, value] : answer.headers) {
        std::cout << name << ": " << value << '\n';
    }
    std::cout << '\n';
    if (with_body) {
        std::cout << answer.body;
    }
    std::cout.flush();
}

}  // namespace

int call(const CallArguments& arguments) {
    if (arguments.caller) {
        parse_json(*arguments.caller, "--caller");
    }
    Log log = Log::to_standard_error();
    Application application(arguments.plugin, arguments.app, arguments.options, arguments.cache, log);
    const Authenticator authenticator({}, {});
    const Service service(application, authenticator, log, arguments.service);

    Request request;
    request.method = arguments.method;
    set_target(request, arguments.target);
    request.headers = arguments.headers;
    request.body = arguments.body;
    request.caller = arguments.caller;
    const Answer answer = service.answer(request);
    print(answer, arguments.method != "HEAD");
    return answer.status < FIRST_FAILURE ? 0 : 1;
}

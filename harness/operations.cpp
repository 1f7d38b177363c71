#include "operations.hpp"

#include <nlohmann/json.hpp>

#include "file.hpp"

using nlohmann::ordered_json;

namespace {

constexpr std::string_view USERS_ONLY = R"({"authn_policies":["user_cert"]})";

Answer invalid_input(const std::string& message) {
    return error_answer(400, "InvalidInput", message);
}

Answer install(Application& application, const Request& request) {
    try {
        application.install(request.body);
    } catch (const LibraryError& error) {
        return invalid_input(error.place("bundle") + ": " + error.message());
    }
    Answer answer;
    answer.status = 204;
    return answer;
}

// The run-time options as the library has them: an object with all of them.
ordered_json runtime_options(const Application& application) {
    return parse_json(application.registry().report(), "the registry's report").at("options");
}

Answer patch_runtime_options(Application& application, const Request& request) {
    const ordered_json patch = ordered_json::parse(request.body, nullptr, false);
    if (!patch.is_object()) {
        return invalid_input("The body is not a JSON object.");
    }
    const ordered_json present = runtime_options(application);
    Options changes;
    for (const auto& [name, value] : patch.items()) {
        if (!present.contains(name)) {
            return invalid_input("There is no run-time option " + ordered_json(name).dump() + ".");
        }
        const bool is_switch = present[name].is_boolean();
        if (value.is_null()) {
            changes.emplace_back(name, "");
        } else if (is_switch ? value.is_boolean() : value.is_number_unsigned()) {
            changes.emplace_back(name, value.dump());
        } else {
            return invalid_input(name + " must be " + (is_switch ? "true or false" : "a whole number from 0") +
                                 ", or null for the default.");
        }
    }
    try {
        application.registry().set_options(changes);
    } catch (const LibraryError& error) {
        return invalid_input(error.message());
    }
    return json_answer(200, runtime_options(application).dump());
}

}  // namespace

void add_operator_endpoints(BuiltIns& built_ins, Application& application, const Authenticator& authenticator,
                            Operators operators) {
    if (operators == Operators::NOBODY) {
        return;
    }
    const auto add = [&](const std::string& method, const std::string& path, BuiltIns::Handler handler) {
        if (operators == Operators::USERS) {
            handler = [&authenticator, handler](const Request& request) {
                const auto outcome = authenticator.authenticate(USERS_ONLY, request);
                const auto* refusals = std::get_if<Refusals>(&outcome);
                return refusals == nullptr ? handler(request) : refusal_answer(*refusals);
            };
        }
        built_ins.add(method, path, std::move(handler));
    };
    add("PUT", "/custom_endpoints", [&application](const Request& request) { return install(application, request); });
    add("GET", "/custom_endpoints",
        [&application](const Request&) { return json_answer(200, application.bundle()->dump()); });
    add("PATCH", "/custom_endpoints/runtime_options",
        [&application](const Request& request) { return patch_runtime_options(application, request); });
    add("GET", "/custom_endpoints/runtime_options",
        [&application](const Request&) { return json_answer(200, runtime_options(application).dump()); });
}

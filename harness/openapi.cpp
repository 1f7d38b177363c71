#include "openapi.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

using nlohmann::ordered_json;

namespace {

constexpr std::string_view METHODS[] = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};

// The standard knows nothing like a TLS certificate, so these are named after a registered scheme that comes close.
ordered_json certificate_scheme(const std::string& whose) {
    return {{"type", "http"}, {"scheme", "mutual"}, {"description", "TLS with the certificate of " + whose}};
}

// What a policy of the contract asks of a request; policies that are not here are none.
ordered_json security_schemes() {
    return {
        {"jwt", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
        {"user_cert", certificate_scheme("a user")},
        {"member_cert", certificate_scheme("a member")},
        {"any_cert", certificate_scheme("anybody")},
        {"user_cose_sign1", {{"type", "http"}, {"scheme", "cose_sign1"}}},
        {"member_cose_sign1", {{"type", "http"}, {"scheme", "cose_sign1"}}},
    };
}

ordered_json error_schema() {
    const ordered_json text = {{"type", "string"}};
    const ordered_json details = {{"type", "array"}, {"items", {{"type", "object"}}}};
    const ordered_json error = {
        {"type", "object"},
        {"required", {"code", "message"}},
        {"properties", {{"code", text}, {"message", text}, {"details", details}}},
    };
    return {{"type", "object"}, {"required", {"error"}}, {"properties", {{"error", error}}}};
}

// The names between braces in a path template.
std::vector<std::string> parameters_of(const std::string& path) {
    std::vector<std::string> names;
    size_t end = 0;
    for (size_t begin = path.find('{'); begin != std::string::npos; begin = path.find('{', end)) {
        end = path.find('}', begin);
        if (end == std::string::npos) {
            break;
        }
        names.push_back(path.substr(begin + 1, end - begin - 1));
    }
    return names;
}

bool is_described(const ordered_json& parameters, const std::string& name) {
    return std::any_of(parameters.begin(), parameters.end(), [&](const ordered_json& parameter) {
        return parameter.is_object() && parameter.value("in", ordered_json()) == "path" &&
               parameter.value("name", ordered_json()) == name;
    });
}

void add_parameters(ordered_json& operation, const std::string& path) {
    for (const std::string& name : parameters_of(path)) {
        ordered_json& parameters = operation["parameters"];
        if (parameters.is_null()) {
            parameters = ordered_json::array();
        }
        if (parameters.is_array() && !is_described(parameters, name)) {
            parameters.push_back(
                {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
        }
    }
}

void add_responses(ordered_json& operation) {
    if (!operation.contains("responses")) {
        operation["responses"] = {{"200", {{"description", "What the endpoint answers"}}}};
    }
    ordered_json& responses = operation["responses"];
    if (responses.is_object() && !responses.contains("default")) {
        const ordered_json schema = {{"$ref", "#/components/schemas/Error"}};
        responses["default"] = {{"description", "An error"}, {"content", {{"application/json", {{"schema", schema}}}}}};
    }
}

void add_security(ordered_json& operation, const ordered_json& policies, const ordered_json& schemes) {
    if (operation.contains("security")) {
        return;
    }
    ordered_json security = ordered_json::array();
    for (const ordered_json& policy : policies) {
        const ordered_json names = policy.is_string() ? ordered_json::array({policy}) : policy["all_of"];
        ordered_json requirement = ordered_json::object();
        for (const ordered_json& name : names) {
            if (schemes.contains(name.get<std::string>())) {
                requirement[name.get<std::string>()] = ordered_json::array();
            }
        }
        security.push_back(std::move(requirement));
    }
    operation["security"] = std::move(security);
}

}  // namespace

ordered_json openapi_document(const ordered_json& bundle) {
    const ordered_json schemes = security_schemes();
    ordered_json paths = ordered_json::object();
    for (const auto& [path, methods] : bundle["metadata"]["endpoints"].items()) {
        for (const auto& [upper_case, properties] : methods.items()) {
            const std::string method = to_lower(upper_case);
            const bool known = std::find(std::begin(METHODS), std::end(METHODS), method) != std::end(METHODS);
            if (!known || properties.value("openapi_hidden", false)) {
                continue;
            }
            const ordered_json given = properties.value("openapi", ordered_json());
            ordered_json operation = given.is_null() ? ordered_json::object() : given;
            add_parameters(operation, path);
            add_responses(operation);
            add_security(operation, properties["authn_policies"], schemes);
            paths[path][method] = std::move(operation);
        }
    }
    return {
        {"openapi", "3.0.3"},
        {"info", {{"title", "JavaScript endpoints"}, {"version", "1"}}},
        {"servers", ordered_json::array({{{"url", "/app"}}})},
        {"paths", std::move(paths)},
        {"components", {{"schemas", {{"Error", error_schema()}}}, {"securitySchemes", schemes}}},
    };
}

#include "auth.hpp"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "file.hpp"
#include "start_error.hpp"

using nlohmann::ordered_json;

namespace {

// Apps that come and go must not fill the memory; a host has far fewer endpoints.
constexpr size_t MAXIMUM_PARSED = 10000;

// Policies of the contract that need what this host does not have: members, and signed COSE envelopes as bodies.
constexpr std::string_view NOT_OFFERED[] = {"member_cert", "user_cose_sign1", "member_cose_sign1"};
constexpr std::string_view OFFERED[] = {"no_auth", "jwt", "user_cert", "any_cert"};

template <size_t Count>
bool contains(const std::string_view (&names)[Count], std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string json_string(std::string_view text) {
    return ordered_json(text).dump();
}

}  // namespace

Authenticator::Users Authenticator::read_users(const std::string& path) {
    const ordered_json file = parse_json(read_file(path), path);
    if (!file.is_object()) {
        throw StartError(path + ": not an object of users by certificate id");
    }
    Users users;
    for (const auto& [id, user] : file.items()) {
        const bool hexadecimal = std::all_of(id.begin(), id.end(), [](char digit) {
            return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
        });
        if (id.size() != 64 || !hexadecimal) {
            throw StartError(path + ": " + json_string(id) +
                             " is not a SHA-256 digest in lower-case hexadecimal digits");
        }
        if (!user.is_object()) {
            throw StartError(path + ": the user " + json_string(id) + " is not an object");
        }
        users.emplace(id, user.contains("data") ? user["data"].dump() : "null");
    }
    return users;
}

void Authenticator::set_users(Users users) {
    auto taken = std::make_shared<const Users>(std::move(users));
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    users_ = std::move(taken);
}

std::shared_ptr<const Authenticator::Users> Authenticator::users() const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    return users_;
}

std::variant<Caller, Refusals> Authenticator::authenticate(std::string_view properties, const Request& request) const {
    const std::shared_ptr<const Policies> policies = policies_of(properties);
    if (policies->empty()) {
        return Caller{};
    }
    Refusals refusals;
    for (const Policy& policy : *policies) {
        std::variant<Caller, Refusal> outcome = meet(policy, request);
        if (auto* caller = std::get_if<Caller>(&outcome)) {
            return std::move(*caller);
        }
        refusals.push_back(std::get<Refusal>(std::move(outcome)));
    }
    return refusals;
}

std::shared_ptr<const Authenticator::Policies> Authenticator::policies_of(std::string_view properties) const {
    const std::string key(properties);
    {
        const std::shared_lock<std::shared_mutex> lock(mutex_);
        const auto found = parsed_.find(key);
        if (found != parsed_.end()) {
            return found->second;
        }
    }
    auto policies = std::make_shared<const Policies>(parse(properties));
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    if (parsed_.size() >= MAXIMUM_PARSED) {
        parsed_.clear();
    }
    parsed_.emplace(key, policies);
    return policies;
}

Authenticator::Policies Authenticator::parse(std::string_view properties) {
    // The library has checked the shape at install.
    Policies policies;
    const ordered_json parsed = ordered_json::parse(properties);
    for (const ordered_json& entry : parsed.value("authn_policies", ordered_json::array())) {
        Policy policy;
        if (entry.is_string()) {
            policy.names.push_back(entry.get<std::string>());
        } else {
            policy.all_of = true;
            policy.names = entry.at("all_of").get<std::vector<std::string>>();
        }
        if (policy.names.empty()) {
            throw std::runtime_error("all_of in authn_policies names no policy");
        }
        for (const std::string& name : policy.names) {
            if (!contains(OFFERED, name) && !contains(NOT_OFFERED, name)) {
                throw UnknownPolicy(name);
            }
        }
        policies.push_back(std::move(policy));
    }
    return policies;
}

std::variant<Caller, Refusal> Authenticator::meet(const Policy& policy, const Request& request) const {
    if (!policy.all_of) {
        return meet_one(policy.names.front(), request);
    }
    std::string names;
    std::string callers;
    for (const std::string& name : policy.names) {
        std::variant<Caller, Refusal> outcome = meet_one(name, request);
        if (auto* refusal = std::get_if<Refusal>(&outcome)) {
            return std::move(*refusal);
        }
        names += (names.empty() ? "" : ",") + json_string(name);
        callers += "," + json_string(name) + ":" + std::get<Caller>(outcome).json;
    }
    return Caller{"{\"policy\":[" + names + "]" + callers + "}"};
}

std::variant<Caller, Refusal> Authenticator::meet_one(const std::string& name, const Request& request) const {
    if (name == "no_auth") {
        return Caller{R"({"policy":"no_auth"})"};
    }
    if (name == "jwt") {
        return meet_token(request);
    }
    if (name == "user_cert") {
        return meet_user(request);
    }
    if (name == "any_cert") {
        if (request.certificate == nullptr) {
            return Refusal{name, "No caller certificate"};
        }
        return Caller{R"({"policy":"any_cert","cert":)" + json_string(request.certificate->pem) + "}"};
    }
    return Refusal{name, "This host does not offer this policy"};
}

std::variant<Caller, Refusal> Authenticator::meet_token(const Request& request) const {
    static constexpr std::string_view SCHEME = "bearer ";
    const std::optional<std::string_view> authorization = request.header("authorization");
    if (!authorization) {
        return Refusal{"jwt", "Missing authorization header"};
    }
    if (to_lower(authorization->substr(0, SCHEME.size())) != SCHEME) {
        return Refusal{"jwt", "Authorization header only supports bearer token"};
    }
    const std::variant<Token, InvalidToken> verified =
        verify_token(authorization->substr(SCHEME.size()), issuers_, std::chrono::system_clock::now());
    if (const auto* invalid = std::get_if<InvalidToken>(&verified)) {
        return Refusal{"jwt", invalid->reason};
    }
    // The app gets the token's own text, so that no number changes on the way.
    const auto& token = std::get<Token>(verified);
    return Caller{R"({"policy":"jwt","jwt":{"keyIssuer":)" + json_string(token.issuer) + ",\"header\":" + token.header +
                  ",\"payload\":" + token.payload + "}}"};
}

std::variant<Caller, Refusal> Authenticator::meet_user(const Request& request) const {
    if (request.certificate == nullptr) {
        return Refusal{"user_cert", "No caller user certificate"};
    }
    const std::shared_ptr<const Users> known = users();
    const auto user = known->find(request.certificate->id);
    if (user == known->end()) {
        return Refusal{"user_cert", "Could not find matching user certificate"};
    }
    return Caller{R"({"policy":"user_cert","id":)" + json_string(user->first) + ",\"data\":" + user->second +
                  ",\"cert\":" + json_string(request.certificate->pem) + "}"};
}

Answer refusal_answer(const Refusals& refusals) {
    ordered_json details = ordered_json::array();
    for (const Refusal& refusal : refusals) {
        details.push_back(
            {{"auth_policy", refusal.policy}, {"code", "InvalidAuthenticationInfo"}, {"message", refusal.message}});
    }
    return error_answer(401, "InvalidAuthenticationInfo", "Invalid authentication credentials.", details.dump());
}

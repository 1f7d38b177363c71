// Authentication: which of an endpoint's policies a request meets, and the caller that the app sees.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "jwt.hpp"
#include "message.hpp"

// Who called, as the JSON text of `request.caller`; no text means null.
struct Caller {
    std::string json;
};

// Why one policy was not met.
struct Refusal {
    std::string policy;
    std::string message;
};

using Refusals = std::vector<Refusal>;

// An endpoint names a policy that does not exist. It is found when the endpoint is used, not at install.
class UnknownPolicy : public std::runtime_error {
public:
    explicit UnknownPolicy(const std::string& name) : std::runtime_error("Unknown auth policy: " + name) {}
};

class Authenticator {
public:
    // Users' data as JSON text, by the id of their certificate.
    using Users = std::map<std::string, std::string>;

    Authenticator(Users users, TokenIssuers issuers)
        : issuers_(std::move(issuers)), users_(std::make_shared<const Users>(std::move(users))) {}

    // Takes other users from the next request on. Any thread.
    void set_users(Users users);

    // Reads users from a JSON file: {"<id>": {"data": ...}, ...}. Throws StartError.
    static Users read_users(const std::string& path);

    // Tries the policies in the endpoint's properties in turn; the first that is met gives the caller. Throws
    // UnknownPolicy.
    std::variant<Caller, Refusals> authenticate(std::string_view properties, const Request& request) const;

private:
    // One entry of `authn_policies`: a name, or several that must all be met.
    struct Policy {
        std::vector<std::string> names;
        bool all_of = false;
    };
    using Policies = std::vector<Policy>;

    static Policies parse(std::string_view properties);
    std::shared_ptr<const Policies> policies_of(std::string_view properties) const;
    std::variant<Caller, Refusal> meet(const Policy& policy, const Request& request) const;
    std::variant<Caller, Refusal> meet_one(const std::string& name, const Request& request) const;
    std::variant<Caller, Refusal> meet_token(const Request& request) const;
    std::variant<Caller, Refusal> meet_user(const Request& request) const;

    std::shared_ptr<const Users> users() const;

    const TokenIssuers issuers_;
    // Guards what may change while requests run.
    mutable std::shared_mutex mutex_;
    std::shared_ptr<const Users> users_;
    // Parsed policies by the text of the properties, so that a request need not parse JSON.
    mutable std::unordered_map<std::string, std::shared_ptr<const Policies>> parsed_;
};

// The answer to a request that meets no policy.
Answer refusal_answer(const Refusals& refusals);

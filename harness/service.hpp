// A store with its ledger and everything that answers requests from it.
#pragma once

#include <memory>
#include <string>

#include "application.hpp"
#include "auth.hpp"
#include "built_ins.hpp"
#include "dispatch.hpp"
#include "history.hpp"
#include "ledger.hpp"
#include "metrics.hpp"
#include "store.hpp"

struct ServiceArguments {
    std::string node_key;
    std::string node_certificate;
    uint64_t signature_interval = 0;
    uint64_t historical_delay = 0;
};

class Service {
public:
    // All outlive the service. Throws StartError.
    Service(Application& application, const Authenticator& authenticator, Log& log, const ServiceArguments& arguments);

    // Never throws for what a request does. Any thread, several at once.
    Answer answer(const Request& request) const { return dispatcher_.answer(request); }

private:
    Store store_;
    Ledger ledger_;
    History history_;
    Metrics metrics_;
    BuiltIns built_ins_;
    Dispatcher dispatcher_;
};

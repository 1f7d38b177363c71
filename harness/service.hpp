// A store with its ledger and everything that answers requests from it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "application.hpp"
#include "auth.hpp"
#include "built_ins.hpp"
#include "confinement.hpp"
#include "dispatch.hpp"
#include "history.hpp"
#include "ledger.hpp"
#include "ledger_file.hpp"
#include "map_restrictions.hpp"
#include "metrics.hpp"
#include "operations.hpp"
#include "store.hpp"
#include "subprocesses.hpp"

struct ServiceArguments {
    std::string store;  // Path; nothing: in memory only.
    std::string node_key;
    std::string node_certificate;
    uint64_t signature_interval = 0;
    uint64_t historical_delay = 0;
    std::vector<std::string> restricted_maps;  // As MapRestrictions reads them.
    bool allows_subprocesses = false;
    Operators operators = Operators::NOBODY;
    size_t confined_threads = 0;  // That execute the requests; 0: those that answer them do.
};

class Service {
public:
    // All outlive the service. Throws StartError.
    Service(Application& application, const Authenticator& authenticator, Log& log, const ServiceArguments& arguments);

    // Never throws for what a request does. Any thread, several at once.
    Answer answer(const Request& request) const { return dispatcher_.answer(request); }

private:
    Store store_;
    std::optional<LedgerFile> file_;  // Nothing: the ledger is in memory only.
    Ledger ledger_;
    History history_;
    const MapRestrictions restrictions_;
    const std::optional<Subprocesses> subprocesses_;
    const std::unique_ptr<ConfinedThreads> confined_;
    Metrics metrics_;
    BuiltIns built_ins_;
    Dispatcher dispatcher_;
};

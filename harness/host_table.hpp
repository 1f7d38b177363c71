// What this host offers to one running request: its transaction, and what all requests share.
#pragma once

#include "history.hpp"
#include "log.hpp"
#include "map_restrictions.hpp"
#include "store.hpp"
#include "subprocesses.hpp"

#include "jsep.h"

class ConfinedThreads;

// What all requests share. All outlive the requests; what is null is not offered.
struct HostServices {
    Log& log;
    History* history = nullptr;
    const MapRestrictions* restrictions = nullptr;
    const Subprocesses* subprocesses = nullptr;
    // Null: the thread that answers a request executes it.
    ConfinedThreads* confined = nullptr;
};

class HostTable {
public:
    // Both outlive the table.
    HostTable(Transaction& transaction, const HostServices& services);
    HostTable(const HostTable&) = delete;
    HostTable& operator=(const HostTable&) = delete;

    const jsep_host& get() const { return table_; }

    Transaction& transaction() { return transaction_; }
    const HostServices& services() const { return services_; }

private:
    Transaction& transaction_;
    const HostServices& services_;
    jsep_host table_{};
};

// What this host offers to one running request: its transaction and the log.
#pragma once

#include "log.hpp"
#include "store.hpp"

#include "jsep.h"

class HostTable {
public:
    // Both outlive the table.
    HostTable(Transaction& transaction, Log& log);
    HostTable(const HostTable&) = delete;
    HostTable& operator=(const HostTable&) = delete;

    const jsep_host& get() const { return table_; }

    Transaction& transaction() { return transaction_; }
    Log& log() { return log_; }

private:
    Transaction& transaction_;
    Log& log_;
    jsep_host table_{};
};

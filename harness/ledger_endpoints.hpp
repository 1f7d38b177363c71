// Built-in endpoints about transactions: /commit, /tx and /receipt.
#pragma once

#include "built_ins.hpp"
#include "history.hpp"

// The history outlives the endpoints.
void add_ledger_endpoints(BuiltIns& built_ins, History& history);

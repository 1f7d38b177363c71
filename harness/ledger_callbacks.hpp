// The functions of the host table about the ledger: what is committed, and past states.
#pragma once

#include "jsep.h"

// The table's context is a HostTable whose services have a history.
void add_ledger_callbacks(jsep_host& table);

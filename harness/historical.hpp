// Requests about one past transaction: which one, and whether its state is there.
#pragma once

#include <variant>

#include "history.hpp"
#include "message.hpp"

// The committed transaction of an id whose state is there, or the answer that says why there is none.
std::variant<TransactionId, Answer> find_transaction(History& history, const TransactionId& id);

// The same for the id in the header of a request for a historical endpoint.
std::variant<TransactionId, Answer> find_transaction(History& history, const Request& request);

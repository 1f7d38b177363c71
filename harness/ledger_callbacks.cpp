#include "ledger_callbacks.hpp"

#include "bytes.hpp"
#include "host_callback.hpp"
#include "past_state.hpp"

namespace {

uint32_t number_of(TransactionStatus status) {
    switch (status) {
        case TransactionStatus::PENDING:
            return JSEP_TRANSACTION_PENDING;
        case TransactionStatus::COMMITTED:
            return JSEP_TRANSACTION_COMMITTED;
        case TransactionStatus::INVALID:
            return JSEP_TRANSACTION_INVALID;
        case TransactionStatus::UNKNOWN:
            break;
    }
    return JSEP_TRANSACTION_UNKNOWN;
}

uint32_t last_committed(void* context, jsep_transaction_id* id) {
    return host_callback(context, "last_committed", [&](const HostTable& table) -> uint32_t {
        const TransactionId last = table.services().history->ledger().last_committed();
        *id = jsep_transaction_id{last.view, last.seqno};
        return JSEP_OK;
    });
}

uint32_t transaction_status(void* context, jsep_transaction_id id, uint32_t* status) {
    return host_callback(context, "transaction_status", [&](const HostTable& table) -> uint32_t {
        *status = number_of(table.services().history->ledger().status_of(TransactionId{id.view, id.seqno}));
        return JSEP_OK;
    });
}

uint32_t view_of(void* context, uint64_t seqno, uint64_t* view) {
    return host_callback(context, "view_of", [&](const HostTable& table) -> uint32_t {
        const std::optional<uint64_t> found = table.services().history->ledger().view_of(seqno);
        if (!found) {
            return JSEP_NOT_FOUND;
        }
        *view = *found;
        return JSEP_OK;
    });
}

uint32_t historical_range(void* context, uint64_t handle, uint64_t first, uint64_t last, uint64_t seconds,
                          const jsep_state_visitor* visitor) {
    return host_callback(context, "historical_range", [&](const HostTable& table) -> uint32_t {
        History& history = *table.services().history;
        if (first == 0 || first > last) {
            return JSEP_INVALID_ARGUMENT;
        }
        if (!history.has_range(handle, first, last, seconds, History::Clock::now())) {
            return JSEP_NOT_FOUND;
        }
        for (uint64_t seqno = first; seqno <= last; ++seqno) {
            const PastState state(history.ledger(), seqno);
            if (!visitor->state(visitor->context, &state.get())) {
                break;
            }
        }
        return JSEP_OK;
    });
}

uint32_t historical_drop(void* context, uint64_t handle) {
    return host_callback(context, "historical_drop", [&](const HostTable& table) -> uint32_t {
        return table.services().history->drop(handle, History::Clock::now()) ? JSEP_OK : JSEP_NOT_FOUND;
    });
}

uint32_t state_get(void* context, uint64_t state, jsep_bytes map, jsep_bytes key, const jsep_sink* sink) {
    return host_callback(context, "state_get", [&](const HostTable& table) -> uint32_t {
        const Value value = table.services().history->ledger().written(state, view(map), view(key));
        if (value == nullptr) {
            return JSEP_NOT_FOUND;
        }
        write_to(sink, *value);
        return JSEP_OK;
    });
}

uint32_t state_version(void* context, uint64_t state, jsep_bytes map, jsep_bytes key, int64_t* version) {
    return host_callback(context, "state_version", [&](const HostTable& table) -> uint32_t {
        if (table.services().history->ledger().written(state, view(map), view(key)) == nullptr) {
            return JSEP_NOT_FOUND;
        }
        *version = static_cast<int64_t>(state);
        return JSEP_OK;
    });
}

uint32_t state_for_each(void* context, uint64_t state, jsep_bytes map, const jsep_visitor* visitor) {
    return host_callback(context, "state_for_each", [&](const HostTable& table) -> uint32_t {
        const std::shared_ptr<const WriteSet> writes = table.services().history->ledger().writes(state);
        const auto changes = writes->find(view(map));
        if (changes == writes->end()) {
            return JSEP_OK;
        }
        for (const auto& [key, value] : changes->second) {
            if (value != nullptr && !visitor->entry(visitor->context, lend(key), lend(*value))) {
                break;
            }
        }
        return JSEP_OK;
    });
}

}  // namespace

void add_ledger_callbacks(jsep_host& table) {
    table.last_committed = last_committed;
    table.transaction_status = transaction_status;
    table.view_of = view_of;
    table.historical_range = historical_range;
    table.historical_drop = historical_drop;
    table.state_get = state_get;
    table.state_version = state_version;
    table.state_for_each = state_for_each;
}

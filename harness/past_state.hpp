// The state that one committed transaction left, as the library takes it.
//
// As in the hosts that apps come from, a past state holds what its transaction wrote and nothing else: a key that it
// did not touch has no value there.
#pragma once

#include <string>

#include "bytes.hpp"
#include "ledger.hpp"

class PastState {
public:
    PastState(const Ledger& ledger, uint64_t seqno) : receipt_(ledger.receipt(seqno)) {
        const uint64_t view = ledger.view_of(seqno).value_or(0);
        state_ = jsep_state{sizeof(jsep_state), seqno, jsep_transaction_id{view, seqno}, lend(receipt_)};
    }
    PastState(const PastState&) = delete;
    PastState& operator=(const PastState&) = delete;

    // Its name is the sequence number. Lent; lives as long as this.
    const jsep_state& get() const { return state_; }

private:
    const std::string receipt_;
    jsep_state state_{};
};

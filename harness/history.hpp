// Past states as apps ask for them: named ranges that must be fetched first, and are forgotten some time after.
//
// The ledger is at hand, so nothing takes time in fact. A delay makes each range and state be "on its way" for as many
// questions, so that apps and their clients can be tried against a ledger that is not.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>

#include "ledger.hpp"

class History {
public:
    using Clock = std::chrono::steady_clock;

    // The ledger outlives the history.
    History(Ledger& ledger, uint64_t delay) : ledger_(ledger), delay_(delay) {}

    Ledger& ledger() const { return ledger_; }

    // Whether the state of one committed transaction is there; asking begins to fetch it.
    bool has_state(uint64_t seqno, Clock::time_point now);
    // The same for a range under a handle of the app; another range under a handle takes its place. What was fetched is
    // kept for `seconds` after the last question.
    bool has_range(uint64_t handle, uint64_t first, uint64_t last, uint64_t seconds, Clock::time_point now);
    // Forgets a range; false when there is none.
    bool drop(uint64_t handle, Clock::time_point now);

private:
    struct Range {
        uint64_t first;
        uint64_t last;
        uint64_t questions;  // So many answers are still "not yet".
        Clock::time_point forgotten;
    };
    using Ranges = std::map<uint64_t, Range>;

    bool ask(Ranges& ranges, uint64_t name, uint64_t first, uint64_t last, std::chrono::seconds kept,
             Clock::time_point now) const;

    Ledger& ledger_;
    const uint64_t delay_;
    std::mutex mutex_;
    Ranges ranges_;  // By handle.
    Ranges states_;  // By sequence number.
};

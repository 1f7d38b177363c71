#include "history.hpp"

#include <algorithm>

namespace {

constexpr std::chrono::minutes STATE_KEPT{30};
// More than this would not mean anything, and the clock could not count it.
constexpr uint64_t LONGEST_KEPT_SECONDS = 365ULL * 24 * 60 * 60;

}  // namespace

bool History::has_state(uint64_t seqno, Clock::time_point now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ask(states_, seqno, seqno, seqno, STATE_KEPT, now);
}

bool History::has_range(uint64_t handle, uint64_t first, uint64_t last, uint64_t seconds, Clock::time_point now) {
    const std::chrono::seconds kept(static_cast<int64_t>(std::min(seconds, LONGEST_KEPT_SECONDS)));
    const uint64_t committed = ledger_.last_committed().seqno;
    const std::lock_guard<std::mutex> lock(mutex_);
    // What is not committed can't be fetched; it may come.
    return ask(ranges_, handle, first, last, kept, now) && last <= committed;
}

bool History::drop(uint64_t handle, Clock::time_point now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto range = ranges_.find(handle);
    const bool there = range != ranges_.end() && now < range->second.forgotten;
    if (range != ranges_.end()) {
        ranges_.erase(range);
    }
    return there;
}

bool History::ask(Ranges& ranges, uint64_t name, uint64_t first, uint64_t last, std::chrono::seconds kept,
                  Clock::time_point now) const {
    for (auto range = ranges.begin(); range != ranges.end();) {
        range = now < range->second.forgotten ? std::next(range) : ranges.erase(range);
    }
    const auto place = ranges.try_emplace(name, Range{first, last, delay_, now}).first;
    Range& range = place->second;
    if (range.first != first || range.last != last) {
        range = Range{first, last, delay_, now};
    }
    range.forgotten = now + kept;
    if (range.questions == 0) {
        return true;
    }
    --range.questions;
    return false;
}

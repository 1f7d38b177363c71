// Counts what the requests of a soak came to, and what went wrong.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "soak_app.hpp"

class SoakTally {
public:
    // Requests may be ended when they took that long.
    explicit SoakTally(std::chrono::nanoseconds limit) : limit_(limit) {}

    // Any thread. `kind` is one of soak_requests().
    void count(const SoakRequest& kind, const SoakAnswer& answer);
    void mistake(const std::string& text);

    uint64_t requests() const { return requests_; }
    bool has_mistakes() const;
    // What is wrong: each mistake with how often it happened, and kinds of requests that were not answered as they are
    // to be.
    std::vector<std::string> wrong() const;

private:
    struct Kind {
        std::atomic<uint64_t> right{0};
        // Ended by the limit of time, as a busy machine makes of any request now and then.
        std::atomic<uint64_t> late{0};
    };

    std::chrono::nanoseconds limit_;
    std::atomic<uint64_t> requests_{0};
    std::vector<Kind> kinds_ = std::vector<Kind>(soak_requests().size());

    mutable std::mutex mutex_;
    std::map<std::string, uint64_t> mistakes_;
};

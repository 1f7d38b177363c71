// How many requests a measurement sends, and when: as fast as they are answered, or at planned times.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

// When one request was to be sent, and what waiting for that took.
struct Arrival {
    std::chrono::steady_clock::time_point planned;
    // Processor time of the thread, which is none of the library's.
    std::chrono::nanoseconds waited_cpu;
};

// Shared by the threads that send.
class Load {
public:
    using Clock = std::chrono::steady_clock;

    // Begins now. `rate` is in requests per second, evenly spaced; 0: each request follows the one before. `count` ends
    // it before the time is over; 0: it does not.
    Load(std::chrono::duration<double> length, double rate, uint64_t count);

    // Waits until the next request is due; nothing when there is none.
    std::optional<Arrival> next();
    // Requests that were planned within the time but not sent, because those before them took too long.
    uint64_t unsent() const;

private:
    const Clock::time_point begin_;
    const Clock::time_point end_;
    const double interval_;  // In nanoseconds.
    const uint64_t planned_;
    std::atomic<uint64_t> taken_{0};
    std::atomic<uint64_t> sent_{0};
};

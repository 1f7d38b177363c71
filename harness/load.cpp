#include "load.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <sys/prctl.h>
#include <thread>

namespace {

constexpr uint64_t NO_END = std::numeric_limits<uint64_t>::max();
constexpr double NANOSECONDS = 1e9;
// A sleeping thread wakes up late, by up to this much on a quiet virtual machine; the last part is waited awake, so
// that the figures are the library's and not those of the kernel's timers.
constexpr std::chrono::microseconds AWAKE_BEFORE{150};
constexpr unsigned long TIMER_SLACK_NS = 1000;

std::chrono::nanoseconds thread_cpu() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void wait_until(Load::Clock::time_point planned) {
    if (planned - Load::Clock::now() > AWAKE_BEFORE) {
        std::this_thread::sleep_until(planned - AWAKE_BEFORE);
    }
    while (Load::Clock::now() < planned) {
    }
}

uint64_t planned_requests(double seconds, double rate, uint64_t count) {
    const uint64_t most = count == 0 ? NO_END : count;
    return rate == 0 ? most : std::min(most, static_cast<uint64_t>(std::ceil(seconds * rate)));
}

}  // namespace

Load::Load(std::chrono::duration<double> length, double rate, uint64_t count)
    : begin_(Clock::now()),
      end_(begin_ + std::chrono::duration_cast<Clock::duration>(length)),
      interval_(rate == 0 ? 0 : NANOSECONDS / rate),
      planned_(planned_requests(length.count(), rate, count)) {}

std::optional<Arrival> Load::next() {
    const Clock::time_point now = Clock::now();
    if (now >= end_) {
        return std::nullopt;
    }
    const uint64_t number = taken_.fetch_add(1, std::memory_order_relaxed);
    if (number >= planned_) {
        return std::nullopt;
    }
    sent_.fetch_add(1, std::memory_order_relaxed);
    if (interval_ == 0) {
        return Arrival{now, {}};
    }
    const auto after = std::chrono::nanoseconds(std::llround(static_cast<double>(number) * interval_));
    const Clock::time_point planned = begin_ + after;
    if (planned <= now) {
        return Arrival{planned, {}};
    }
    // Set for each wait, because it belongs to the thread; it costs less than the sleep.
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    const std::chrono::nanoseconds before = thread_cpu();
    wait_until(planned);
    return Arrival{planned, thread_cpu() - before};
}

uint64_t Load::unsent() const {
    return interval_ == 0 ? 0 : planned_ - sent_.load();
}

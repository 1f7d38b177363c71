// Counts of durations in buckets whose width grows with the duration, so that memory is small and fixed.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

class Histogram {
public:
    void add(uint64_t nanoseconds) {
        ++counts_[bucket_of(nanoseconds)];
        ++total_;
    }

    void add(const Histogram& other) {
        for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            counts_[bucket] += other.counts_[bucket];
        }
        total_ += other.total_;
    }

    uint64_t total() const { return total_; }

    // The duration that the given part of all durations does not exceed, within 1.6 percent.
    uint64_t quantile(double part) const {
        const auto wanted = static_cast<uint64_t>(std::ceil(part * static_cast<double>(total_)));
        uint64_t seen = 0;
        for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            seen += counts_[bucket];
            if (seen >= wanted && seen > 0) {
                return middle_of(bucket);
            }
        }
        return 0;
    }

private:
    // Each power of two is divided into this many buckets; below it the buckets are single nanoseconds.
    static constexpr unsigned STEP_BITS = 5;
    static constexpr uint64_t STEPS = 1U << STEP_BITS;

    static size_t bucket_of(uint64_t value) {
        if (value < STEPS) {
            return value;
        }
        const unsigned shift = 63U - static_cast<unsigned>(__builtin_clzll(value)) - STEP_BITS;
        return (shift + 1) * STEPS + ((value >> shift) - STEPS);
    }

    static uint64_t middle_of(size_t bucket) {
        if (bucket < STEPS) {
            return bucket;
        }
        const size_t shift = bucket / STEPS - 1;
        return ((bucket % STEPS + STEPS) << shift) + ((uint64_t{1} << shift) / 2);
    }

    std::array<uint64_t, (64 - STEP_BITS + 1) * STEPS> counts_{};
    uint64_t total_ = 0;
};

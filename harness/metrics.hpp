// What became of the requests for each endpoint since the start.
#pragma once

#include <atomic>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

struct EndpointMetrics {
    std::atomic<uint64_t> calls{0};
    std::atomic<uint64_t> errors{0};    // Status 400 to 499.
    std::atomic<uint64_t> failures{0};  // Status from 500.
    std::atomic<uint64_t> retries{0};   // Executions after a conflict.

    void count_answer(int status);
};

class Metrics {
public:
    // The counters of one endpoint, which live as long as the metrics.
    EndpointMetrics& of(std::string_view method, std::string_view path);
    // A JSON object with one entry for each endpoint that was called; its path is without the leading slash.
    std::string report() const;

private:
    mutable std::shared_mutex mutex_;
    std::map<std::pair<std::string, std::string>, EndpointMetrics> endpoints_;  // By path and method.
};

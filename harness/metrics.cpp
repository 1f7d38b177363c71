#include "metrics.hpp"

#include <mutex>
#include <nlohmann/json.hpp>

using nlohmann::ordered_json;

void EndpointMetrics::count_answer(int status) {
    if (status >= 500) {
        ++failures;
    } else if (status >= 400) {
        ++errors;
    }
}

EndpointMetrics& Metrics::of(std::string_view method, std::string_view path) {
    const std::pair<std::string, std::string> name(path, method);
    {
        const std::shared_lock<std::shared_mutex> lock(mutex_);
        const auto found = endpoints_.find(name);
        if (found != endpoints_.end()) {
            return found->second;
        }
    }
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    return endpoints_[name];
}

std::string Metrics::report() const {
    ordered_json entries = ordered_json::array();
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    for (const auto& [name, metrics] : endpoints_) {
        const auto& [path, method] = name;
        entries.push_back({{"path", path.substr(std::min(path.find_first_not_of('/'), path.size()))},
                           {"method", method},
                           {"calls", metrics.calls.load()},
                           {"errors", metrics.errors.load()},
                           {"failures", metrics.failures.load()},
                           {"retries", metrics.retries.load()}});
    }
    return ordered_json{{"metrics", entries}}.dump();
}

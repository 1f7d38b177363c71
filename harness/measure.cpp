#include "measure.hpp"

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "application.hpp"
#include "auth.hpp"
#include "dispatch.hpp"
#include "histogram.hpp"
#include "start_error.hpp"
#include "store.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Former values are of no use here, and keeping all would make a faster library look larger.
constexpr size_t KEPT_VALUES = 64;
constexpr int FIRST_FAILURE = 500;
constexpr double WARM_UP_PART = 0.2;
constexpr double SHORTEST_WARM_UP = 0.2;
constexpr double LONGEST_WARM_UP = 2;
constexpr std::string_view PLACEHOLDER = "{n}";

// METHOD TARGET [BODY] with placeholders for a running number.
class RequestTemplate {
public:
    RequestTemplate(const std::string& text, const Headers& headers) : headers_(headers) {
        const size_t method_end = text.find(' ');
        if (method_end == std::string::npos || method_end == 0) {
            throw StartError("--request " + text + ": it is not METHOD PATH [BODY]");
        }
        method_ = text.substr(0, method_end);
        const size_t target_end = text.find(' ', method_end + 1);
        target_ =
            text.substr(method_end + 1, target_end == std::string::npos ? target_end : target_end - method_end - 1);
        body_ = target_end == std::string::npos ? std::string() : text.substr(target_end + 1);
    }

    Request first() const {
        Request request;
        request.method = method_;
        request.headers = headers_;
        set_number(request, 0);
        return request;
    }

    void set_number(Request& request, uint64_t number) const {
        set_target(request, filled(target_, number));
        request.body = filled(body_, number);
    }

    bool has_number() const {
        return target_.find(PLACEHOLDER) != std::string::npos || body_.find(PLACEHOLDER) != std::string::npos;
    }

private:
    static std::string filled(std::string text, uint64_t number) {
        const std::string digits = std::to_string(number);
        for (size_t place = text.find(PLACEHOLDER); place != std::string::npos;
             place = text.find(PLACEHOLDER, place + digits.size())) {
            text.replace(place, PLACEHOLDER.size(), digits);
        }
        return text;
    }

    std::string method_;
    std::string target_;
    std::string body_;
    Headers headers_;
};

struct Counts {
    Histogram durations;
    uint64_t errors = 0;
    uint64_t executions = 0;
    uint64_t realm_ns = 0;
    uint64_t call_ns = 0;

    void add(const Counts& other) {
        durations.add(other.durations);
        errors += other.errors;
        executions += other.executions;
        realm_ns += other.realm_ns;
        call_ns += other.call_ns;
    }
};

struct Phase {
    Counts counts;
    double wall_seconds = 0;
    double cpu_seconds = 0;
};

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
    std::ifstream file("/proc/self/statm");
    uint64_t all_pages = 0;
    uint64_t resident_pages = 0;
    if (!(file >> all_pages >> resident_pages)) {
        throw StartError("can't read /proc/self/statm");
    }
    return static_cast<double>(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

// One thread's share: requests one after the other until the time is over.
void drive(const Dispatcher& dispatcher, const RequestTemplate& request_template, std::atomic<uint64_t>& numbers,
           Clock::time_point end, Counts& counts) {
    Request request = request_template.first();
    const bool has_number = request_template.has_number();
    Clock::time_point begin = Clock::now();
    while (begin < end) {
        if (has_number) {
            request_template.set_number(request, numbers.fetch_add(1, std::memory_order_relaxed));
            begin = Clock::now();
        }
        const Answer answer = dispatcher.answer(request);
        const Clock::time_point done = Clock::now();
        counts.durations.add(
            static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(done - begin).count()));
        counts.errors += answer.status >= FIRST_FAILURE ? 1U : 0U;
        if (answer.timings) {
            ++counts.executions;
            counts.realm_ns += answer.timings->realm_ns;
            counts.call_ns += answer.timings->call_ns;
        }
        begin = done;
    }
}

Phase run_phase(const Dispatcher& dispatcher, const RequestTemplate& request_template, std::atomic<uint64_t>& numbers,
                size_t threads, double seconds) {
    std::vector<std::unique_ptr<Counts>> counts;
    std::vector<std::thread> running;
    const double cpu_before = cpu_seconds();
    const Clock::time_point begin = Clock::now();
    const Clock::time_point end = begin + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
    for (size_t index = 0; index < threads; ++index) {
        counts.push_back(std::make_unique<Counts>());
        running.emplace_back(
            [&, own = counts.back().get()] { drive(dispatcher, request_template, numbers, end, *own); });
    }
    for (std::thread& thread : running) {
        thread.join();
    }
    Phase phase;
    phase.wall_seconds = Seconds(Clock::now() - begin).count();
    phase.cpu_seconds = cpu_seconds() - cpu_before;
    for (const auto& own : counts) {
        phase.counts.add(*own);
    }
    return phase;
}

// A request that the app does not answer would measure this host.
void check(const Dispatcher& dispatcher, const RequestTemplate& request_template, const std::string& text) {
    const Answer answer = dispatcher.answer(request_template.first());
    if (!answer.timings) {
        throw StartError("--request " + text + ": the app does not answer it, but the host does, with status " +
                         std::to_string(answer.status) + ": " + answer.body);
    }
}

double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

double microseconds(uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e3;
}

double per(double value, uint64_t count) {
    return count == 0 ? 0 : value / static_cast<double>(count);
}

}  // namespace

nlohmann::ordered_json measure(const BenchLibrary& library, const BenchArguments& arguments) {
    Log log = Log::to_nowhere();
    const Application application(library.path, arguments.app, library.options, log);
    Store store(KEPT_VALUES);
    const Authenticator authenticator({}, {});
    const Dispatcher dispatcher(application.registry(), store, authenticator, HostServices{log});

    nlohmann::ordered_json options = nlohmann::ordered_json::object();
    for (const auto& [name, value] : library.options) {
        options[name] = value;
    }
    std::vector<RequestTemplate> templates;
    for (const std::string& text : arguments.requests) {
        templates.emplace_back(text, arguments.headers);
        check(dispatcher, templates.back(), text);
    }
    auto results = nlohmann::ordered_json::array();
    for (size_t index = 0; index < templates.size(); ++index) {
        std::atomic<uint64_t> numbers{1};
        const double warm_up = std::clamp(arguments.seconds * WARM_UP_PART, SHORTEST_WARM_UP, LONGEST_WARM_UP);
        run_phase(dispatcher, templates[index], numbers, arguments.threads, warm_up);
        const Phase phase = run_phase(dispatcher, templates[index], numbers, arguments.threads, arguments.seconds);
        const Counts& counts = phase.counts;
        const uint64_t requests = counts.durations.total();
        results.push_back({
            {"library", library.path},
            {"options", options},
            {"request", arguments.requests[index]},
            {"threads", arguments.threads},
            {"requests_per_second", static_cast<double>(requests) / phase.wall_seconds},
            {"p50_us", microseconds(counts.durations.quantile(0.5))},
            {"p99_us", microseconds(counts.durations.quantile(0.99))},
            {"p999_us", microseconds(counts.durations.quantile(0.999))},
            {"cpu_us_per_request", per(phase.cpu_seconds * 1e6, requests)},
            {"rss_mib", resident_mib()},
            {"errors", counts.errors},
            {"startup_ms", milliseconds(application.start_time())},
            {"install_ms", milliseconds(application.install_time())},
            {"realm_ns_mean", per(static_cast<double>(counts.realm_ns), counts.executions)},
            {"call_ns_mean", per(static_cast<double>(counts.call_ns), counts.executions)},
        });
    }
    return results;
}

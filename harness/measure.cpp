#include "measure.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <sys/resource.h>
#include <thread>

#include "application.hpp"
#include "auth.hpp"
#include "confinement.hpp"
#include "dispatch.hpp"
#include "histogram.hpp"
#include "load.hpp"
#include "process_figures.hpp"
#include "request_template.hpp"
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

struct Counts {
    Histogram durations;
    uint64_t errors = 0;
    uint64_t executions = 0;
    uint64_t realm_ns = 0;
    uint64_t call_ns = 0;
    uint64_t waited_cpu_ns = 0;
    std::map<uint32_t, uint64_t> rungs;

    void add(const Counts& other) {
        durations.add(other.durations);
        errors += other.errors;
        executions += other.executions;
        realm_ns += other.realm_ns;
        call_ns += other.call_ns;
        waited_cpu_ns += other.waited_cpu_ns;
        for (const auto& [rung, count] : other.rungs) {
            rungs[rung] += count;
        }
    }
};

struct Phase {
    Counts counts;
    double wall_seconds = 0;
    // Without waiting for planned times.
    double cpu_seconds = 0;
    uint64_t unsent = 0;
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
    return static_cast<double>(ProcessFigures::read().resident_bytes) / (1024.0 * 1024.0);
}

// One thread's share. A request that is sent late, because those before it took too long, counts from its planned time,
// so that a stall shows in all requests that it delays.
void drive(const Dispatcher& dispatcher, const RequestTemplate& request_template, std::atomic<uint64_t>& numbers,
           Load& load, bool is_paced, Counts& counts) {
    Request request = request_template.first();
    while (const std::optional<Arrival> arrival = load.next()) {
        Clock::time_point begin = arrival->planned;
        if (request_template.has_number()) {
            request_template.set_number(request, numbers.fetch_add(1, std::memory_order_relaxed));
            begin = is_paced ? begin : Clock::now();
        }
        const Answer answer = dispatcher.answer(request);
        counts.durations.add(
            static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count()));
        counts.waited_cpu_ns += static_cast<uint64_t>(arrival->waited_cpu.count());
        counts.errors += answer.status >= FIRST_FAILURE ? 1U : 0U;
        if (answer.timings) {
            ++counts.executions;
            counts.realm_ns += answer.timings->realm_ns;
            counts.call_ns += answer.timings->call_ns;
            ++counts.rungs[answer.timings->realm];
        }
    }
}

Phase run_phase(const Dispatcher& dispatcher, const RequestTemplate& request_template, std::atomic<uint64_t>& numbers,
                const BenchArguments& arguments, const std::optional<Confinement>& confinement, double seconds,
                uint64_t count) {
    std::vector<std::unique_ptr<Counts>> counts;
    std::vector<std::thread> running;
    const double cpu_before = cpu_seconds();
    const Clock::time_point begin = Clock::now();
    Load load(Seconds(seconds), arguments.rate, count);
    for (size_t index = 0; index < arguments.threads; ++index) {
        counts.push_back(std::make_unique<Counts>());
        running.emplace_back([&, own = counts.back().get()] {
            if (confinement) {
                confinement->enter();
            }
            drive(dispatcher, request_template, numbers, load, arguments.rate > 0, *own);
        });
    }
    for (std::thread& thread : running) {
        thread.join();
    }
    Phase phase;
    phase.wall_seconds = Seconds(Clock::now() - begin).count();
    for (const auto& own : counts) {
        phase.counts.add(*own);
    }
    phase.cpu_seconds = cpu_seconds() - cpu_before - static_cast<double>(phase.counts.waited_cpu_ns) / 1e9;
    phase.unsent = load.unsent();
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

double warm_up_seconds(const BenchArguments& arguments) {
    return arguments.warm_up.value_or(std::clamp(arguments.seconds * WARM_UP_PART, SHORTEST_WARM_UP, LONGEST_WARM_UP));
}

nlohmann::ordered_json figures(const Phase& phase) {
    const Counts& counts = phase.counts;
    const uint64_t requests = counts.durations.total();
    auto rungs = nlohmann::ordered_json::object();
    for (const auto& [rung, count] : counts.rungs) {
        rungs[std::to_string(rung)] = count;
    }
    return {
        {"seconds", phase.wall_seconds},
        {"requests", requests},
        {"requests_per_second", static_cast<double>(requests) / phase.wall_seconds},
        {"p50_us", microseconds(counts.durations.quantile(0.5))},
        {"p99_us", microseconds(counts.durations.quantile(0.99))},
        {"p999_us", microseconds(counts.durations.quantile(0.999))},
        {"cpu_us_per_request", per(phase.cpu_seconds * 1e6, requests)},
        {"rss_mib", resident_mib()},
        {"errors", counts.errors},
        {"unsent", phase.unsent},
        {"realm_ns_mean", per(static_cast<double>(counts.realm_ns), counts.executions)},
        {"call_ns_mean", per(static_cast<double>(counts.call_ns), counts.executions)},
        {"rungs", rungs},
    };
}

}  // namespace

nlohmann::ordered_json measure(const BenchLibrary& library, const BenchArguments& arguments) {
    Log log = Log::to_nowhere();
    const Application application(library.path, arguments.app, library.options, arguments.cache, log);
    std::optional<Confinement> confinement;
    if (arguments.confines) {
        confinement.emplace(application.engine().makes_code(), log.descriptor());
    }
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
        run_phase(dispatcher, templates[index], numbers, arguments, confinement, warm_up_seconds(arguments), 0);
        for (size_t repeat = 0; repeat < arguments.repeat; ++repeat) {
            const Phase phase = run_phase(dispatcher, templates[index], numbers, arguments, confinement,
                                          arguments.seconds, arguments.count);
            nlohmann::ordered_json result{
                {"library", library.path},
                {"options", options},
                {"request", arguments.requests[index]},
                {"threads", arguments.threads},
                {"rate", arguments.rate},
                {"seccomp", arguments.confines},
                {"repeat", repeat},
                {"startup_ms", milliseconds(application.start_time())},
                {"install_ms", milliseconds(application.install_time())},
            };
            result.update(figures(phase));
            results.push_back(std::move(result));
        }
    }
    return results;
}

// Runs mixed traffic for long, and fails when the process grows without bound or answers wrongly.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "bytes.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "host_table.hpp"
#include "process_figures.hpp"
#include "soak_app.hpp"
#include "start_error.hpp"
#include "store.hpp"
#include "trend.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr size_t APPS = 3;
constexpr size_t KEPT_VALUES = 16;
constexpr std::chrono::milliseconds BETWEEN_INSTALLS{250};
constexpr unsigned REPLACED_EVERY = 8;  // Installs between two that take a registry away and make another.
constexpr double WARM_UP_SHARE = 0.25;
constexpr double SAMPLES = 120;
constexpr double SHORTEST_INTERVAL = 0.5;
constexpr double LONGEST_INTERVAL = 10;
constexpr double MEBIBYTE = 1024.0 * 1024.0;
constexpr size_t SHOWN_MISTAKES = 10;
// Small limits, so that many requests meet them. The first install of a registry has the library's own limit of time.
const Options HEAP_LIMIT{{"max_heap_bytes", "16777216"}};
const Options TIME_LIMIT{{"max_execution_time_ms", "200"}};

// What becomes of any request that a busy machine does not finish within the limit of time.
constexpr int FAILED = 500;

class Soak {
public:
    explicit Soak(const SoakArguments& arguments)
        : arguments_(arguments), plugin_(arguments.plugin), engine_(plugin_, with_heap_limit(arguments.options), log_) {
        for (std::shared_ptr<Registry>& registry : registries_) {
            registry = new_registry();
        }
    }

    int run();

private:
    static Options with_heap_limit(const Options& options) {
        Options all = HEAP_LIMIT;
        all.insert(all.end(), options.begin(), options.end());
        return all;
    }

    std::shared_ptr<Registry> new_registry() {
        auto registry = std::make_shared<Registry>(plugin_, engine_);
        registry->install(soak_bundle(version_++));
        registry->set_options(TIME_LIMIT);
        return registry;
    }
    std::shared_ptr<Registry> registry(size_t index) {
        const std::lock_guard<std::mutex> lock(mutex_);
        return registries_[index];
    }

    void drive(unsigned seed);
    void send(const Registry& registry, const SoakRequest& kind, std::string_view body);
    void install();
    void leak(const std::shared_ptr<Registry>& registry);
    void sample(bool is_warm, double seconds);
    std::pair<double, double> contexts();
    void mistake(const std::string& text);
    int result();

    const SoakArguments& arguments_;
    Log log_ = Log::to_nowhere();
    Plugin plugin_;
    Engine engine_;
    Store store_{KEPT_VALUES};
    std::atomic<bool> ended_{false};
    std::atomic<unsigned> version_{0};
    std::atomic<uint64_t> requests_{0};
    // Requests of each kind that were answered as they are to be.
    std::vector<std::atomic<uint64_t>> expected_ = std::vector<std::atomic<uint64_t>>(soak_requests().size());
    std::atomic<uint64_t> installs_{0};

    // Guards what follows.
    std::mutex mutex_;
    std::array<std::shared_ptr<Registry>, APPS> registries_;
    std::vector<std::string> mistakes_;
    size_t mistake_count_ = 0;

    // Kept by the leaks on purpose.
    std::vector<Endpoint> leaked_;
    std::vector<std::thread> leaked_threads_;

    Trend memory_{"resident memory (MiB)", {0.1, 16}};
    Trend threads_{"threads", {0, 1}};
    Trend descriptors_{"file descriptors", {0, 2}};
    Trend mappings_{"mappings", {0.1, 64}};
    Trend native_{"live contexts", {0.5, 64}};
    Trend detached_{"detached contexts", {0.5, 16}};
};

void Soak::mistake(const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (++mistake_count_ <= SHOWN_MISTAKES) {
        mistakes_.push_back(text);
    }
}

// One transaction: executed, and committed if the answer says so.
void Soak::send(const Registry& registry, const SoakRequest& kind, std::string_view body) {
    const std::string place = std::string(kind.method) + " " + kind.path;
    std::optional<Endpoint> endpoint;
    try {
        endpoint = registry.find(kind.method, kind.path);
    } catch (const LibraryError& error) {
        kind.status == 0 ? void(++expected_[&kind - soak_requests().data()]) : mistake(place + ": " + error.what());
        return;
    }
    const HostServices services{log_};
    Transaction transaction = store_.begin();
    const HostTable table(transaction, services);
    jsep_request request{};
    request.size = sizeof(request);
    request.method = lend(kind.method);
    request.path = lend(kind.path);
    request.body = lend(body);
    const std::optional<Response> response = endpoint->execute(request, table.get());
    if (!response) {
        return;
    }
    if (response->status() == kind.status) {
        ++expected_[&kind - soak_requests().data()];
    } else if (response->status() != FAILED) {
        mistake(place + " answered " + std::to_string(response->status()) + ": " + std::string(response->body()));
    }
    if (response->apply_writes()) {
        transaction.commit();
    }
}

void Soak::drive(unsigned seed) {
    const std::vector<SoakRequest>& kinds = soak_requests();
    std::vector<unsigned> weights;
    std::transform(kinds.begin(), kinds.end(), std::back_inserter(weights),
                   [](const auto& kind) { return kind.weight; });
    std::mt19937 random(seed);
    std::discrete_distribution<size_t> any_kind(weights.begin(), weights.end());
    std::uniform_int_distribution<size_t> any_app(0, APPS - 1);
    std::uniform_int_distribution<size_t> any_length(0, 4096);
    while (!ended_) {
        try {
            send(*registry(any_app(random)), kinds[any_kind(random)], std::string(any_length(random), 'x'));
        } catch (const std::exception& error) {
            mistake(error.what());
        }
        ++requests_;
    }
}

// Installs new versions, tries some that can't be installed, and now and then replaces a whole registry.
void Soak::install() {
    for (unsigned round = 0; !ended_; ++round) {
        std::this_thread::sleep_for(BETWEEN_INSTALLS);
        try {
            const std::shared_ptr<Registry> current = registry(round % APPS);
            if (arguments_.leak) {
                leak(current);
            }
            if (round % REPLACED_EVERY == 0) {
                const std::shared_ptr<Registry> fresh = new_registry();
                const std::lock_guard<std::mutex> lock(mutex_);
                registries_[round % APPS] = fresh;
            } else {
                current->install(soak_bundle(version_++));
            }
            ++installs_;
        } catch (const LibraryError& error) {
            // An install has the time limit of a request, which a busy machine may not keep.
            if (error.status() != JSEP_MODULE_EVALUATION) {
                mistake(std::string("an install failed: ") + error.what());
            }
        }
        try {
            registry(round % APPS)->install(broken_soak_bundle(round));
            mistake("a broken bundle was installed");
        } catch (const LibraryError&) {
        }
    }
}

// Keeps what should be given back.
void Soak::leak(const std::shared_ptr<Registry>& registry) {
    switch (*arguments_.leak) {
        case Leak::ENDPOINTS:
            leaked_.push_back(registry->find("GET", "/walk"));
            break;
        case Leak::DESCRIPTORS:
            (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
            break;
        case Leak::THREADS:
            leaked_threads_.emplace_back([this] {
                while (!ended_) {
                    std::this_thread::sleep_for(BETWEEN_INSTALLS);
                }
            });
            break;
    }
}

// Live and detached contexts in the isolates that wait, as the reports say; an engine without isolates has none.
std::pair<double, double> Soak::contexts() {
    std::pair<double, double> sum{0, 0};
    for (size_t index = 0; index < APPS; ++index) {
        const auto report = parse_json(registry(index)->report(), "the registry's report");
        const auto found = report.at("realms").find("contexts");
        if (found != report.at("realms").end()) {
            sum.first += found->at("native").get<double>();
            sum.second += found->at("detached").get<double>();
        }
    }
    return sum;
}

void Soak::sample(bool is_warm, double seconds) {
    const ProcessFigures figures = ProcessFigures::read();
    const auto [native, detached] = contexts();
    const std::pair<Trend*, double> values[] = {{&memory_, static_cast<double>(figures.resident_bytes) / MEBIBYTE},
                                                {&threads_, static_cast<double>(figures.threads)},
                                                {&descriptors_, static_cast<double>(figures.descriptors)},
                                                {&mappings_, static_cast<double>(figures.mappings)},
                                                {&native_, native},
                                                {&detached_, detached}};
    std::printf("%8.1f s%s %10lu requests %6lu installs", seconds, is_warm ? " " : " (warm-up)",
                static_cast<unsigned long>(requests_), static_cast<unsigned long>(installs_));
    for (const auto& [trend, value] : values) {
        if (is_warm) {
            trend->add(value);
        }
        std::printf("  %s %.0f", trend->name().c_str(), value);
    }
    std::printf("\n");
    std::fflush(stdout);
}

int Soak::result() {
    for (size_t index = 0; index < expected_.size(); ++index) {
        const SoakRequest& kind = soak_requests()[index];
        if (expected_[index] == 0) {
            mistake(std::string(kind.method) + " " + kind.path + " was never answered as it is to be");
        }
    }
    bool failed = mistake_count_ > 0;
    for (const std::string& text : mistakes_) {
        std::cout << "soak: wrong: " << text << '\n';
    }
    if (mistake_count_ > mistakes_.size()) {
        std::cout << "soak: and " << mistake_count_ - mistakes_.size() << " more\n";
    }
    for (const Trend* trend : {&memory_, &threads_, &descriptors_, &mappings_, &native_, &detached_}) {
        if (const std::optional<std::string> growth = trend->growth()) {
            std::cout << "soak: " << *growth << '\n';
            failed = true;
        }
    }
    std::cout << (failed ? "soak: FAILED" : "soak: steady") << " after " << requests_ << " requests and " << installs_
              << " installs" << std::endl;
    return failed ? 1 : 0;
}

int Soak::run() {
    std::vector<std::thread> running;
    for (size_t index = 0; index < arguments_.threads; ++index) {
        running.emplace_back([this, index] { drive(static_cast<unsigned>(index)); });
    }
    running.emplace_back([this] { install(); });
    const double interval = std::clamp(arguments_.seconds / SAMPLES, SHORTEST_INTERVAL, LONGEST_INTERVAL);
    const Clock::time_point begin = Clock::now();
    for (double next = interval; next < arguments_.seconds; next += interval) {
        std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(Seconds(next)));
        sample(next > arguments_.seconds * WARM_UP_SHARE, next);
    }
    ended_ = true;
    for (std::thread& thread : running) {
        thread.join();
    }
    for (std::thread& thread : leaked_threads_) {
        thread.join();
    }
    return result();
}

}  // namespace

int soak(const SoakArguments& arguments) {
    return Soak(arguments).run();
}

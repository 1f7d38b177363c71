// Runs mixed traffic for long, and fails when the process grows without bound or answers wrongly.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "bytes.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "host_table.hpp"
#include "soak_app.hpp"
#include "soak_figures.hpp"
#include "soak_host.hpp"
#include "soak_leaks.hpp"
#include "soak_tally.hpp"
#include "store.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr size_t APPS = 3;
constexpr size_t CACHED_APP = 0;  // The others install without the cache.
constexpr size_t KEPT_VALUES = 16;
constexpr std::chrono::milliseconds BETWEEN_INSTALLS{250};
constexpr unsigned SAME_VERSION = 2 * APPS;  // Installs of a version, so that an app finds its own in the cache.
constexpr unsigned REPLACED_EVERY = 8;       // Installs between two that take registry and engine away and make others.
constexpr unsigned REQUESTS_OF_A_THREAD = 500;
constexpr unsigned MOST_TRIES = 1000;  // Of a transaction that is in conflict with others.
constexpr double WARM_UP_SHARE = 0.25;
constexpr double SAMPLES = 120;
constexpr double SHORTEST_INTERVAL = 0.5;
constexpr double LONGEST_INTERVAL = 10;
// Small limits, so that many requests meet them. The first install of a registry has the library's own limit of time.
constexpr std::chrono::milliseconds TIME_LIMIT{500};
const Options ENGINE_OPTIONS{{"max_heap_bytes", "16777216"}, {"max_cached_interpreters", "2"}};
const Options TIME_LIMIT_OPTIONS{{"max_execution_time_ms", std::to_string(TIME_LIMIT.count())}};

// Whether an install that began then has taken the time limit of a request, which a busy machine may not keep.
bool is_late(const LibraryError& error, Clock::time_point begin) {
    return error.status() == JSEP_MODULE_EVALUATION && Clock::now() - begin >= TIME_LIMIT;
}

class Soak {
public:
    explicit Soak(const SoakArguments& arguments) : arguments_(arguments), plugin_(arguments.plugin) {
        for (size_t index = 0; index < APPS; ++index) {
            replace(index, 0);
        }
    }

    int run();

private:
    Engine new_engine() {
        Options options = ENGINE_OPTIONS;
        options.insert(options.end(), arguments_.options.begin(), arguments_.options.end());
        return Engine(plugin_, options, log_);
    }
    bool is_v8() { return parse_json(new_engine().report(), "the engine's report").at("engine") == "v8"; }
    std::shared_ptr<Registry> registry(size_t index) {
        const std::lock_guard<std::mutex> lock(mutex_);
        return registries_[index];
    }

    void drive(unsigned seed);
    void send(const SoakRequest& kind, std::mt19937& random);
    void send_any(std::mt19937& random);
    SoakAnswer ask(const Registry& registry, const SoakRequest& kind, std::string_view body);
    void replace(size_t index, unsigned version);
    void install(unsigned round);
    void install_broken(unsigned round);
    std::vector<nlohmann::json> reports();
    void sample(bool is_warm, double seconds);
    void check_count();
    int result();

    const SoakArguments& arguments_;
    Log log_ = Log::to_nowhere();
    Plugin plugin_;
    SoakCache cache_;
    Store store_{KEPT_VALUES};
    std::atomic<bool> ended_{false};
    std::atomic<uint64_t> counted_{0};
    std::atomic<uint64_t> conflicts_{0};
    std::atomic<uint64_t> installs_{0};
    SoakTally tally_{TIME_LIMIT};
    SoakLeaks leaks_;

    // Guards what follows.
    std::mutex mutex_;
    std::array<std::shared_ptr<Registry>, APPS> registries_;
    // All that were made and are still there.
    std::vector<std::weak_ptr<Registry>> made_;

    const bool is_v8_ = is_v8();
    SoakFigures figures_{is_v8_};
};

// One transaction: executed, and committed if the answer says so; again while others are in its way.
SoakAnswer Soak::ask(const Registry& registry, const SoakRequest& kind, std::string_view body) {
    const HostServices services{log_};
    jsep_request request{};
    request.size = sizeof(request);
    request.method = lend(kind.method);
    request.path = lend(kind.path);
    request.body = lend(body);
    SoakAnswer no_response;
    no_response.outcome = JSEP_CONFLICT;
    try {
        const Endpoint endpoint = registry.find(kind.method, kind.path);
        for (unsigned tries = 0; tries < MOST_TRIES; ++tries) {
            Transaction transaction = store_.begin();
            const HostTable table(transaction, services);
            const Clock::time_point begin = Clock::now();
            const std::optional<Response> response = endpoint.execute(request, with_failing_maps(table));
            const Clock::duration took = Clock::now() - begin;
            if (response && (!response->apply_writes() || transaction.commit())) {
                SoakAnswer answer = SoakAnswer::of(*response);
                answer.took = took;
                return answer;
            }
            if (kind.right.outcome == JSEP_CONFLICT) {
                return no_response;
            }
            ++conflicts_;
        }
    } catch (const LibraryError& error) {
        no_response.outcome = error.status();
    }
    return no_response;
}

void Soak::send(const SoakRequest& kind, std::mt19937& random) {
    std::uniform_int_distribution<size_t> any_app(0, APPS - 1);
    std::uniform_int_distribution<size_t> any_length(0, 4096);
    try {
        const SoakAnswer answer = ask(*registry(any_app(random)), kind, std::string(any_length(random), SOAK_LETTER));
        tally_.count(kind, answer);
        if (kind.path == std::string_view(SOAK_COUNT_PATH) && answer == kind.right) {
            ++counted_;
        }
    } catch (const std::exception& error) {
        tally_.mistake(error.what());
    }
}

void Soak::send_any(std::mt19937& random) {
    static const std::vector<SoakRequest>& kinds = soak_requests();
    static const std::vector<unsigned> weights = [] {
        std::vector<unsigned> all;
        std::transform(kinds.begin(), kinds.end(), std::back_inserter(all),
                       [](const auto& kind) { return kind.weight; });
        return all;
    }();
    std::discrete_distribution<size_t> any_kind(weights.begin(), weights.end());
    send(kinds[any_kind(random)], random);
}

// All kinds once, as the rare ones might not come in a short run. Then in threads that come and go, one after the
// other.
void Soak::drive(unsigned seed) {
    std::mt19937 random(seed);
    for (const SoakRequest& kind : soak_requests()) {
        send(kind, random);
    }
    while (!ended_) {
        std::thread([&] {
            for (unsigned sent = 0; sent < REQUESTS_OF_A_THREAD && !ended_; ++sent) {
                send_any(random);
            }
        }).join();
    }
}

// The engine stays until the registry and the endpoints found in it are gone.
void Soak::replace(size_t index, unsigned version) {
    const auto fresh = std::make_shared<Registry>(plugin_, new_engine());
    if (index == CACHED_APP) {
        fresh->set_cache(cache_.table());
    }
    fresh->install(soak_bundle(version));
    fresh->set_options(TIME_LIMIT_OPTIONS);
    const std::lock_guard<std::mutex> lock(mutex_);
    registries_[index] = fresh;
    made_.erase(std::remove_if(made_.begin(), made_.end(), [](const auto& made) { return made.expired(); }),
                made_.end());
    made_.push_back(fresh);
}

// Installs new versions, and now and then takes a registry and its engine away.
void Soak::install(unsigned round) {
    const size_t index = round % APPS;
    const unsigned version = round / SAME_VERSION;
    if (arguments_.leak) {
        leaks_.lose(*arguments_.leak, registry(index));
    }
    const Clock::time_point begin = Clock::now();
    try {
        if (round % REPLACED_EVERY == 0 || arguments_.leak == Leak::ISOLATES) {
            replace(index, version);
        } else {
            registry(index)->install(soak_bundle(version));
        }
        ++installs_;
    } catch (const LibraryError& error) {
        if (!is_late(error, begin)) {
            tally_.mistake(std::string("an install failed: ") + error.what());
        }
    }
}

void Soak::install_broken(unsigned round) {
    const Clock::time_point begin = Clock::now();
    try {
        registry(round % APPS)->install(broken_soak_bundle(round));
        tally_.mistake("a broken bundle was installed");
    } catch (const LibraryError& error) {
        if (error.status() != broken_soak_bundle_status(round) && !is_late(error, begin)) {
            tally_.mistake(std::string("a broken bundle was refused for another reason: ") + error.what());
        }
    }
}

std::vector<nlohmann::json> Soak::reports() {
    std::vector<std::shared_ptr<Registry>> registries;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::transform(made_.begin(), made_.end(), std::back_inserter(registries),
                       [](const auto& made) { return made.lock(); });
    }
    std::vector<nlohmann::json> reports;
    for (const std::shared_ptr<Registry>& registry : registries) {
        if (registry != nullptr) {
            reports.push_back(parse_json(registry->report(), "the registry's report"));
        }
    }
    return reports;
}

void Soak::sample(bool is_warm, double seconds) {
    const std::string figures = figures_.sample(is_warm, reports());
    std::printf("%8.1f s%s %10lu requests %6lu conflicts %6lu installs %6lu from the cache%s\n", seconds,
                is_warm ? " " : " (warm-up)", static_cast<unsigned long>(tally_.requests()),
                static_cast<unsigned long>(conflicts_), static_cast<unsigned long>(installs_),
                static_cast<unsigned long>(cache_.found()), figures.c_str());
    std::fflush(stdout);
}

// No write was lost or came twice. The caller is the only thread that is left.
void Soak::check_count() {
    const Value value = store_.begin().get(SOAK_COUNTERS, SOAK_COUNTER);
    const std::string expected = std::to_string(counted_);
    if (value == nullptr || *value != expected) {
        tally_.mistake("the counter in the store is " + (value == nullptr ? "missing" : *value) + " after " + expected +
                       " requests that counted");
    }
}

int Soak::result() {
    check_count();
    if (is_v8_ && cache_.found() == 0) {
        tally_.mistake("no install found an entry in the cache");
    }
    std::vector<std::string> faults;
    for (const std::string& text : tally_.wrong()) {
        faults.push_back("wrong: " + text);
    }
    // A soak that a mistake has ended is too short for the other checks.
    if (!tally_.has_mistakes()) {
        const std::vector<std::string> growth = figures_.growth();
        faults.insert(faults.end(), growth.begin(), growth.end());
    }
    for (const std::string& text : faults) {
        std::cout << "soak: " << text << '\n';
    }
    std::cout << (faults.empty() ? "soak: steady" : "soak: FAILED") << " after " << tally_.requests()
              << " requests and " << installs_ << " installs" << std::endl;
    return faults.empty() ? 0 : 1;
}

int Soak::run() {
    std::vector<std::thread> running;
    for (size_t index = 0; index < arguments_.threads; ++index) {
        running.emplace_back([this, index] { drive(static_cast<unsigned>(index)); });
    }
    running.emplace_back([this] {
        for (unsigned round = 0; !ended_; ++round) {
            std::this_thread::sleep_for(BETWEEN_INSTALLS);
            install(round);
            install_broken(round);
        }
    });
    const double interval = std::clamp(arguments_.seconds / SAMPLES, SHORTEST_INTERVAL, LONGEST_INTERVAL);
    const Clock::time_point begin = Clock::now();
    for (double next = interval; next < arguments_.seconds && !tally_.has_mistakes(); next += interval) {
        std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(Seconds(next)));
        try {
            sample(next > arguments_.seconds * WARM_UP_SHARE, next);
        } catch (const std::exception& error) {
            tally_.mistake(error.what());
        }
    }
    ended_ = true;
    for (std::thread& thread : running) {
        thread.join();
    }
    return result();
}

}  // namespace

int soak(const SoakArguments& arguments) {
    return Soak(arguments).run();
}

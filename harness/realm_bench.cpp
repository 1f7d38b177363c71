// How fast turns are, beside the disk itself: the same bytes written and synced by a loop that does nothing else.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>
#include <vector>

#include "bytes.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "histogram.hpp"
#include "realm.hpp"
#include "realm_files.hpp"
#include "start_error.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr size_t REALMS[] = {1, 8, 64};
constexpr const char* SCRIPT = "let count = 0; const next = () => ++count;";
// The same on a realm that requests share.
constexpr const char* APP = R"({
  "metadata": {"endpoints": {"/next": {"get": {"js_module": "next.js", "js_function": "next", "mode": "readonly",
    "forwarding_required": "never", "authn_policies": [], "openapi": {}, "interpreter_reuse": {"key": "bench"}}}}},
  "modules": [{"name": "next.js", "module": "let count = 0; export const next = () => ({body: String(++count)});"}]
})";

// One line of the table, in all repetitions.
struct Line {
    std::string name;
    std::vector<double> rates{};
    std::vector<double> medians{};
    std::vector<double> slowest{};
    double syncs = 0;  // Per turn, the last time; 0: not known.

    void add(const Histogram& durations, Seconds elapsed) {
        constexpr double MICROSECOND = 1e3;
        rates.push_back(static_cast<double>(durations.total()) / elapsed.count());
        medians.push_back(static_cast<double>(durations.quantile(0.5)) / MICROSECOND);
        slowest.push_back(static_cast<double>(durations.quantile(0.99)) / MICROSECOND);
    }
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

// Calls `work` until the time is over; what each call took.
template <typename Work>
Histogram measure(Seconds length, const Work& work) {
    Histogram durations;
    const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(length);
    for (Clock::time_point begin = Clock::now(); begin < end;) {
        work();
        const Clock::time_point now = Clock::now();
        durations.add(static_cast<uint64_t>((now - begin).count()));
        begin = now;
    }
    return durations;
}

// Appends so many bytes and syncs them, again and again.
void measure_disk(const std::string& directory, size_t bytes, Seconds length, Line& line) {
    const std::string path = directory + "/bare";
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
    const std::string record(bytes, 'x');
    const Clock::time_point begin = Clock::now();
    const Histogram durations = measure(length, [&] {
        if (!write_all(file.get(), record) || ::fdatasync(file.get()) != 0) {
            throw StartError("can't write " + path);
        }
    });
    line.add(durations, Clock::now() - begin);
    ::unlink(path.c_str());
}

// The same into blocks that the file has already, so that no metadata changes.
void measure_prepared_disk(const std::string& directory, size_t bytes, Seconds length, Line& line) {
    constexpr size_t FILE_BYTES = 8U << 20U;
    const std::string path = directory + "/prepared";
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!write_all(file.get(), std::string(FILE_BYTES, '\0')) || ::fsync(file.get()) != 0) {
        throw StartError("can't write " + path);
    }
    const std::string record(bytes, 'x');
    size_t offset = 0;
    const Clock::time_point begin = Clock::now();
    const Histogram durations = measure(length, [&] {
        const ssize_t written = ::pwrite(file.get(), record.data(), bytes, static_cast<off_t>(offset));
        if (written != static_cast<ssize_t>(bytes) || ::fdatasync(file.get()) != 0) {
            throw StartError("can't write " + path);
        }
        offset = (offset + bytes) % (FILE_BYTES - bytes);
    });
    line.add(durations, Clock::now() - begin);
    ::unlink(path.c_str());
}

uint64_t syncs_of(const RealmLog& log) {
    return nlohmann::json::parse(log.report())["syncs"].get<uint64_t>();
}

// Turns of so many realms, each on a thread of its own. Answers with the bytes of the log per turn.
double measure_realms(const Plugin& plugin, const Engine& engine, const jsep_storage& storage, size_t count,
                      Seconds length, Line& line) {
    const RealmLog log(plugin, storage);
    std::vector<DurableRealm> realms;
    realms.reserve(count);
    for (size_t index = 0; index < count; ++index) {
        realms.emplace_back(plugin, engine, log, "bench-" + std::to_string(index), SCRIPT, Options{}, nullptr);
    }
    const auto before = nlohmann::json::parse(log.report());
    std::vector<Histogram> durations(count);
    std::atomic<bool> failed{false};
    const Clock::time_point begin = Clock::now();
    std::vector<std::thread> threads;
    threads.reserve(count);
    for (size_t index = 0; index < count; ++index) {
        threads.emplace_back([&, index] {
            try {
                durations[index] = measure(length, [&] { realms[index].call({}, "next", {}, nullptr); });
            } catch (const LibraryError&) {
                failed = true;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const Seconds elapsed = Clock::now() - begin;
    if (failed) {
        throw StartError("a turn failed");
    }
    Histogram all;
    for (const Histogram& some : durations) {
        all.add(some);
    }
    line.add(all, elapsed);
    const auto after = nlohmann::json::parse(log.report());
    const auto turns = static_cast<double>(all.total());
    line.syncs = (after["syncs"].get<double>() - before["syncs"].get<double>()) / turns;
    return after["segment"] == before["segment"]
               ? (after["offset"].get<double>() - before["offset"].get<double>()) / turns
               : 0;
}

// The same function as an endpoint in a realm that requests share and nothing keeps.
void measure_shared(const Plugin& plugin, const Engine& engine, Seconds length, Line& line) {
    const Registry registry(plugin, engine);
    registry.install(APP);
    const Endpoint endpoint = registry.find("GET", "/next");
    Request request;
    request.method = "GET";
    request.path = "/next";
    const LentRequest lent(request, {});
    jsep_host host{};
    host.size = sizeof(host);
    const Clock::time_point begin = Clock::now();
    const Histogram durations = measure(length, [&] { endpoint.execute(lent.get(), host); });
    line.add(durations, Clock::now() - begin);
}

// Requests to such an endpoint in a durable realm.
void measure_requests(const Plugin& plugin, const Engine& engine, const jsep_storage& storage, Seconds length,
                      Line& line) {
    const RealmLog log(plugin, storage);
    const DurableRealm realm = DurableRealm::of_app(plugin, engine, log, "bench-app", APP, {}, nullptr);
    Request request;
    request.method = "GET";
    request.path = "/next";
    const LentRequest lent(request, {});
    const uint64_t before = syncs_of(log);
    const Clock::time_point begin = Clock::now();
    const Histogram durations = measure(length, [&] { realm.execute({}, lent.get(), nullptr); });
    line.add(durations, Clock::now() - begin);
    line.syncs = static_cast<double>(syncs_of(log) - before) / static_cast<double>(durations.total());
}

void print(const Line& line, double bare) {
    const auto [least, most] = std::minmax_element(line.rates.begin(), line.rates.end());
    std::cout << "| " << line.name << " | " << std::fixed << std::setprecision(0) << median(line.rates) << " ("
              << *least << " to " << *most << ") | " << std::setprecision(2) << median(line.rates) / bare << " | "
              << std::setprecision(1) << median(line.medians) << " µs | " << median(line.slowest) << " µs | ";
    if (line.syncs > 0) {
        std::cout << std::setprecision(3) << line.syncs;
    }
    std::cout << " |" << std::endl;
}

// A directory of its own below the given one, which goes with it.
class Place {
public:
    explicit Place(const std::string& parent) : path_(parent + "/bench-" + std::to_string(::getpid())) {
        std::filesystem::create_directories(path_);
    }
    ~Place() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    std::string next() { return path_ + "/" + std::to_string(++count_); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
    int count_ = 0;
};

}  // namespace

int realm_bench(const RealmArguments& arguments) {
    Log log = Log::to_standard_error();
    const Plugin plugin(arguments.plugin);
    Place place(arguments.data);
    const Seconds length(arguments.seconds);
    try {
        const Engine engine(plugin, arguments.options, log);
        const auto with_storage = [&](bool syncs, const auto& work) {
            const RealmFiles files(place.next());
            jsep_storage storage = files.table();
            if (!syncs) {
                storage.sync = [](void*, jsep_bytes) -> uint32_t { return JSEP_OK; };
            }
            return work(storage);
        };
        Line warm{"a shared realm that is not durable"};
        Line unsynced{"one realm, without sync"};
        Line requests{"requests to one realm, without sync"};
        Line bare{"the disk alone"};
        Line prepared{"the disk alone, into prepared blocks"};
        std::vector<Line> realms;
        for (const size_t count : REALMS) {
            realms.push_back(Line{count == 1 ? "one realm" : std::to_string(count) + " realms"});
        }
        double bytes = 0;
        for (unsigned repetition = 0; repetition < arguments.repeat; ++repetition) {
            measure_shared(plugin, engine, length, warm);
            bytes = std::max(bytes, with_storage(false, [&](const jsep_storage& storage) {
                                 return measure_realms(plugin, engine, storage, 1, Seconds(0.02), unsynced);
                             }));
            unsynced.rates.pop_back();
            unsynced.medians.pop_back();
            unsynced.slowest.pop_back();
            with_storage(false, [&](const jsep_storage& storage) {
                return measure_realms(plugin, engine, storage, 1, length, unsynced);
            });
            with_storage(false, [&](const jsep_storage& storage) {
                measure_requests(plugin, engine, storage, length, requests);
                return 0;
            });
            for (size_t index = 0; index < realms.size(); ++index) {
                measure_disk(place.path(), static_cast<size_t>(bytes), length, bare);
                with_storage(true, [&](const jsep_storage& storage) {
                    return measure_realms(plugin, engine, storage, REALMS[index], length, realms[index]);
                });
            }
            measure_prepared_disk(place.path(), static_cast<size_t>(bytes), length, prepared);
        }
        std::cout << "records of " << std::fixed << std::setprecision(0) << bytes << " bytes, " << arguments.repeat
                  << " repetitions of " << std::setprecision(1) << length.count() << " s\n"
                  << "| | per second (range) | as times the disk | p50 | p99 | syncs per turn |\n"
                  << "| --- | --- | --- | --- | --- | --- |" << std::endl;
        const double disk = median(bare.rates);
        print(bare, disk);
        print(prepared, disk);
        for (const Line& line : realms) {
            print(line, disk);
        }
        for (const Line* line : {&warm, &unsynced, &requests}) {
            print(*line, disk);
        }
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(arguments.data + ": " + error.message());
    }
}

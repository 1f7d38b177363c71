// A library with its engine and one installed app.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "cache_files.hpp"
#include "library.hpp"
#include "log.hpp"
#include "plugin.hpp"

// Where installs are kept for later starts.
struct CacheArguments {
    std::string directory;  // Nothing: nowhere.
    std::string secret;     // File.
};

class Application {
public:
    using Clock = std::chrono::steady_clock;

    // Loads the library, starts an engine and installs the app. `log` outlives the application. Throws StartError.
    Application(const std::string& plugin_path, const std::string& app_path, const Options& options,
                const CacheArguments& cache, Log& log);

    // Installs a bundle; on an error the former version keeps serving. Throws LibraryError. Any thread.
    void install(const std::string& bundle);
    // Installs the app anew from the path that it came from. Throws StartError.
    void reinstall();

    // What is installed, in the form of normal_bundle. Any thread.
    std::shared_ptr<const nlohmann::ordered_json> bundle() const;

    const Engine& engine() const { return engine_; }
    const Registry& registry() const { return registry_; }
    // Loading the library and starting the engine.
    Clock::duration start_time() const { return start_time_; }
    // Installing the app, the last time.
    Clock::duration install_time() const;

private:
    std::string app_path_;
    Log& log_;
    Clock::time_point begin_;
    std::optional<CacheFiles> cache_;
    Plugin plugin_;
    Engine engine_;
    Registry registry_;
    Clock::duration start_time_;
    // Guards what follows.
    mutable std::mutex mutex_;
    std::shared_ptr<const nlohmann::ordered_json> bundle_;
    Clock::duration install_time_{};
};

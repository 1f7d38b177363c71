// A library with its engine and one installed app.
#pragma once

#include <chrono>
#include <string>

#include "library.hpp"
#include "log.hpp"
#include "plugin.hpp"

class Application {
public:
    using Clock = std::chrono::steady_clock;

    // Loads the library, starts an engine and installs the app. `log` outlives the application. Throws StartError.
    Application(const std::string& plugin_path, const std::string& app_path, const Options& options, Log& log);

    // Installs the app anew from the same path; on an error the former version keeps serving. Throws StartError.
    void reinstall();

    const Engine& engine() const { return engine_; }
    const Registry& registry() const { return registry_; }
    // Loading the library and starting the engine.
    Clock::duration start_time() const { return start_time_; }
    // Reading the app and installing it.
    Clock::duration install_time() const { return install_time_; }

private:
    std::string app_path_;
    Clock::time_point begin_;
    Plugin plugin_;
    Engine engine_;
    Registry registry_;
    Clock::duration start_time_;
    Clock::duration install_time_;
};

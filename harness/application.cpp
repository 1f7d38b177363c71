#include "application.hpp"

#include "bundle.hpp"
#include "start_error.hpp"

namespace {

Engine start_engine(const Plugin& plugin, const std::string& plugin_path, const Options& options, Log& log) {
    try {
        return Engine(plugin, options, log);
    } catch (const LibraryError& error) {
        throw StartError(plugin_path + ": " + error.message());
    }
}

Registry make_registry(const Plugin& plugin, const Engine& engine) {
    try {
        return Registry(plugin, engine);
    } catch (const LibraryError& error) {
        throw StartError(std::string("can't make a registry: ") + error.message());
    }
}

}  // namespace

Application::Application(const std::string& plugin_path, const std::string& app_path, const Options& options, Log& log)
    : app_path_(app_path),
      begin_(Clock::now()),
      plugin_(plugin_path),
      engine_(start_engine(plugin_, plugin_path, options, log)),
      registry_(make_registry(plugin_, engine_)),
      start_time_(Clock::now() - begin_) {
    reinstall();
}

void Application::reinstall() {
    const Clock::time_point begin = Clock::now();
    const std::string bundle = read_bundle(app_path_);
    try {
        registry_.install(bundle);
    } catch (const LibraryError& error) {
        throw StartError(error.place(app_path_) + ": " + error.message());
    }
    install_time_ = Clock::now() - begin;
}

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

// Whether the app asks for something that only hosts of several nodes do.
bool names_other_nodes(const nlohmann::ordered_json& bundle) {
    for (const auto& methods : bundle["metadata"]["endpoints"]) {
        for (const auto& properties : methods) {
            if (properties.value("forwarding_required", "never") != "never" ||
                properties.value("redirection_strategy", "none") != "none") {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

Application::Application(const std::string& plugin_path, const std::string& app_path, const Options& options,
                         const CacheArguments& cache, Log& log)
    : app_path_(app_path),
      log_(log),
      begin_(Clock::now()),
      cache_(cache.directory.empty() ? std::nullopt : std::make_optional<CacheFiles>(cache.directory, cache.secret)),
      plugin_(plugin_path),
      engine_(start_engine(plugin_, plugin_path, options, log)),
      registry_(make_registry(plugin_, engine_)),
      start_time_(Clock::now() - begin_) {
    if (cache_) {
        registry_.set_cache(cache_->table());
    }
    reinstall();
}

void Application::install(const std::string& bundle) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Clock::time_point begin = Clock::now();
    registry_.install(bundle);
    install_time_ = Clock::now() - begin;
    bundle_ = std::make_shared<const nlohmann::ordered_json>(normal_bundle(bundle));
    if (names_other_nodes(*bundle_)) {
        log_.write(JSEP_LOG_INFO,
                   "forwarding_required and redirection_strategy change nothing: this host is the only node");
    }
}

void Application::reinstall() {
    const std::string bundle = read_bundle(app_path_);
    try {
        install(bundle);
    } catch (const LibraryError& error) {
        throw StartError(error.place(app_path_) + ": " + error.message());
    }
}

std::shared_ptr<const nlohmann::ordered_json> Application::bundle() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bundle_;
}

Application::Clock::duration Application::install_time() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return install_time_;
}

// The handles of the interface as objects that free themselves. A Plugin outlives what was made with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "log.hpp"
#include "message.hpp"
#include "plugin.hpp"

#include "jsep.h"

using Options = std::vector<std::pair<std::string, std::string>>;

template <typename T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

// Options as the library takes them; lent.
std::vector<jsep_option> lend_all(const Options& options);
// Has the library write to `text`, which outlives the sink.
jsep_sink sink_to(std::string& text);

class Engine {
public:
    // `log` receives what the engine has to say and outlives it. Throws LibraryError.
    Engine(const Plugin& plugin, const Options& options, Log& log);

    // A JSON object about the engine.
    std::string report() const;
    // Whether it makes machine code while it runs.
    bool makes_code() const;
    const jsep_engine* get() const { return handle_.get(); }

private:
    const Plugin* plugin_;
    Handle<jsep_engine> handle_;
};

// A request as the library takes it, lent from one that lives as long.
class LentRequest {
public:
    LentRequest(const Request& request, std::string_view caller);
    LentRequest(const LentRequest&) = delete;
    LentRequest& operator=(const LentRequest&) = delete;

    // Lent, too.
    void set_historical_state(const jsep_state& state) { request_.historical_state = &state; }
    const jsep_request& get() const { return request_; }

private:
    std::vector<jsep_header> headers_;
    jsep_request request_{};
};

class Response {
public:
    Response(const Plugin& plugin, jsep_response* handle) : plugin_(&plugin), handle_(handle, plugin.response_free) {}

    int status() const { return static_cast<int>(plugin_->response_status(handle_.get())); }
    std::vector<std::pair<std::string, std::string>> headers() const;
    // Lent; lives as long as the response.
    std::string_view body() const;
    // 32 bytes, or none; lent, as the body.
    std::string_view claims_digest() const;
    bool timed_out() const { return plugin_->response_timed_out(handle_.get()); }
    // Text of the exception that ended the request, or nothing; lent, as the body.
    std::string_view exception() const;
    bool apply_writes() const { return plugin_->response_apply_writes(handle_.get()); }
    jsep_execution_timings timings() const;

private:
    const Plugin* plugin_;
    Handle<jsep_response> handle_;
};

class Endpoint {
public:
    Endpoint(const Plugin& plugin, jsep_endpoint* handle) : plugin_(&plugin), handle_(handle, plugin.endpoint_free) {}

    // Lent, live as long as the endpoint. The properties are a JSON object.
    std::string_view path_template() const;
    std::string_view properties() const;
    jsep_mode mode() const { return plugin_->endpoint_mode(handle_.get()); }
    // Nothing when the host's transaction must be run again. Throws LibraryError.
    std::optional<Response> execute(const jsep_request& request, const jsep_host& host) const;

private:
    const Plugin* plugin_;
    Handle<jsep_endpoint> handle_;
};

// All functions throw LibraryError.
class Registry {
public:
    Registry(const Plugin& plugin, const Engine& engine);

    void install(std::string_view bundle) const;
    // Has later installs use what `cache` keeps.
    void set_cache(const jsep_cache& cache) const;
    // Takes all options or none; an empty value means the default.
    void set_options(const Options& options) const;
    Endpoint find(std::string_view method, std::string_view path) const;
    // The methods of a path, as in an `allow` header.
    std::string methods(std::string_view path) const;
    // A JSON object about the installed app.
    std::string report() const;

private:
    const Plugin* plugin_;
    Handle<jsep_registry> handle_;
};

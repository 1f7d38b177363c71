#include "library.hpp"

#include "bytes.hpp"
#include "file.hpp"

namespace {

void append(void* context, const uint8_t* data, size_t len) {
    static_cast<std::string*>(context)->append(reinterpret_cast<const char*>(data), len);
}

void write_log(void* context, jsep_log_level level, jsep_bytes text) {
    static_cast<Log*>(context)->write(level, view(text));
}

jsep_engine* start_engine(const Plugin& plugin, const Options& options, Log& log) {
    const std::vector<jsep_option> lent = lend_all(options);
    const jsep_logger logger{sizeof(jsep_logger), &log, write_log};
    jsep_engine* engine = nullptr;
    require_ok(plugin, plugin.engine_new(lent.data(), lent.size(), &logger, &engine));
    return engine;
}

jsep_registry* new_registry(const Plugin& plugin, const Engine& engine) {
    jsep_registry* registry = nullptr;
    require_ok(plugin, plugin.registry_new(engine.get(), &registry));
    return registry;
}

}  // namespace

jsep_sink sink_to(std::string& text) {
    return jsep_sink{&text, append};
}

std::vector<jsep_option> lend_all(const Options& options) {
    std::vector<jsep_option> lent;
    lent.reserve(options.size());
    for (const auto& [name, value] : options) {
        lent.push_back(jsep_option{lend(name), lend(value)});
    }
    return lent;
}

Engine::Engine(const Plugin& plugin, const Options& options, Log& log)
    : plugin_(&plugin), handle_(start_engine(plugin, options, log), plugin.engine_free) {}

bool Engine::makes_code() const {
    return parse_json(report(), "the engine's report").value("jit", true);
}

std::string Engine::report() const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->engine_report(handle_.get(), &sink));
    return text;
}

LentRequest::LentRequest(const Request& request, std::string_view caller) {
    headers_.reserve(request.headers.size());
    for (const auto& [name, value] : request.headers) {
        headers_.push_back(jsep_header{lend(name), lend(value)});
    }
    request_.size = sizeof(request_);
    request_.method = lend(request.method);
    request_.path = lend(request.path);
    request_.query = lend(request.query);
    request_.headers = headers_.data();
    request_.header_count = headers_.size();
    request_.body = lend(request.body);
    request_.caller = lend(caller);
}

std::vector<std::pair<std::string, std::string>> Response::headers() const {
    const size_t count = plugin_->response_header_count(handle_.get());
    std::vector<std::pair<std::string, std::string>> headers;
    headers.reserve(count + 1);  // The transaction id comes on top.
    for (size_t index = 0; index < count; ++index) {
        jsep_bytes name{};
        jsep_bytes value{};
        require_ok(*plugin_, plugin_->response_header(handle_.get(), index, &name, &value));
        headers.emplace_back(view(name), view(value));
    }
    return headers;
}

std::string_view Response::body() const {
    return view(plugin_->response_body(handle_.get()));
}

std::string_view Response::claims_digest() const {
    return view(plugin_->response_claims_digest(handle_.get()));
}

std::string_view Response::exception() const {
    return view(plugin_->response_exception(handle_.get()));
}

jsep_execution_timings Response::timings() const {
    jsep_execution_timings timings{};
    timings.size = sizeof(timings);
    require_ok(*plugin_, plugin_->response_timings_get(handle_.get(), &timings));
    return timings;
}

std::string_view Endpoint::path_template() const {
    return view(plugin_->endpoint_template(handle_.get()));
}

std::string_view Endpoint::properties() const {
    return view(plugin_->endpoint_properties(handle_.get()));
}

std::optional<Response> Endpoint::execute(const jsep_request& request, const jsep_host& host) const {
    jsep_response* response = nullptr;
    const jsep_status status = plugin_->endpoint_execute(handle_.get(), &request, &host, &response);
    if (status == JSEP_CONFLICT) {
        return std::nullopt;
    }
    require_ok(*plugin_, status);
    return Response(*plugin_, response);
}

Registry::Registry(const Plugin& plugin, const Engine& engine)
    : plugin_(&plugin), handle_(new_registry(plugin, engine), plugin.registry_free) {}

void Registry::install(std::string_view bundle) const {
    require_ok(*plugin_, plugin_->registry_install(handle_.get(), lend(bundle)));
}

void Registry::set_cache(const jsep_cache& cache) const {
    require_ok(*plugin_, plugin_->registry_set_cache(handle_.get(), &cache));
}

void Registry::set_options(const Options& options) const {
    const std::vector<jsep_option> lent = lend_all(options);
    require_ok(*plugin_, plugin_->registry_set_options(handle_.get(), lent.data(), lent.size()));
}

Endpoint Registry::find(std::string_view method, std::string_view path) const {
    jsep_endpoint* endpoint = nullptr;
    require_ok(*plugin_, plugin_->registry_find(handle_.get(), lend(method), lend(path), &endpoint));
    return Endpoint(*plugin_, endpoint);
}

std::string Registry::methods(std::string_view path) const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->registry_methods(handle_.get(), lend(path), &sink));
    return text;
}

std::string Registry::report() const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->registry_report(handle_.get(), &sink));
    return text;
}

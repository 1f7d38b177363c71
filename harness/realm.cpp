#include "realm.hpp"

#include "bytes.hpp"

namespace {

jsep_log* open_log(const Plugin& plugin, const jsep_storage& storage) {
    jsep_log* log = nullptr;
    require_ok(plugin, plugin.log_open(&storage, &log));
    return log;
}

jsep_realm* open_realm(const Plugin& plugin, const Engine& engine, const RealmLog& log, std::string_view name,
                       std::string_view source, const Options& options, const jsep_host* host) {
    const std::vector<jsep_option> lent = lend_all(options);
    jsep_realm* realm = nullptr;
    require_ok(plugin, plugin.realm_open(engine.get(), log.get(), lend(name), lend(source), lent.data(), lent.size(),
                                         host, &realm));
    return realm;
}

void collect(void* context, jsep_bytes receiver, jsep_bytes datagram) {
    static_cast<std::deque<Datagram>*>(context)->push_back({std::string(view(receiver)), std::string(view(datagram))});
}

}  // namespace

bool is_final(jsep_status status) {
    return status == JSEP_STORAGE_FAILED || status == JSEP_REALM_STOPPED || status == JSEP_REPLAY_DIVERGED ||
           status == JSEP_LOG_DAMAGED;
}

RealmLog::RealmLog(const Plugin& plugin, const jsep_storage& storage)
    : plugin_(&plugin), handle_(open_log(plugin, storage), plugin.log_free) {}

std::string RealmLog::verify(const Plugin& plugin, const jsep_storage& storage) {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(plugin, plugin.log_verify(&storage, &sink));
    return text;
}

std::string RealmLog::checkpoint(const Plugin& plugin, const Engine& engine, const jsep_storage& storage,
                                 std::string_view realm) {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(plugin, plugin.log_checkpoint(engine.get(), &storage, lend(realm), &sink));
    return text;
}

void RealmLog::trim() const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->log_trim(handle_.get(), &sink));
}

std::string RealmLog::report() const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->log_report(handle_.get(), &sink));
    return text;
}

DurableRealm::DurableRealm(const Plugin& plugin, const Engine& engine, const RealmLog& log, std::string_view name,
                           std::string_view source, const Options& options, const jsep_host* host)
    : plugin_(&plugin), handle_(open_realm(plugin, engine, log, name, source, options, host), plugin.realm_free) {}

DurableRealm DurableRealm::of_app(const Plugin& plugin, const Engine& engine, const RealmLog& log,
                                  std::string_view name, std::string_view bundle, const Options& options,
                                  const jsep_host* host) {
    const std::vector<jsep_option> lent = lend_all(options);
    jsep_realm* realm = nullptr;
    require_ok(plugin, plugin.realm_open_app(engine.get(), log.get(), lend(name), lend(bundle), lent.data(),
                                             lent.size(), host, &realm));
    return DurableRealm(plugin, realm);
}

std::string DurableRealm::eval(std::string_view id, std::string_view source, const jsep_host* host) const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->realm_eval(handle_.get(), lend(id), lend(source), host, &sink));
    return text;
}

std::string DurableRealm::call(std::string_view id, std::string_view function, std::string_view argument,
                               const jsep_host* host) const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->realm_call(handle_.get(), lend(id), lend(function), lend(argument), host, &sink));
    return text;
}

Response DurableRealm::execute(std::string_view id, const jsep_request& request, const jsep_host* host) const {
    jsep_response* response = nullptr;
    require_ok(*plugin_, plugin_->realm_execute(handle_.get(), lend(id), &request, host, &response));
    return Response(*plugin_, response);
}

std::optional<std::string> DurableRealm::endpoint(std::string_view method, std::string_view path) const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    const jsep_status status = plugin_->realm_endpoint(handle_.get(), lend(method), lend(path), &sink);
    if (status == JSEP_NO_APP) {
        return std::nullopt;
    }
    require_ok(*plugin_, status);
    return text;
}

std::string DurableRealm::methods(std::string_view path) const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->realm_methods(handle_.get(), lend(path), &sink));
    return text;
}

std::string DurableRealm::upgrade(std::string_view id, std::string_view source, const jsep_host* host) const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->realm_upgrade(handle_.get(), lend(id), lend(source), host, &sink));
    return text;
}

std::optional<double> DurableRealm::next_alarm(const jsep_host* host) const {
    double due = 0;
    const jsep_status status = plugin_->realm_next_alarm(handle_.get(), host, &due);
    if (status == JSEP_NOT_FOUND) {
        return std::nullopt;
    }
    require_ok(*plugin_, status);
    return due;
}

bool DurableRealm::alarm(const jsep_host* host) const {
    const jsep_status status = plugin_->realm_alarm(handle_.get(), host);
    if (status == JSEP_NOT_FOUND) {
        return false;
    }
    require_ok(*plugin_, status);
    return true;
}

double DurableRealm::outgoing(const jsep_host* host, std::deque<Datagram>& datagrams) const {
    double next = 0;
    const jsep_carrier carrier{&datagrams, collect};
    require_ok(*plugin_, plugin_->realm_outgoing(handle_.get(), host, &carrier, &next));
    return next;
}

void DurableRealm::incoming(std::string_view datagram, const jsep_host* host, std::deque<Datagram>& datagrams) const {
    const jsep_carrier carrier{&datagrams, collect};
    require_ok(*plugin_, plugin_->realm_incoming(handle_.get(), lend(datagram), host, &carrier));
}

std::string DurableRealm::report() const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->realm_report(handle_.get(), &sink));
    return text;
}

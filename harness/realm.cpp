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

}  // namespace

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

std::string DurableRealm::report() const {
    std::string text;
    const jsep_sink sink = sink_to(text);
    require_ok(*plugin_, plugin_->realm_report(handle_.get(), &sink));
    return text;
}

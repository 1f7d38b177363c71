// The handles of durable realms as objects that free themselves. A Plugin outlives what was made with it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "library.hpp"
#include "plugin.hpp"

// All functions throw LibraryError.
class RealmLog {
public:
    // The storage outlives the log.
    RealmLog(const Plugin& plugin, const jsep_storage& storage);

    // Reads a whole log and changes nothing; a JSON object about it.
    static std::string verify(const Plugin& plugin, const jsep_storage& storage);

    // Makes a checkpoint of a realm, which V8 may end the process for; a JSON object about it.
    static std::string checkpoint(const Plugin& plugin, const Engine& engine, const jsep_storage& storage,
                                  std::string_view realm);

    // Gives up what no realm needs any more since there are checkpoints.
    void trim() const;
    // A JSON object about the log.
    std::string report() const;
    const jsep_log* get() const { return handle_.get(); }

private:
    const Plugin* plugin_;
    Handle<jsep_log> handle_;
};

// What a realm has for another.
struct Datagram {
    std::string receiver;
    std::string bytes;
};

// What a realm can't go on after.
bool is_final(jsep_status status);

// All functions throw LibraryError.
class DurableRealm {
public:
    // Opens the realm, or begins it with `source`.
    DurableRealm(const Plugin& plugin, const Engine& engine, const RealmLog& log, std::string_view name,
                 std::string_view source, const Options& options, const jsep_host* host);

    // Opens the realm, or begins it with the app of a packed bundle.
    static DurableRealm of_app(const Plugin& plugin, const Engine& engine, const RealmLog& log, std::string_view name,
                               std::string_view bundle, const Options& options, const jsep_host* host);

    // Evaluates a script as one turn; without an id the input has no name.
    std::string eval(std::string_view id, std::string_view source, const jsep_host* host) const;
    // Calls a function of the realm as one turn; the argument and the answer are JSON, or nothing.
    std::string call(std::string_view id, std::string_view function, std::string_view argument,
                     const jsep_host* host) const;
    // Answers a request as one turn.
    Response execute(std::string_view id, const jsep_request& request, const jsep_host* host) const;
    // The properties of the endpoint for a method and path; nothing when the realm has no app.
    std::optional<std::string> endpoint(std::string_view method, std::string_view path) const;
    // The methods of a path of the app, as in an `allow` header.
    std::string methods(std::string_view path) const;
    // Evaluates a script in the place of a former one as one turn.
    std::string upgrade(std::string_view id, std::string_view source, const jsep_host* host) const;
    // Milliseconds since 1970 when the next alarm is due; nothing when none is set.
    std::optional<double> next_alarm(const jsep_host* host) const;
    // Runs the alarm that is due; whether one was.
    bool alarm(const jsep_host* host) const;
    // Adds what is to be carried to others now, and tells when to ask again: milliseconds since 1970, or infinity.
    double outgoing(const jsep_host* host, std::deque<Datagram>& datagrams) const;
    // Takes what was carried here, and adds what is to be carried back.
    void incoming(std::string_view datagram, const jsep_host* host, std::deque<Datagram>& datagrams) const;
    // A JSON object about the realm.
    std::string report() const;

private:
    DurableRealm(const Plugin& plugin, jsep_realm* handle) : plugin_(&plugin), handle_(handle, plugin.realm_free) {}

    const Plugin* plugin_;
    Handle<jsep_realm> handle_;
};

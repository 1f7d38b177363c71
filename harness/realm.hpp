// The handles of durable realms as objects that free themselves. A Plugin outlives what was made with it.
#pragma once

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

// All functions throw LibraryError.
class DurableRealm {
public:
    // Opens the realm, or begins it with `source`.
    DurableRealm(const Plugin& plugin, const Engine& engine, const RealmLog& log, std::string_view name,
                 std::string_view source, const Options& options, const jsep_host* host);

    // Evaluates a script as one turn; without an id the input has no name.
    std::string eval(std::string_view id, std::string_view source, const jsep_host* host) const;
    // Calls a function of the realm as one turn; the argument and the answer are JSON, or nothing.
    std::string call(std::string_view id, std::string_view function, std::string_view argument,
                     const jsep_host* host) const;
    // A JSON object about the realm.
    std::string report() const;

private:
    const Plugin* plugin_;
    Handle<jsep_realm> handle_;
};

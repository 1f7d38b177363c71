// A durable realm that answers requests, from its directory.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "auth.hpp"
#include "checkpointer.hpp"
#include "library.hpp"
#include "log.hpp"
#include "message.hpp"
#include "plugin.hpp"
#include "realm.hpp"
#include "realm_files.hpp"

struct RealmServiceArguments {
    std::string plugin;
    std::string data;    // Directory of the realm.
    std::string app;     // What a new realm begins with: an app,
    std::string script;  // or a script with `handleRequest`.
    Options options;
    std::string on_throw;  // As the library's option.
    CheckpointBounds checkpoints;
};

class RealmService {
public:
    // Opens the realm, or begins it. Both outlive the service. Throws StartError.
    RealmService(const RealmServiceArguments& arguments, const Authenticator& authenticator, Log& log);

    // Never throws for what a request does. Any thread, several at once.
    Answer answer(const Request& request) const;

private:
    Answer authenticate_and_execute(const Request& request) const;
    Answer execute(const Request& request, const std::string& caller) const;
    Answer refused(const Request& request, const LibraryError& error) const;
    void look_for_checkpoint() const;

    const Authenticator& authenticator_;
    Log& log_;
    const Plugin plugin_;
    const RealmFiles files_;
    const jsep_storage storage_;
    const jsep_host host_;
    const Engine engine_;
    const RealmLog realm_log_;
    const DurableRealm realm_;
    mutable std::mutex looking_;
    mutable Checkpointer checkpointer_;
};

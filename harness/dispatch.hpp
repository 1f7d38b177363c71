// One request from look-up to answer: find the endpoint, authenticate, execute, commit, and execute again on a
// conflict.
#pragma once

#include "auth.hpp"
#include "library.hpp"
#include "log.hpp"
#include "message.hpp"
#include "store.hpp"

class Dispatcher {
public:
    // All outlive the dispatcher.
    Dispatcher(const Registry& registry, Store& store, const Authenticator& authenticator, Log& log)
        : registry_(registry), store_(store), authenticator_(authenticator), log_(log) {}

    // Never throws for what a request does. Any thread, several at once.
    Answer answer(const Request& request) const;

private:
    Answer find_and_execute(const Request& request) const;
    Answer execute(const Endpoint& endpoint, const Request& request, const std::string& caller) const;
    Answer not_found(const Request& request, const LibraryError& error) const;

    const Registry& registry_;
    Store& store_;
    const Authenticator& authenticator_;
    Log& log_;
};

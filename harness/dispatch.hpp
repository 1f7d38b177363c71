// One request from look-up to answer: find the endpoint, authenticate, execute, commit, and execute again on a
// conflict.
#pragma once

#include "auth.hpp"
#include "built_ins.hpp"
#include "host_table.hpp"
#include "library.hpp"
#include "log.hpp"
#include "message.hpp"
#include "metrics.hpp"
#include "store.hpp"

class Dispatcher {
public:
    // All outlive the dispatcher. Null built-ins: the host has none. Null metrics: nothing is counted.
    Dispatcher(const Registry& registry, Store& store, const Authenticator& authenticator, const HostServices& services,
               const BuiltIns* built_ins = nullptr, Metrics* metrics = nullptr)
        : registry_(registry),
          store_(store),
          authenticator_(authenticator),
          services_(services),
          built_ins_(built_ins),
          metrics_(metrics) {}

    // Never throws for what a request does. Any thread, several at once.
    Answer answer(const Request& request) const;

private:
    // One request on its way: what it is counted under, once that is known.
    struct Counted {
        const Request& request;
        EndpointMetrics* metrics;
    };

    void count_call(Counted& counted, std::string_view path) const;
    Answer find_and_execute(Counted& counted) const;
    Answer authenticate_and_execute(const Endpoint& endpoint, const Counted& counted) const;
    Answer execute(const Endpoint& endpoint, const Counted& counted, const std::string& caller) const;
    Answer execute_until_committed(const Endpoint& endpoint, const jsep_request& request, const Counted& counted) const;
    Answer answer_built_in(const BuiltIns::Handler& handler, Counted& counted) const;
    Answer not_found(const Request& request, const LibraryError& error) const;
    void sign_when_due() const;
    void add_transaction_id(Answer& answer, Version version) const;

    const Registry& registry_;
    Store& store_;
    const Authenticator& authenticator_;
    const HostServices services_;
    const BuiltIns* built_ins_;
    Metrics* metrics_;
};

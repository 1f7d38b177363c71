#include "dispatch.hpp"

#include <algorithm>
#include <variant>

#include "bytes.hpp"
#include "confinement.hpp"
#include "historical.hpp"
#include "past_state.hpp"

namespace {

constexpr int MAXIMUM_TRIES = 30;

Answer answer_of(const Response& response) {
    Answer answer;
    answer.status = response.status();
    answer.headers = response.headers();
    answer.body = response.body();
    answer.timings = response.timings();
    return answer;
}

Answer internal_error(std::string_view message) {
    return error_answer(500, "InternalError", message);
}

}  // namespace

Answer Dispatcher::answer(const Request& request) const {
    Counted counted{request, nullptr};
    const auto guarded = [&]() -> Answer {
        try {
            return find_and_execute(counted);
        } catch (const UnknownPolicy& error) {
            return internal_error(error.what());
        } catch (const std::exception& error) {
            // The path alone: queries, headers and bodies may hold secrets.
            services_.log.write(JSEP_LOG_FATAL, request.method + " " + request.path + ": " + error.what());
            return internal_error("The request could not be executed.");
        }
    };
    Answer answer = guarded();
    if (counted.metrics != nullptr) {
        counted.metrics->count_answer(answer.status);
    }
    return answer;
}

void Dispatcher::count_call(Counted& counted, std::string_view path) const {
    if (metrics_ != nullptr) {
        counted.metrics = &metrics_->of(counted.request.method, path);
        ++counted.metrics->calls;
    }
}

Answer Dispatcher::find_and_execute(Counted& counted) const {
    const Request& request = counted.request;
    std::optional<Endpoint> endpoint;
    try {
        endpoint = registry_.find(request.method, request.path);
    } catch (const LibraryError& error) {
        const BuiltIns::Handler* built_in = built_ins_ == nullptr ? nullptr : built_ins_->find(request);
        return built_in == nullptr ? not_found(request, error) : answer_built_in(*built_in, counted);
    }
    count_call(counted, endpoint->path_template());
    return authenticate_and_execute(*endpoint, counted);
}

Answer Dispatcher::authenticate_and_execute(const Endpoint& endpoint, const Counted& counted) const {
    const Request& request = counted.request;
    if (request.caller) {
        return execute(endpoint, counted, *request.caller);
    }
    const auto outcome = authenticator_.authenticate(endpoint.properties(), request);
    if (const auto* refusals = std::get_if<Refusals>(&outcome)) {
        return refusal_answer(*refusals);
    }
    return execute(endpoint, counted, std::get<Caller>(outcome).json);
}

Answer Dispatcher::execute(const Endpoint& endpoint, const Counted& counted, const std::string& caller) const {
    const Request& request = counted.request;
    LentRequest lent(request, caller);
    if (endpoint.mode() != JSEP_MODE_HISTORICAL) {
        return execute_until_committed(endpoint, lent.get(), counted);
    }

    if (services_.history == nullptr) {
        return internal_error("This host keeps no past states.");
    }
    const auto found = find_transaction(*services_.history, request);
    if (const auto* answer = std::get_if<Answer>(&found)) {
        return *answer;
    }
    const PastState state(services_.history->ledger(), std::get<TransactionId>(found).seqno);
    lent.set_historical_state(state.get());
    return execute_until_committed(endpoint, lent.get(), counted);
}

Answer Dispatcher::execute_until_committed(const Endpoint& endpoint, const jsep_request& request,
                                           const Counted& counted) const {
    for (int tries = 0; tries < MAXIMUM_TRIES; ++tries) {
        if (tries > 0 && counted.metrics != nullptr) {
            ++counted.metrics->retries;
        }
        Transaction transaction = store_.begin();
        const HostTable table(transaction, services_);
        const auto execute = [&] { return endpoint.execute(request, table.get()); };
        const std::optional<Response> response =
            services_.confined == nullptr ? execute() : services_.confined->run(execute);
        if (!response) {
            continue;
        }
        Answer answer = answer_of(*response);
        for (const auto& [name, value] : answer.headers) {
            if (!is_sendable(name, value)) {
                return internal_error("The response has a header that HTTP can't carry.");
            }
        }
        if (!response->apply_writes()) {
            return answer;
        }
        if (const std::string_view claims = response->claims_digest(); !claims.empty()) {
            Digest digest{};
            std::copy_n(claims.begin(), std::min(claims.size(), digest.size()), digest.begin());
            transaction.set_claims_digest(digest);
        }
        if (const std::optional<Version> version = transaction.commit()) {
            add_transaction_id(answer, *version);
            sign_when_due();
            return answer;
        }
    }
    Answer answer = error_answer(
        503, "TransactionCommitAttemptsExceedLimit",
        "Transaction continued to conflict after " + std::to_string(MAXIMUM_TRIES) + " attempts. Retry later.");
    answer.headers.emplace_back("retry-after", "3");
    return answer;
}

// The transaction is in the ledger already, so a signature that fails must not make its answer an error.
void Dispatcher::sign_when_due() const {
    if (services_.history == nullptr) {
        return;
    }
    try {
        services_.history->ledger().sign_when_due();
    } catch (const std::exception& error) {
        services_.log.write(JSEP_LOG_FAIL, std::string("the ledger is not signed: ") + error.what());
    }
}

void Dispatcher::add_transaction_id(Answer& answer, Version version) const {
    // A store without ledger has had one leader only.
    const TransactionId id = services_.history == nullptr
                                 ? TransactionId{Ledger::FIRST_VIEW, static_cast<uint64_t>(version)}
                                 : services_.history->ledger().id_of(version);
    answer.headers.emplace_back(TRANSACTION_HEADER, id.text());
}

Answer Dispatcher::answer_built_in(const BuiltIns::Handler& handler, Counted& counted) const {
    count_call(counted, BuiltIns::path_of(counted.request));
    return handler(counted.request);
}

Answer Dispatcher::not_found(const Request& request, const LibraryError& error) const {
    const std::string built_in_methods = built_ins_ == nullptr ? std::string() : built_ins_->methods(request);
    const bool unknown = error.status() == JSEP_PATH_UNKNOWN;
    if (unknown && built_in_methods.empty()) {
        return error_answer(404, "ResourceNotFound", error.message());
    }
    if (!unknown && error.status() != JSEP_METHOD_UNSUPPORTED) {
        throw error;
    }
    const std::string methods = unknown ? built_in_methods : registry_.methods(request.path);
    Answer answer;
    if (request.method == "OPTIONS") {
        answer.status = 204;
    } else {
        const std::string path(BuiltIns::path_of(request));
        answer = error_answer(405, "UnsupportedHttpVerb",
                              unknown ? "Allowed methods for '" + path + "' are: " + methods + "." : error.message());
    }
    answer.headers.emplace_back("allow", methods);
    return answer;
}

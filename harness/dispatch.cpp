#include "dispatch.hpp"

#include <variant>

#include "bytes.hpp"
#include "host_table.hpp"

namespace {

constexpr int MAXIMUM_TRIES = 30;
// This store has had one leader only, so all of its versions are of one view.
constexpr const char* VIEW = "2";

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
    try {
        return find_and_execute(request);
    } catch (const UnknownPolicy& error) {
        return internal_error(error.what());
    } catch (const std::exception& error) {
        // The path alone: queries, headers and bodies may hold secrets.
        log_.write(JSEP_LOG_FATAL, request.method + " " + request.path + ": " + error.what());
        return internal_error("The request could not be executed.");
    }
}

Answer Dispatcher::find_and_execute(const Request& request) const {
    std::optional<Endpoint> endpoint;
    try {
        endpoint = registry_.find(request.method, request.path);
    } catch (const LibraryError& error) {
        return not_found(request, error);
    }
    if (request.caller) {
        return execute(*endpoint, request, *request.caller);
    }
    const auto outcome = authenticator_.authenticate(endpoint->properties(), request);
    if (const auto* refusals = std::get_if<Refusals>(&outcome)) {
        return error_answer(401, "InvalidAuthenticationInfo", "Invalid authentication credentials.",
                            refusal_details(*refusals));
    }
    return execute(*endpoint, request, std::get<Caller>(outcome).json);
}

Answer Dispatcher::execute(const Endpoint& endpoint, const Request& request, const std::string& caller) const {
    std::vector<jsep_header> headers;
    headers.reserve(request.headers.size());
    for (const auto& [name, value] : request.headers) {
        headers.push_back(jsep_header{lend(name), lend(value)});
    }
    jsep_request lent{};
    lent.size = sizeof(lent);
    lent.method = lend(request.method);
    lent.path = lend(request.path);
    lent.query = lend(request.query);
    lent.headers = headers.data();
    lent.header_count = headers.size();
    lent.body = lend(request.body);
    lent.caller = lend(caller);

    for (int tries = 0; tries < MAXIMUM_TRIES; ++tries) {
        Transaction transaction = store_.begin();
        const HostTable table(transaction, log_);
        const std::optional<Response> response = endpoint.execute(lent, table.get());
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
        if (const std::optional<Version> version = transaction.commit()) {
            answer.headers.emplace_back("x-ms-ccf-transaction-id", std::string(VIEW) + "." + std::to_string(*version));
            return answer;
        }
    }
    Answer answer = error_answer(
        503, "TransactionCommitAttemptsExceedLimit",
        "Transaction continued to conflict after " + std::to_string(MAXIMUM_TRIES) + " attempts. Retry later.");
    answer.headers.emplace_back("retry-after", "3");
    return answer;
}

Answer Dispatcher::not_found(const Request& request, const LibraryError& error) const {
    switch (error.status()) {
        case JSEP_PATH_UNKNOWN:
            return error_answer(404, "ResourceNotFound", error.message());
        case JSEP_METHOD_UNSUPPORTED: {
            Answer answer;
            if (request.method == "OPTIONS") {
                answer.status = 204;
            } else {
                answer = error_answer(405, "UnsupportedHttpVerb", error.message());
            }
            answer.headers.emplace_back("allow", registry_.methods(request.path));
            return answer;
        }
        default:
            throw error;
    }
}

#include "ledger_endpoints.hpp"

#include <nlohmann/json.hpp>

#include "historical.hpp"

using nlohmann::ordered_json;

namespace {

constexpr std::string_view PARAMETER = "transaction_id";

// The transaction that the query names, or the answer to a query that names none.
std::variant<TransactionId, Answer> queried_transaction(const Request& request) {
    const std::optional<std::string_view> text = query_parameter(request.query, PARAMETER);
    if (!text) {
        return error_answer(400, "InvalidQueryParameterValue", "The query has no parameter 'transaction_id'.");
    }
    const std::optional<TransactionId> id = TransactionId::parse(*text);
    if (!id) {
        return error_answer(400, "InvalidQueryParameterValue",
                            "The value of the query parameter 'transaction_id' is not <view>.<seqno>.");
    }
    return *id;
}

Answer commit(History& history) {
    return json_answer(200, ordered_json{{"transaction_id", history.ledger().last_committed().text()}}.dump());
}

Answer transaction_status(History& history, const Request& request) {
    const auto queried = queried_transaction(request);
    if (const auto* answer = std::get_if<Answer>(&queried)) {
        return *answer;
    }
    const auto& id = std::get<TransactionId>(queried);
    const ordered_json body = {{"transaction_id", id.text()}, {"status", name_of(history.ledger().status_of(id))}};
    return json_answer(200, body.dump());
}

Answer receipt(History& history, const Request& request) {
    const auto queried = queried_transaction(request);
    if (const auto* answer = std::get_if<Answer>(&queried)) {
        return *answer;
    }
    const auto found = find_transaction(history, std::get<TransactionId>(queried));
    if (const auto* answer = std::get_if<Answer>(&found)) {
        return *answer;
    }
    return json_answer(200, history.ledger().receipt(std::get<TransactionId>(found).seqno));
}

}  // namespace

void add_ledger_endpoints(BuiltIns& built_ins, History& history) {
    built_ins.add("GET", "/commit", [&history](const Request&) { return commit(history); });
    built_ins.add("GET", "/tx", [&history](const Request& request) { return transaction_status(history, request); });
    built_ins.add("GET", "/receipt", [&history](const Request& request) { return receipt(history, request); });
}

#include "historical.hpp"

namespace {

Answer not_committed(const TransactionId& id, TransactionStatus status) {
    const std::string message =
        "Only committed transactions can be queried. Transaction " + id.text() + " is " + name_of(status) + ".";
    if (status == TransactionStatus::INVALID) {
        return error_answer(404, "TransactionInvalid", message);
    }
    Answer answer = error_answer(404, "TransactionPendingOrUnknown", message);
    answer.headers.emplace_back("cache-control", "no-cache");
    return answer;
}

Answer on_its_way(const TransactionId& id) {
    Answer answer;
    answer.status = 202;
    answer.headers = {{"retry-after", "3"}, {"content-type", "text/plain"}};
    answer.body = "Historical transaction " + id.text() + " is not currently available.";
    return answer;
}

}  // namespace

std::variant<TransactionId, Answer> find_transaction(History& history, const TransactionId& id) {
    const TransactionStatus status = history.ledger().status_of(id);
    if (status != TransactionStatus::COMMITTED) {
        return not_committed(id, status);
    }
    if (!history.has_state(id.seqno, History::Clock::now())) {
        return on_its_way(id);
    }
    return id;
}

std::variant<TransactionId, Answer> find_transaction(History& history, const Request& request) {
    const std::optional<TransactionId> id = TransactionId::parse(request.header(TRANSACTION_HEADER).value_or(""));
    if (!id) {
        return error_answer(404, "TransactionInvalid", "Could not extract Transaction Id");
    }
    return find_transaction(history, *id);
}

#include "transaction_id.hpp"

#include <charconv>

namespace {

std::optional<uint64_t> parse_number(std::string_view text) {
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && rest == end && number > 0 ? std::optional<uint64_t>(number) : std::nullopt;
}

}  // namespace

std::string TransactionId::text() const {
    return std::to_string(view) + "." + std::to_string(seqno);
}

std::optional<TransactionId> TransactionId::parse(std::string_view text) {
    const size_t dot = text.find('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<uint64_t> view = parse_number(text.substr(0, dot));
    const std::optional<uint64_t> seqno = parse_number(text.substr(dot + 1));
    return view && seqno ? std::optional<TransactionId>(TransactionId{*view, *seqno}) : std::nullopt;
}

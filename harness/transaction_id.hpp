// The id of a transaction: a view and a sequence number, both from 1, written `<view>.<seqno>`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct TransactionId {
    uint64_t view;
    uint64_t seqno;

    std::string text() const;
    // Nothing when the text is no id.
    static std::optional<TransactionId> parse(std::string_view text);
};

constexpr const char* TRANSACTION_HEADER = "x-ms-ccf-transaction-id";

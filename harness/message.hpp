// A request and its answer, as HTTP has them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jsep.h"

using Headers = std::vector<std::pair<std::string, std::string>>;

// A certificate that the peer has proven to hold the key of.
struct ClientCertificate {
    std::string id;  // SHA-256 of the DER form in lower-case hexadecimal digits.
    std::string pem;
};

struct Request {
    std::string method;
    std::string path;   // As received: not decoded.
    std::string query;  // Decoded as a whole.
    Headers headers;    // In the order received.
    std::string body;
    std::shared_ptr<const ClientCertificate> certificate;  // Null when the peer showed none.
    std::optional<std::string> caller;                     // JSON that stands in for authentication.

    // First value of a header, whatever the case of its name.
    std::optional<std::string_view> header(std::string_view lower_case_name) const;
};

struct Answer {
    int status = 500;
    Headers headers;
    std::string body;
    // What the library says about the execution; nothing when the host answered by itself.
    std::optional<jsep_execution_timings> timings;
};

// Splits a request target at its first question mark and decodes the query.
void set_target(Request& request, std::string_view target);

// The value of a parameter in a decoded query, lent from there; the last counts. Nothing when there is none.
std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name);

// The error body that all of the host's own answers have. `details` is a JSON array or empty.
Answer error_answer(int status, std::string_view code, std::string_view message, std::string_view details = {});

// The standard's phrase for a status, or no text.
std::string_view reason_phrase(int status);

// Whether HTTP can carry a header: the name is a token, and the value has no line break or NUL byte.
bool is_sendable(std::string_view name, std::string_view value);

// Whether a text is a token of HTTP, such as a method or the name of a header.
bool is_token(std::string_view text);

std::string to_lower(std::string_view text);

#include "message.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace {

char lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

// The value of a hexadecimal digit, or -1.
int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char letter = lower(digit);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Percent escapes and plus signs become what they stand for; what is no escape stays as it is.
std::string decode_query(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (size_t index = 0; index < text.size(); ++index) {
        if (text[index] == '%' && index + 2 < text.size()) {
            const int high = digit_value(text[index + 1]);
            const int low = digit_value(text[index + 2]);
            if (high >= 0 && low >= 0) {
                decoded += static_cast<char>(high * 16 + low);
                index += 2;
                continue;
            }
        }
        decoded += text[index] == '+' ? ' ' : text[index];
    }
    return decoded;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers) {
        if (name.size() == lower_case_name.size() &&
            std::equal(name.begin(), name.end(), lower_case_name.begin(),
                       [](char given, char wanted) { return lower(given) == wanted; })) {
            return value;
        }
    }
    return std::nullopt;
}

void set_target(Request& request, std::string_view target) {
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    request.query = mark == std::string_view::npos ? std::string() : decode_query(target.substr(mark + 1));
}

std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name) {
    std::optional<std::string_view> value;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.substr(0, part.find('=')) == name) {
            value = part.substr(std::min(name.size() + 1, part.size()));
        }
    }
    return value;
}

Answer error_answer(int status, std::string_view code, std::string_view message, std::string_view details) {
    nlohmann::ordered_json error;
    error["code"] = code;
    error["message"] = message;
    if (!details.empty()) {
        error["details"] = nlohmann::ordered_json::parse(details);
    }
    Answer answer;
    answer.status = status;
    answer.headers = {{"content-type", "application/json"}};
    // A message may quote a path with any bytes.
    const nlohmann::ordered_json body = {{"error", error}};
    answer.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    return answer;
}

std::string_view reason_phrase(int status) {
    static constexpr std::pair<int, std::string_view> PHRASES[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    const auto* found = std::find_if(std::begin(PHRASES), std::end(PHRASES),
                                     [status](const auto& entry) { return entry.first == status; });
    return found == std::end(PHRASES) ? std::string_view() : found->second;
}

bool is_token(std::string_view text) {
    static constexpr std::string_view SIGNS = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
        const char letter = lower(character);
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               SIGNS.find(character) != std::string_view::npos;
    });
}

bool is_sendable(std::string_view name, std::string_view value) {
    return is_token(name) && value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string to_lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

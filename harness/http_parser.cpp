#include "http_parser.hpp"

#include <charconv>
#include <optional>

namespace {

[[noreturn]] void refuse(const std::string& message) {
    throw HttpError(400, "InvalidRequest", message);
}

// Takes the next line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    return line;
}

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Path and query of a target, which may be a whole URL when the client takes this host for a proxy.
std::string_view origin_form(std::string_view target) {
    if (target.empty()) {
        refuse("The request target is empty.");
    }
    if (target.front() == '/' || target == "*") {
        return target;
    }
    const std::string scheme = to_lower(target.substr(0, 8));
    const size_t authority = scheme.substr(0, 7) == "http://" ? 7 : scheme == "https://" ? 8 : 0;
    const size_t path = authority == 0 ? std::string_view::npos : target.find('/', authority);
    if (authority == 0) {
        refuse("The request target is not a path.");
    }
    return path == std::string_view::npos ? "/" : target.substr(path);
}

void parse_request_line(std::string_view line, RequestHead& head) {
    const size_t first_space = line.find(' ');
    const size_t last_space = line.rfind(' ');
    if (first_space == std::string_view::npos || first_space == last_space) {
        refuse("The request line is not a method, a target and a version.");
    }
    const std::string_view method = line.substr(0, first_space);
    const std::string_view target = line.substr(first_space + 1, last_space - first_space - 1);
    const std::string_view version = line.substr(last_space + 1);
    if (!is_token(method)) {
        refuse("The method is not a token.");
    }
    for (const char character : target) {
        const auto code = static_cast<unsigned char>(character);
        if (code <= 0x20 || code == 0x7f) {
            refuse("The request target has a space or a control character.");
        }
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        if (version.substr(0, 5) == "HTTP/") {
            throw HttpError(505, "HttpVersionNotSupported", "Only HTTP/1.0 and HTTP/1.1 are supported.");
        }
        refuse("The version is not one of HTTP.");
    }
    head.method = method;
    head.target = origin_form(target);
    head.keep_alive = version == "HTTP/1.1";
}

void parse_header(std::string_view line, RequestHead& head) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
        refuse("A header line has no colon.");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!is_sendable(name, value)) {
        refuse("A header has a name that is not a token, or a value with a control character.");
    }
    head.headers.emplace_back(name, value);
}

size_t parse_length(std::string_view text) {
    size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || end != text.data() + text.size()) {
        refuse("The content-length is not a number.");
    }
    return length;
}

bool has_option(std::string_view list, std::string_view option) {
    while (!list.empty()) {
        const size_t comma = list.find(',');
        if (to_lower(trimmed(list.substr(0, comma))) == option) {
            return true;
        }
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
}

// What the headers say about the body and the connection.
void read_framing(RequestHead& head) {
    std::optional<size_t> length;
    for (const auto& [given_name, value] : head.headers) {
        const std::string name = to_lower(given_name);
        if (name == "content-length") {
            const size_t given = parse_length(value);
            if (length && *length != given) {
                refuse("There are several values of content-length.");
            }
            length = given;
        } else if (name == "transfer-encoding") {
            if (head.chunked || to_lower(value) != "chunked") {
                throw HttpError(501, "NotImplemented", "The only supported transfer-encoding is chunked.");
            }
            head.chunked = true;
        } else if (name == "connection") {
            head.keep_alive = has_option(value, "close") ? false : head.keep_alive || has_option(value, "keep-alive");
        } else if (name == "expect") {
            if (to_lower(value) != "100-continue") {
                throw HttpError(417, "ExpectationFailed", "The only supported expectation is 100-continue.");
            }
            head.expects_continue = true;
        }
    }
    // Two opinions about where a request ends are how one client's request becomes part of another's.
    if (head.chunked && length) {
        refuse("There is both a content-length and a transfer-encoding.");
    }
    head.content_length = length.value_or(0);
}

}  // namespace

RequestHead parse_head(std::string_view text) {
    RequestHead head;
    parse_request_line(take_line(text), head);
    while (!text.empty()) {
        parse_header(take_line(text), head);
    }
    read_framing(head);
    return head;
}

size_t parse_chunk_size(std::string_view line) {
    const std::string_view digits = trimmed(line.substr(0, line.find(';')));
    size_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (error != std::errc() || end != digits.data() + digits.size()) {
        refuse("The size of a chunk is not a hexadecimal number.");
    }
    return size;
}

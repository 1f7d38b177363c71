#include "http_connection.hpp"

#include <algorithm>

namespace {

constexpr size_t MAXIMUM_HEAD = 64UL * 1024;
constexpr size_t MAXIMUM_BODY = 16UL * 1024 * 1024;
constexpr size_t READ_SIZE = 16UL * 1024;

// Headers that say where a message ends and what becomes of the connection. They are the server's, whatever the app
// gives.
constexpr std::string_view FRAMING[] = {"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"};

bool is_framing(const std::string& name) {
    return std::find(std::begin(FRAMING), std::end(FRAMING), to_lower(name)) != std::end(FRAMING);
}

bool forbids_body(int status) {
    return status == 204 || status == 304;
}

// Length of the head with its empty line, or npos. `from` is where a search before ended.
size_t head_end(std::string_view text, size_t from) {
    for (size_t newline = text.find('\n', from); newline != std::string_view::npos;
         newline = text.find('\n', newline + 1)) {
        if (text.substr(newline + 1, 1) == "\n") {
            return newline + 2;
        }
        if (text.substr(newline + 1, 2) == "\r\n") {
            return newline + 3;
        }
    }
    return std::string_view::npos;
}

void check_body_size(size_t size) {
    if (size > MAXIMUM_BODY) {
        throw HttpError(413, "RequestBodyTooLarge",
                        "The request body is larger than " + std::to_string(MAXIMUM_BODY) + " bytes.");
    }
}

}  // namespace

bool HttpConnection::serve(const Handler& handler, bool may_continue) {
    try {
        bool with_body = true;
        try {
            stream_.handshake();
            const std::optional<RequestHead> head = read_head(with_body);
            if (!head) {
                return false;
            }
            Request request;
            request.body = read_body(*head);
            request.method = head->method;
            request.headers = head->headers;
            request.certificate = stream_.certificate();
            set_target(request, head->target);
            const bool keep_alive = head->keep_alive && may_continue;
            write(handler(request), with_body, keep_alive);
            if (keep_alive) {
                return true;
            }
        } catch (const HttpError& error) {
            write(error_answer(error.status(), error.code(), error.what()), with_body, false);
        }
        stream_.finish();
    } catch (const ConnectionLost&) {
        // The peer went away; there is nobody to tell.
    }
    return false;
}

// Nothing when the peer has ended the connection before a request. `with_body` says whether the answer has a body, also
// when the head is refused.
std::optional<RequestHead> HttpConnection::read_head(bool& with_body) {
    size_t searched = 0;
    for (;;) {
        // Empty lines before a request are tolerated.
        received_.erase(0, std::min(received_.find_first_not_of("\r\n"), received_.size()));
        const size_t end = head_end(received_, searched);
        if (end != std::string::npos && end <= MAXIMUM_HEAD) {
            const size_t last_line_end = received_.find_last_not_of("\r\n", end - 1) + 1;
            with_body = received_.compare(0, 5, "HEAD ") != 0;
            RequestHead head = parse_head(std::string_view(received_).substr(0, last_line_end));
            received_.erase(0, end);
            return head;
        }
        if (received_.size() > MAXIMUM_HEAD) {
            throw HttpError(431, "RequestHeaderTooLarge",
                            "The request's headers are larger than " + std::to_string(MAXIMUM_HEAD) + " bytes.");
        }
        // The end may be split: at most three bytes of it are here already.
        searched = received_.size() - std::min<size_t>(received_.size(), 3);
        if (!receive()) {
            if (received_.empty()) {
                return std::nullopt;
            }
            throw ConnectionLost();
        }
    }
}

std::string HttpConnection::read_body(const RequestHead& head) {
    check_body_size(head.content_length);
    const bool has_body = head.chunked || head.content_length > 0;
    if (has_body && head.expects_continue && received_.empty()) {
        stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (head.chunked) {
        return read_chunks();
    }
    std::string body;
    take(head.content_length, body);
    return body;
}

std::string HttpConnection::read_chunks() {
    std::string body;
    for (;;) {
        const size_t size = parse_chunk_size(take_line());
        if (size == 0) {
            break;
        }
        check_body_size(size);
        check_body_size(body.size() + size);
        take(size, body);
        if (!take_line().empty()) {
            throw HttpError(400, "InvalidRequest", "A chunk is longer than its size.");
        }
    }
    // Headers may follow the last chunk; nobody reads them.
    size_t length = 0;
    for (std::string line = take_line(); !line.empty(); line = take_line()) {
        length += line.size();
        if (length > MAXIMUM_HEAD) {
            throw HttpError(431, "RequestHeaderTooLarge", "The headers after the body are too large.");
        }
    }
    return body;
}

std::string HttpConnection::take_line() {
    size_t end = received_.find('\n');
    while (end == std::string::npos) {
        if (received_.size() > MAXIMUM_HEAD) {
            throw HttpError(400, "InvalidRequest", "A line of the body's framing is too long.");
        }
        require_more();
        end = received_.find('\n');
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r') {
        line.pop_back();
    }
    return line;
}

void HttpConnection::take(size_t size, std::string& target) {
    while (size > 0) {
        if (received_.empty()) {
            require_more();
        }
        const size_t part = std::min(size, received_.size());
        target.append(received_, 0, part);
        received_.erase(0, part);
        size -= part;
    }
}

bool HttpConnection::receive() {
    char buffer[READ_SIZE];
    const size_t count = stream_.read(buffer, sizeof(buffer));
    received_.append(buffer, count);
    return count > 0;
}

void HttpConnection::require_more() {
    if (!receive()) {
        throw ConnectionLost();
    }
}

void HttpConnection::write(const Answer& answer, bool with_body, bool keep_alive) {
    std::string message = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    message += reason_phrase(answer.status);
    message += "\r\n";
    for (const auto& [name, value] : answer.headers) {
        if (!is_framing(name)) {
            message += name;
            message += ": ";
            message += value;
            message += "\r\n";
        }
    }
    if (!forbids_body(answer.status)) {
        message += "content-length: " + std::to_string(answer.body.size()) + "\r\n";
    }
    message += keep_alive ? "\r\n" : "connection: close\r\n\r\n";
    if (with_body && !forbids_body(answer.status)) {
        message += answer.body;
    }
    stream_.write(message);
}

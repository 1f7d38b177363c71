// The head of an HTTP/1.x request. Values stay as received: nothing is decoded.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "message.hpp"

// A request that can't be served as HTTP; the connection ends after the answer.
class HttpError : public std::runtime_error {
public:
    HttpError(int status, const char* code, const std::string& message)
        : std::runtime_error(message), status_(status), code_(code) {}

    int status() const { return status_; }
    const char* code() const { return code_; }

private:
    int status_;
    const char* code_;
};

struct RequestHead {
    std::string method;
    std::string target;  // Path and query.
    Headers headers;
    bool keep_alive = true;
    bool expects_continue = false;
    bool chunked = false;
    size_t content_length = 0;
};

// Parses the lines before the empty line. Throws HttpError.
RequestHead parse_head(std::string_view text);

// Parses the line before a chunk of a body. Throws HttpError.
size_t parse_chunk_size(std::string_view line);

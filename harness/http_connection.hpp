// One client's connection: reads requests, writes answers.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "http_parser.hpp"
#include "message.hpp"
#include "stream.hpp"

class HttpConnection {
public:
    using Handler = std::function<Answer(const Request&)>;

    HttpConnection(int socket, const TlsContext* tls) : stream_(socket, tls) {}

    // Reads one request and answers it. Answers whether the connection can serve another one.
    // `may_continue` says whether the server wants that. Throws nothing but what `handler` throws.
    bool serve(const Handler& handler, bool may_continue);

    // Whether a part of the next request has been read already.
    bool has_received() const { return !received_.empty() || stream_.has_pending(); }

    const Stream& stream() const { return stream_; }

private:
    std::optional<RequestHead> read_head(bool& with_body);
    std::string read_body(const RequestHead& head);
    std::string read_chunks();
    std::string take_line();
    void take(size_t size, std::string& target);
    bool receive();
    void require_more();
    void write(const Answer& answer, bool with_body, bool keep_alive);

    Stream stream_;
    std::string received_;  // What was read of the next request.
};

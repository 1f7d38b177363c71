// A connected socket, plain or with TLS, that waits for a bounded time.
#pragma once

#include <memory>
#include <openssl/ssl.h>
#include <string_view>

#include "message.hpp"
#include "tls.hpp"

// The peer is gone, too slow, or broke the protocol of TLS.
struct ConnectionLost {};

class Stream {
public:
    // Takes the socket over. `tls` is null for a plain connection and outlives the stream.
    Stream(int socket, const TlsContext* tls);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Greets the peer if TLS needs that and it has not been done. Throws ConnectionLost.
    void handshake();
    // Number of bytes read; 0 when the peer has ended its side. Throws ConnectionLost.
    size_t read(char* buffer, size_t size);
    // Throws ConnectionLost.
    void write(std::string_view bytes);
    // Whether bytes were received that the socket does not tell of any more.
    bool has_pending() const;
    // Ends this side and drops what the peer still sends, so that it gets to read what was written before.
    void finish();
    // Makes reads end, from any thread.
    void stop_reading() const;

    int socket() const { return socket_; }
    const std::shared_ptr<const ClientCertificate>& certificate() const { return certificate_; }

private:
    int socket_;
    std::unique_ptr<SSL, void (*)(SSL*)> session_;
    bool greeted_ = false;
    std::shared_ptr<const ClientCertificate> certificate_;
};

#include "stream.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr time_t WAIT_SECONDS = 10;
constexpr std::chrono::seconds FINISH_TIME{5};

void set_waiting_time(int socket, time_t seconds) {
    const timeval time{seconds, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

int clamped(size_t size) {
    return static_cast<int>(std::min<size_t>(size, INT_MAX));
}

}  // namespace

Stream::Stream(int socket, const TlsContext* tls)
    : socket_(socket), session_(tls == nullptr ? nullptr : tls->new_session(), SSL_free), greeted_(tls == nullptr) {
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    set_waiting_time(socket_, WAIT_SECONDS);
}

Stream::~Stream() {
    close(socket_);
}

void Stream::handshake() {
    if (greeted_) {
        return;
    }
    ERR_clear_error();
    if (session_ == nullptr || SSL_set_fd(session_.get(), socket_) != 1 || SSL_accept(session_.get()) != 1) {
        ERR_clear_error();
        throw ConnectionLost();
    }
    certificate_ = peer_certificate(session_.get());
    greeted_ = true;
}

size_t Stream::read(char* buffer, size_t size) {
    if (session_ == nullptr) {
        for (;;) {
            const ssize_t count = recv(socket_, buffer, size, 0);
            if (count >= 0) {
                return static_cast<size_t>(count);
            }
            if (errno != EINTR) {
                throw ConnectionLost();
            }
        }
    }
    ERR_clear_error();
    const int count = SSL_read(session_.get(), buffer, clamped(size));
    if (count > 0) {
        return static_cast<size_t>(count);
    }
    if (SSL_get_error(session_.get(), count) == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    ERR_clear_error();
    throw ConnectionLost();
}

void Stream::write(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t count = 0;
        if (session_ == nullptr) {
            count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0 && errno == EINTR) {
                continue;
            }
        } else {
            ERR_clear_error();
            count = SSL_write(session_.get(), bytes.data(), clamped(bytes.size()));
        }
        if (count <= 0) {
            ERR_clear_error();
            throw ConnectionLost();
        }
        bytes.remove_prefix(static_cast<size_t>(count));
    }
}

bool Stream::has_pending() const {
    return session_ != nullptr && SSL_pending(session_.get()) > 0;
}

void Stream::finish() {
    if (session_ != nullptr && greeted_) {
        ERR_clear_error();
        SSL_shutdown(session_.get());
        ERR_clear_error();
    }
    shutdown(socket_, SHUT_WR);
    set_waiting_time(socket_, 1);
    const auto end = std::chrono::steady_clock::now() + FINISH_TIME;
    char dropped[16384];
    while (std::chrono::steady_clock::now() < end && recv(socket_, dropped, sizeof(dropped), 0) > 0) {
    }
}

void Stream::stop_reading() const {
    shutdown(socket_, SHUT_RD);
}

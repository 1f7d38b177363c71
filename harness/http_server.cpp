#include "http_server.hpp"

#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.hpp"
#include "start_error.hpp"

namespace {

constexpr int BACKLOG = 1024;
constexpr int EVENTS_AT_ONCE = 64;
constexpr int SWEEP_MILLISECONDS = 1000;
constexpr std::chrono::seconds IDLE_TIME{75};

}  // namespace

SignalQueue::SignalQueue(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) {
        sigaddset(&set, signal);
    }
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    descriptor_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (descriptor_.get() < 0) {
        throw StartError(std::string("can't wait for signals: ") + std::strerror(errno));
    }
}

int SignalQueue::next() const {
    signalfd_siginfo information{};
    const ssize_t count = read(descriptor_.get(), &information, sizeof(information));
    return count == sizeof(information) ? static_cast<int>(information.ssi_signo) : 0;
}

void HttpServer::listen(const std::string& address) {
    const std::string purpose = "can't listen on";
    host_ = split_address(purpose, address).first;
    const Addresses found = find_addresses(purpose, address, SOCK_STREAM);
    int reason = 0;
    for (const addrinfo* place = found.get(); place != nullptr; place = place->ai_next) {
        Descriptor candidate(
            socket(place->ai_family, place->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, place->ai_protocol));
        const int yes = 1;
        if (candidate.get() >= 0 && setsockopt(candidate.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
            bind(candidate.get(), place->ai_addr, place->ai_addrlen) == 0 && ::listen(candidate.get(), BACKLOG) == 0) {
            listener_ = std::move(candidate);
            break;
        }
        reason = errno;
    }
    if (listener_.get() < 0) {
        throw StartError(purpose + " " + address + ": " + std::strerror(reason));
    }
    events_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
    if (events_.get() < 0) {
        throw StartError(std::string("can't wait for connections: ") + std::strerror(errno));
    }
    watch(listener_.get(), EPOLLIN);
}

std::string HttpServer::url() const {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    char port[NI_MAXSERV] = "";
    getnameinfo(reinterpret_cast<sockaddr*>(&address), length, nullptr, 0, port, sizeof(port), NI_NUMERICSERV);
    const std::string host = host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]";
    return std::string(tls_ == nullptr ? "http" : "https") + "://" + host + ":" + port;
}

void HttpServer::run(const SignalQueue& signals, const std::function<bool(int)>& on_signal) {
    watch(signals.descriptor(), EPOLLIN);
    while (!stopping_) {
        epoll_event events[EVENTS_AT_ONCE];
        const int count = epoll_wait(events_.get(), events, EVENTS_AT_ONCE, SWEEP_MILLISECONDS);
        for (int index = 0; index < count; ++index) {
            const int descriptor = events[index].data.fd;
            if (descriptor == listener_.get()) {
                accept_all();
            } else if (descriptor == signals.descriptor()) {
                for (int signal = signals.next(); signal != 0; signal = signals.next()) {
                    stopping_ = stopping_ || !on_signal(signal);
                }
            } else {
                wake(descriptor);
            }
        }
        close_old();
    }
    stop();
}

void HttpServer::watch(int descriptor, uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    if (epoll_ctl(events_.get(), EPOLL_CTL_MOD, descriptor, &event) != 0 &&
        epoll_ctl(events_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
        log_.write(JSEP_LOG_FATAL, std::string("can't wait for a connection: ") + std::strerror(errno));
    }
}

void HttpServer::accept_all() {
    for (;;) {
        const int socket = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            if (errno != EAGAIN) {
                log_.write(JSEP_LOG_FAIL, std::string("can't accept a connection: ") + std::strerror(errno));
            }
            return;
        }
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            clients_[socket] = Client{std::make_shared<HttpConnection>(socket, tls_), true, Clock::now()};
        }
        watch(socket, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT);
    }
}

// Something came on an idle connection: a request, or its end.
void HttpServer::wake(int socket) {
    std::shared_ptr<HttpConnection> connection;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto client = clients_.find(socket);
        if (client == clients_.end() || !client->second.idle) {
            return;
        }
        client->second.idle = false;
        connection = client->second.connection;
    }
    pool_.run([this, connection] { serve(connection); });
}

void HttpServer::serve(const std::shared_ptr<HttpConnection>& connection) {
    bool open = false;
    try {
        do {
            open = connection->serve(handler_, !stopping_);
        } while (open && connection->has_received());
    } catch (const std::exception& error) {
        open = false;
        log_.write(JSEP_LOG_FATAL, std::string("a connection ended: ") + error.what());
    }
    const int socket = connection->stream().socket();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!open || stopping_) {
        clients_.erase(socket);
        return;
    }
    clients_[socket].idle = true;
    clients_[socket].idle_since = Clock::now();
    watch(socket, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT);
}

void HttpServer::close_old() {
    const auto oldest = Clock::now() - IDLE_TIME;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto client = clients_.begin(); client != clients_.end();) {
        const bool old = client->second.idle && client->second.idle_since < oldest;
        client = old ? clients_.erase(client) : std::next(client);
    }
}

void HttpServer::stop() {
    listener_ = Descriptor();
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (auto client = clients_.begin(); client != clients_.end();) {
            if (client->second.idle) {
                client = clients_.erase(client);
            } else {
                // A running request gets its answer; one that is still being received does not.
                client->second.connection->stream().stop_reading();
                ++client;
            }
        }
    }
    pool_.finish();
}

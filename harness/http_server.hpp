// Accepts connections and hands each request to a pool of threads. A connection between requests occupies no thread.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "descriptor.hpp"
#include "http_connection.hpp"
#include "log.hpp"
#include "thread_pool.hpp"
#include "tls.hpp"

// Makes signals wait to be read, in this thread and those that it starts afterwards.
class SignalQueue {
public:
    explicit SignalQueue(std::initializer_list<int> signals);

    int descriptor() const { return descriptor_.get(); }
    // The next signal's number, or 0 when there is none.
    int next() const;

private:
    Descriptor descriptor_;
};

class HttpServer {
public:
    // `tls` is null for plain HTTP. `pool` and `log` outlive the server; the pool runs its tasks.
    HttpServer(ThreadPool& pool, Log& log, HttpConnection::Handler handler, const TlsContext* tls)
        : pool_(pool), log_(log), handler_(std::move(handler)), tls_(tls) {}

    // `address` is HOST:PORT; with port 0 the system chooses. Throws StartError.
    void listen(const std::string& address);
    // Where it listens, with the real port.
    std::string url() const;
    // Serves until `on_signal` answers false, and until the requests that run then are answered.
    void run(const SignalQueue& signals, const std::function<bool(int)>& on_signal);

private:
    using Clock = std::chrono::steady_clock;
    struct Client {
        std::shared_ptr<HttpConnection> connection;
        bool idle;
        Clock::time_point idle_since;
    };

    void watch(int descriptor, uint32_t events) const;
    void accept_all();
    void wake(int socket);
    void serve(const std::shared_ptr<HttpConnection>& connection);
    void close_old();
    void stop();

    ThreadPool& pool_;
    Log& log_;
    HttpConnection::Handler handler_;
    const TlsContext* tls_;
    Descriptor listener_;
    Descriptor events_;
    std::string host_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::map<int, Client> clients_;  // By socket.
};

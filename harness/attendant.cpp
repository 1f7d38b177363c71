#include "attendant.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <iostream>
#include <limits>
#include <poll.h>

#include "bytes.hpp"

namespace {

// Datagrams and alarms in a row, before it is looked whether somebody waits.
constexpr int STEPS = 256;

double now() {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    return Milliseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void Attendant::wait_for(int descriptor) {
    for (;;) {
        pollfd places[] = {{descriptor, POLLIN, 0}, {peers_.descriptor(), POLLIN, 0}};
        // Without a socket the second is -1, which poll leaves alone.
        const int ready = poll(places, 2, attend());
        if (ready < 0 && errno != EINTR) {
            return;
        }
        if (ready > 0 && places[0].revents != 0) {
            return;
        }
    }
}

int Attendant::attend() {
    next_ = std::numeric_limits<double>::infinity();
    int steps = 0;
    for (auto datagram = peers_.receive(); datagram; datagram = peers_.receive()) {
        deliver(std::string(view(plugin_.datagram_receiver(lend(*datagram)))), *datagram);
        if (++steps == STEPS) {
            break;
        }
    }
    for (const auto& [name, realm] : realms_) {
        ring(*realm);
        take_out(*realm);
    }
    // What realms of this program have for each other may have them answer.
    for (steps = 0; !waiting_.empty() && steps < STEPS; ++steps) {
        const Datagram datagram = std::move(waiting_.front());
        waiting_.pop_front();
        const auto receiver = realms_.find(datagram.receiver);
        if (receiver != realms_.end()) {
            deliver(datagram.receiver, datagram.bytes);
            take_out(*receiver->second);
        } else if (!peers_.send(datagram.receiver, datagram.bytes)) {
            complain("there is no --peer " + datagram.receiver + ", for whom messages wait");
        }
    }
    if (!waiting_.empty()) {
        return 0;
    }
    constexpr double MOST = 60'000;
    return std::isinf(next_) ? -1 : static_cast<int>(std::ceil(std::clamp(next_ - now(), 0.0, MOST)));
}

void Attendant::ring(const DurableRealm& realm) {
    for (int steps = 0; steps < STEPS; ++steps) {
        try {
            if (!realm.alarm(&host_)) {
                break;
            }
        } catch (const LibraryError& error) {
            if (is_final(error.status())) {
                throw;
            }
            complain(error.message());
        }
    }
    if (const auto due = realm.next_alarm(&host_)) {
        next_ = std::min(next_, *due);
    }
}

void Attendant::take_out(const DurableRealm& realm) {
    next_ = std::min(next_, realm.outgoing(&host_, waiting_));
}

void Attendant::deliver(const std::string& receiver, std::string_view datagram) {
    const auto realm = realms_.find(receiver);
    if (realm == realms_.end()) {
        complain(receiver.empty() ? "something came that is no datagram"
                                  : "a datagram came for another realm: " + receiver);
        return;
    }
    try {
        realm->second->incoming(datagram, &host_, waiting_);
    } catch (const LibraryError& error) {
        if (is_final(error.status())) {
            throw;
        }
        complain(error.message());
    }
}

// Says the same only once in a row.
void Attendant::complain(const std::string& message) {
    if (message != complaint_) {
        std::cerr << "jsep-host: " << message << std::endl;
        complaint_ = message;
    }
}

#include "peers.hpp"

#include <cerrno>
#include <cstring>

#include "address.hpp"
#include "start_error.hpp"

namespace {

// No datagram of UDP is larger.
constexpr size_t MOST_BYTES = 1 << 16;

}  // namespace

Peers::Peers(const std::string& listen, const std::vector<std::pair<std::string, std::string>>& addresses)
    : buffer_(MOST_BYTES) {
    if (listen.empty()) {
        if (!addresses.empty()) {
            throw StartError("--peer needs --listen");
        }
        return;
    }
    const std::string purpose = "can't listen on";
    const Addresses found = find_addresses(purpose, listen, SOCK_DGRAM);
    socket_ = Descriptor(socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, found->ai_protocol));
    if (socket_.get() < 0 || bind(socket_.get(), found->ai_addr, found->ai_addrlen) != 0) {
        throw StartError(purpose + " " + listen + ": " + std::strerror(errno));
    }
    for (const auto& [name, address] : addresses) {
        const Addresses place = find_addresses("--peer " + name + ": can't send to", address, SOCK_DGRAM);
        Place& known = places_[name];
        std::memcpy(&known.address, place->ai_addr, place->ai_addrlen);
        known.length = place->ai_addrlen;
    }
}

std::string Peers::address() const {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    char host[NI_MAXHOST] = "";
    char port[NI_MAXSERV] = "";
    getnameinfo(reinterpret_cast<sockaddr*>(&address), length, host, sizeof(host), port, sizeof(port),
                NI_NUMERICHOST | NI_NUMERICSERV);
    const bool is_long = std::string_view(host).find(':') != std::string_view::npos;
    return (is_long ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

bool Peers::send(const std::string& receiver, std::string_view datagram) const {
    const auto place = places_.find(receiver);
    if (place == places_.end()) {
        return false;
    }
    // One that does not leave is as good as lost on its way: the realm gives it again.
    (void)sendto(socket_.get(), datagram.data(), datagram.size(), 0,
                 reinterpret_cast<const sockaddr*>(&place->second.address), place->second.length);
    return true;
}

std::optional<std::string_view> Peers::receive() {
    // Without a socket there is nothing; an error that a former datagram met elsewhere is no reason to stop.
    const ssize_t count = socket_.get() < 0 ? -1 : recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (count < 0) {
        return std::nullopt;
    }
    return std::string_view(buffer_.data(), static_cast<size_t>(count));
}

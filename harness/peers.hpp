// Other programs with durable realms, reached with datagrams of UDP.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "descriptor.hpp"

class Peers {
public:
    // `addresses` are names of realms and HOST:PORT of each. Without `listen`, HOST:PORT too, there is no socket.
    // Throws StartError.
    Peers(const std::string& listen, const std::vector<std::pair<std::string, std::string>>& addresses);

    // Readable when a datagram has come; -1 without a socket.
    int descriptor() const { return socket_.get(); }
    // HOST:PORT with the real port.
    std::string address() const;
    // Sends a datagram to a realm; nothing tells whether it comes. False when there is no address for the realm.
    bool send(const std::string& receiver, std::string_view datagram) const;
    // The next datagram that has come, lent until the next call; nothing when there is none.
    std::optional<std::string_view> receive();

private:
    struct Place {
        sockaddr_storage address;
        socklen_t length;
    };

    Descriptor socket_;
    std::map<std::string, Place> places_;
    std::vector<char> buffer_;
};

#include "address.hpp"

#include <sys/socket.h>

#include "start_error.hpp"

std::pair<std::string, std::string> split_address(const std::string& purpose, const std::string& address) {
    const size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
        throw StartError(purpose + " " + address + ": it is not HOST:PORT");
    }
    std::string host = address.substr(0, colon);
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    return {host, address.substr(colon + 1)};
}

Addresses find_addresses(const std::string& purpose, const std::string& address, int socket_type) {
    const auto [host, port] = split_address(purpose, address);
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = socket_type;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) {
        throw StartError(purpose + " " + address + ": " + gai_strerror(error));
    }
    return Addresses(found, freeaddrinfo);
}

// Network addresses as people write them.
#pragma once

#include <memory>
#include <netdb.h>
#include <string>
#include <utility>

// Splits HOST:PORT; the host may be an IPv6 address in brackets. Throws StartError, which begins with `purpose`.
std::pair<std::string, std::string> split_address(const std::string& purpose, const std::string& address);

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

// The places that HOST:PORT means for sockets of this type. Throws StartError, which begins with `purpose`.
Addresses find_addresses(const std::string& purpose, const std::string& address, int socket_type);

// Transport security of the server: its certificate, and what it accepts from clients.
#pragma once

#include <memory>
#include <openssl/ssl.h>
#include <string>

#include "message.hpp"

class TlsContext {
public:
    // Clients may show a certificate. With `client_ca_path` it must lead to one of these authorities; without, any is
    // taken, and who holds it is up to authentication. Throws StartError.
    TlsContext(const std::string& certificate_path, const std::string& key_path, const std::string& client_ca_path);

    // A session for one connection, or null.
    SSL* new_session() const { return SSL_new(context_.get()); }

private:
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

// What the peer of a session has shown, or null.
std::shared_ptr<const ClientCertificate> peer_certificate(const SSL* session);

// The key that signs what the ledger holds, and its certificate.
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <string>

#include "encoding.hpp"

class NodeIdentity {
public:
    // A new key on the curve P-384, with a certificate that it signs itself.
    static NodeIdentity make();
    // A private key on an elliptic curve and its certificate, both PEM. Throws StartError.
    static NodeIdentity read(const std::string& key_pem, const std::string& certificate_pem);

    // Digest of the public key (SubjectPublicKeyInfo, DER) in hexadecimal digits.
    const std::string& id() const { return id_; }
    const std::string& certificate() const { return certificate_; }
    std::string key_pem() const;
    // ECDSA over a digest as it is, not hashed again; DER.
    std::string sign(const Digest& digest) const;

private:
    using Key = std::shared_ptr<EVP_PKEY>;

    NodeIdentity(Key key, std::string certificate);

    Key key_;
    std::string certificate_;
    std::string id_;
};

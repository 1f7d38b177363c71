// JSON Web Tokens: signature, issuer and validity period.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <openssl/evp.h>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using PublicKey = std::shared_ptr<EVP_PKEY>;

// Public keys by issuer; an issuer may have several.
using TokenIssuers = std::map<std::string, std::vector<PublicKey>>;

struct Token {
    std::string issuer;
    std::string header;   // JSON text, as signed.
    std::string payload;  // JSON text, as signed.
};

struct InvalidToken {
    std::string reason;  // Never quotes the token.
};

// Reads a public key, or a certificate's, from a PEM file. Throws StartError.
PublicKey read_public_key(const std::string& path);

// Signatures by RS256, PS256 and ES256; `exp` and `nbf` are checked when present.
std::variant<Token, InvalidToken> verify_token(std::string_view token, const TokenIssuers& issuers,
                                               std::chrono::system_clock::time_point now);

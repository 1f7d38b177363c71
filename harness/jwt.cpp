#include "jwt.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <optional>

#include "file.hpp"
#include "openssl.hpp"
#include "start_error.hpp"

using nlohmann::json;

namespace {

constexpr int SMALLEST_RSA_BITS = 2048;
// Bytes of each of the two numbers of a signature with curve P-256.
constexpr int NUMBER_BYTES = 32;

std::optional<std::string> decode_base64url(std::string_view text) {
    static constexpr std::string_view ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    uint32_t bits = 0;
    unsigned count = 0;
    for (const char character : text) {
        const size_t value = ALPHABET.find(character);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6U | static_cast<uint32_t>(value)) & 0xffffU;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>((bits >> count) & 0xffU);
        }
    }
    return bytes;
}

// A signature with an elliptic curve is two numbers side by side in a token, and a DER sequence for OpenSSL.
std::string to_der(std::string_view signature) {
    if (signature.size() != 2 * NUMBER_BYTES) {
        return {};
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
    const Owned<ECDSA_SIG> numbers(ECDSA_SIG_new(), ECDSA_SIG_free);
    BIGNUM* r = BN_bin2bn(bytes, NUMBER_BYTES, nullptr);
    BIGNUM* s = BN_bin2bn(bytes + NUMBER_BYTES, NUMBER_BYTES, nullptr);
    if (numbers == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(numbers.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(numbers.get(), &der);
    std::string result = length > 0 ? std::string(reinterpret_cast<char*>(der), static_cast<size_t>(length)) : "";
    OPENSSL_free(der);
    return result;
}

bool is_p256(const EVP_PKEY* key) {
    char name[64] = {};
    return EVP_PKEY_get_group_name(key, name, sizeof(name), nullptr) == 1 &&
           (std::string_view(name) == "prime256v1" || std::string_view(name) == "P-256");
}

// The algorithm is the token's word, so it must also be one that this key is for.
bool is_for(const EVP_PKEY* key, std::string_view algorithm) {
    if (algorithm == "ES256") {
        return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && is_p256(key);
    }
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= SMALLEST_RSA_BITS;
}

bool has_signed(EVP_PKEY* key, std::string_view algorithm, std::string_view text, std::string_view signature) {
    if (!is_for(key, algorithm)) {
        return false;
    }
    const std::string given = algorithm == "ES256" ? to_der(signature) : std::string(signature);
    const Owned<EVP_MD_CTX> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* context = nullptr;
    bool good = digest != nullptr && EVP_DigestVerifyInit(digest.get(), &context, EVP_sha256(), nullptr, key) == 1;
    if (good && algorithm == "PS256") {
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    good = good && EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(given.data()), given.size(),
                                    reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
    // A wrong signature leaves entries that the next user of OpenSSL on this thread would take for its own.
    ERR_clear_error();
    return good;
}

// Why the token is not valid at `now`, or nothing.
std::optional<std::string> period_error(const json& payload, std::chrono::system_clock::time_point now) {
    const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
    for (const char* name : {"exp", "nbf"}) {
        const auto claim = payload.find(name);
        if (claim != payload.end() && !claim->is_number()) {
            return std::string("Token's claim ") + name + " is not a number";
        }
    }
    if (payload.contains("exp") && seconds >= payload["exp"].get<double>()) {
        return "Token has expired";
    }
    if (payload.contains("nbf") && seconds < payload["nbf"].get<double>()) {
        return "Token is not valid yet";
    }
    return std::nullopt;
}

}  // namespace

PublicKey read_public_key(const std::string& path) {
    const std::string text = read_file(path);
    const Owned<BIO> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
    EVP_PKEY* key = PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr);
    if (key == nullptr) {
        const Owned<BIO> again(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
        const Owned<X509> certificate(PEM_read_bio_X509(again.get(), nullptr, nullptr, nullptr), X509_free);
        key = certificate != nullptr ? X509_get_pubkey(certificate.get()) : nullptr;
    }
    ERR_clear_error();
    if (key == nullptr) {
        throw StartError(path + ": neither a public key nor a certificate in PEM form");
    }
    return PublicKey(key, EVP_PKEY_free);
}

std::variant<Token, InvalidToken> verify_token(std::string_view token, const TokenIssuers& issuers,
                                               std::chrono::system_clock::time_point now) {
    const size_t first_dot = token.find('.');
    const size_t second_dot = first_dot == std::string_view::npos ? first_dot : token.find('.', first_dot + 1);
    if (second_dot == std::string_view::npos) {
        return InvalidToken{"Malformed token"};
    }
    const auto header_text = decode_base64url(token.substr(0, first_dot));
    const auto payload_text = decode_base64url(token.substr(first_dot + 1, second_dot - first_dot - 1));
    const auto signature = decode_base64url(token.substr(second_dot + 1));
    if (!header_text || !payload_text || !signature) {
        return InvalidToken{"Malformed token"};
    }
    const json header = json::parse(*header_text, nullptr, false);
    const json payload = json::parse(*payload_text, nullptr, false);
    if (!header.is_object() || !payload.is_object()) {
        return InvalidToken{"Malformed token"};
    }

    const std::string algorithm = header.contains("alg") && header["alg"].is_string() ? header["alg"] : "";
    if (algorithm != "RS256" && algorithm != "PS256" && algorithm != "ES256") {
        return InvalidToken{"Token's algorithm is not one of RS256, PS256, ES256"};
    }
    const std::string issuer = payload.contains("iss") && payload["iss"].is_string() ? payload["iss"] : "";
    const auto keys = issuers.find(issuer);
    if (keys == issuers.end()) {
        return InvalidToken{"Token's issuer is not known"};
    }
    const std::string_view signed_text = token.substr(0, second_dot);
    const bool good = std::any_of(keys->second.begin(), keys->second.end(), [&](const PublicKey& key) {
        return has_signed(key.get(), algorithm, signed_text, *signature);
    });
    if (!good) {
        return InvalidToken{"Signature verification failed"};
    }
    if (const auto reason = period_error(payload, now)) {
        return InvalidToken{*reason};
    }
    return Token{issuer, *header_text, *payload_text};
}

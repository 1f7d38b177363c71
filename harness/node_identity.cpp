#include "node_identity.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "openssl.hpp"
#include "start_error.hpp"

namespace {

constexpr long DAY = 24L * 60 * 60;
constexpr long VALID_DAYS = 3650;
constexpr size_t SERIAL_BYTES = 16;

void require(bool done, const char* action) {
    if (!done) {
        fail_of_openssl(action);
    }
}

Owned<BIO> read_from(const std::string& text) {
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
}

std::string text_of(BIO* memory) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory, &text);
    return std::string(text, static_cast<size_t>(size));
}

void add_extension(X509* certificate, int name, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, name, value), X509_EXTENSION_free);
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "can't make a certificate");
}

std::string self_signed_certificate(EVP_PKEY* key) {
    static constexpr const char* ACTION = "can't make a certificate";
    const Owned<X509> certificate(X509_new(), X509_free);
    require(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1, ACTION);
    const std::string serial = random_bytes(SERIAL_BYTES);
    const Owned<BIGNUM> number(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), static_cast<int>(serial.size()), nullptr),
        BN_free);
    require(number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr,
            ACTION);
    // Clocks of those who verify may be late.
    require(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -DAY) != nullptr &&
                X509_gmtime_adj(X509_getm_notAfter(certificate.get()), VALID_DAYS * DAY) != nullptr,
            ACTION);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                       reinterpret_cast<const unsigned char*>("jsep-host node"), -1, -1, 0) == 1 &&
                X509_set_issuer_name(certificate.get(), name) == 1 && X509_set_pubkey(certificate.get(), key) == 1,
            ACTION);
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), NID_subject_key_identifier, "hash");
    require(X509_sign(certificate.get(), key, EVP_sha384()) > 0, ACTION);
    const Owned<BIO> pem(BIO_new(BIO_s_mem()), BIO_free_all);
    require(pem != nullptr && PEM_write_bio_X509(pem.get(), certificate.get()) == 1, ACTION);
    return text_of(pem.get());
}

std::string id_of(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key, &der);
    require(length > 0, "can't read the node's public key");
    const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned(
        der, [](unsigned char* bytes) { OPENSSL_free(bytes); });
    return to_hex(view(sha256({std::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(length))})));
}

}  // namespace

NodeIdentity::NodeIdentity(Key key, std::string certificate)
    : key_(std::move(key)), certificate_(std::move(certificate)), id_(id_of(key_.get())) {}

NodeIdentity NodeIdentity::make() {
    const Key key(EVP_EC_gen("P-384"), EVP_PKEY_free);
    require(key != nullptr, "can't make a key");
    return NodeIdentity(key, self_signed_certificate(key.get()));
}

NodeIdentity NodeIdentity::read(const std::string& key_pem, const std::string& certificate_pem) {
    const Key key(PEM_read_bio_PrivateKey(read_from(key_pem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    require(key != nullptr, "can't read the node's key");
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC) {
        throw StartError("the node's key is not on an elliptic curve of NIST");
    }
    const Owned<X509> certificate(PEM_read_bio_X509(read_from(certificate_pem).get(), nullptr, nullptr, nullptr),
                                  X509_free);
    require(certificate != nullptr, "can't read the node's certificate");
    require(X509_check_private_key(certificate.get(), key.get()) == 1, "the node's key does not fit its certificate");
    return NodeIdentity(key, certificate_pem);
}

std::string NodeIdentity::key_pem() const {
    const Owned<BIO> pem(BIO_new(BIO_s_mem()), BIO_free_all);
    require(pem != nullptr &&
                PEM_write_bio_PKCS8PrivateKey(pem.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
            "can't write the node's key");
    return text_of(pem.get());
}

std::string NodeIdentity::sign(const Digest& digest) const {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free);
    size_t length = static_cast<size_t>(EVP_PKEY_get_size(key_.get()));
    std::string signature(length, '\0');
    require(context != nullptr && EVP_PKEY_sign_init(context.get()) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
                EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, digest.data(),
                              digest.size()) == 1,
            "can't sign");
    signature.resize(length);
    return signature;
}

#include "tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "encoding.hpp"
#include "openssl.hpp"

namespace {

// The handshake proves that the client holds the key; whether anybody knows the certificate is asked per endpoint.
int accept_any(X509_STORE_CTX* /*store*/, void* /*argument*/) {
    return 1;
}

}  // namespace

TlsContext::TlsContext(const std::string& certificate_path, const std::string& key_path,
                       const std::string& client_ca_path)
    : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    SSL_CTX* context = context_.get();
    if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        fail_of_openssl("can't set up TLS");
    }
    if (SSL_CTX_use_certificate_chain_file(context, certificate_path.c_str()) != 1) {
        fail_of_openssl("can't read the certificate " + certificate_path);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
        fail_of_openssl("can't read the key " + key_path);
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        fail_of_openssl("the key " + key_path + " does not fit the certificate " + certificate_path);
    }
    if (client_ca_path.empty()) {
        SSL_CTX_set_cert_verify_callback(context, accept_any, nullptr);
    } else {
        STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(client_ca_path.c_str());
        if (names == nullptr || SSL_CTX_load_verify_locations(context, client_ca_path.c_str(), nullptr) != 1) {
            sk_X509_NAME_pop_free(names, X509_NAME_free);
            fail_of_openssl("can't read the certificates " + client_ca_path);
        }
        SSL_CTX_set_client_CA_list(context, names);
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    // Each connection proves its certificate anew.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
}

std::shared_ptr<const ClientCertificate> peer_certificate(const SSL* session) {
    const Owned<X509> certificate(SSL_get1_peer_certificate(session), X509_free);
    if (certificate == nullptr) {
        return nullptr;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    const Owned<BIO> pem(BIO_new(BIO_s_mem()), BIO_free_all);
    if (pem == nullptr || X509_digest(certificate.get(), EVP_sha256(), digest, &length) != 1 ||
        PEM_write_bio_X509(pem.get(), certificate.get()) != 1) {
        ERR_clear_error();
        return nullptr;
    }
    ClientCertificate result;
    result.id = to_hex(std::string_view(reinterpret_cast<const char*>(digest), length));
    char* text = nullptr;
    const long size = BIO_get_mem_data(pem.get(), &text);
    result.pem.assign(text, static_cast<size_t>(size));
    return std::make_shared<const ClientCertificate>(std::move(result));
}

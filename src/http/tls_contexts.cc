#include "http/tls_contexts.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace aipress::http {
namespace {

constexpr std::size_t kNamesMost = 4'096;

// "h2" is not spoken here; a client that offers it goes on with HTTP/1.1.
constexpr unsigned char kProtocol[] = "\x08http/1.1";
constexpr unsigned kProtocolSize = sizeof(kProtocol) - 1;

int choose_protocol(SSL* /*ssl*/, unsigned char const** chosen, unsigned char* chosen_size,
                    unsigned char const* offered, unsigned offered_size, void* /*argument*/) {
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_size, kProtocol, kProtocolSize, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

int answer_name(SSL* ssl, int* /*alert*/, void* contexts) {
    char const* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    auto const context = static_cast<TlsContexts*>(contexts)->for_name(name);
    if (!context.ok()) return SSL_TLSEXT_ERR_ALERT_FATAL;
    SSL_set_SSL_CTX(ssl, context.value().get());
    return SSL_TLSEXT_ERR_OK;
}

bool use_identity(SSL_CTX* context, Identity const& identity) {
    std::unique_ptr<BIO, int (*)(BIO*)> const certificate_bio(
        BIO_new_mem_buf(identity.certificate.data(), static_cast<int>(identity.certificate.size())),
        BIO_free);
    std::unique_ptr<BIO, int (*)(BIO*)> const key_bio(
        BIO_new_mem_buf(identity.private_key.data(), static_cast<int>(identity.private_key.size())),
        BIO_free);
    std::unique_ptr<X509, void (*)(X509*)> const certificate(
        PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr), X509_free);
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> const key(
        PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    return certificate && key && SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
           SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

Result<std::shared_ptr<ssl_ctx_st>> TlsContexts::for_name(std::string_view name) {
    std::lock_guard const lock(mutex_);
    if (auto const at = contexts_.find(name); at != contexts_.end()) return at->second;
    auto const identity = TRY(authority_.issue(name));
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    bool const good = context && use_identity(context.get(), identity) &&
                      SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1;
    ERR_clear_error();
    if (!good) return Error(ErrorCode::Internal, "no TLS context for " + std::string(name));
    SSL_CTX_set_tlsext_servername_callback(context.get(), &answer_name);
    SSL_CTX_set_tlsext_servername_arg(context.get(), this);
    SSL_CTX_set_alpn_select_cb(context.get(), &choose_protocol, nullptr);
    // Whoever makes up names must not fill the memory. Those in use live on with their connections.
    if (contexts_.size() >= kNamesMost) contexts_.clear();
    contexts_.emplace(name, context);
    return context;
}

}  // namespace aipress::http

#include "http/rsa_key.h"

#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

namespace aipress::http {
namespace {

template <auto free_it>
struct Freed {
    template <typename T>
    void operator()(T* thing) const {
        free_it(thing);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

constexpr long kVersion3 = 2;
constexpr std::string_view kNoExpiry = "99991231235959Z";  // RFC 5280, 4.1.2.5

Error failed(std::string_view what) {
    return {ErrorCode::Internal, fmt::format("OpenSSL cannot {}", what)};
}

unsigned char const* bytes_of(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

Bio reader(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// What `write` puts into a buffer.
template <typename Write>
Result<std::string> written(std::string_view what, Write const& write) {
    Bio const buffer(BIO_new(BIO_s_mem()));
    if (!buffer || write(buffer.get()) != 1) return failed(what);
    char* data = nullptr;
    auto const size = BIO_get_mem_data(buffer.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

struct RsaKey::Impl {
    Key key;
};

RsaKey::RsaKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RsaKey::RsaKey(RsaKey&&) noexcept = default;
RsaKey& RsaKey::operator=(RsaKey&&) noexcept = default;
RsaKey::~RsaKey() = default;

Result<RsaKey> RsaKey::generate(unsigned bits) {
    Key key(EVP_RSA_gen(bits));
    if (!key) return failed("make an RSA key");
    return RsaKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

Result<RsaKey> RsaKey::from_private_pem(std::string_view pem) {
    Key key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, nullptr));
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
        return Error(ErrorCode::InvalidArgument, "the text is no RSA private key");
    }
    return RsaKey(std::make_unique<Impl>(Impl{std::move(key)}));
}

Result<std::string> RsaKey::private_pem() const {
    return written("write a private key", [&](BIO* buffer) {
        return PEM_write_bio_PKCS8PrivateKey(buffer, impl_->key.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr);
    });
}

Result<std::string> RsaKey::public_pem() const {
    return written("write a public key",
                   [&](BIO* buffer) { return PEM_write_bio_PUBKEY(buffer, impl_->key.get()); });
}

Result<std::string> RsaKey::certificate_pem(std::string const& common_name, WallTime from) const {
    Certificate const certificate(X509_new());
    auto* const self = certificate.get();
    auto* const name = self == nullptr ? nullptr : X509_get_subject_name(self);
    bool const good =
        name != nullptr && X509_set_version(self, kVersion3) == 1 &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(self), 1) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(self), std::chrono::system_clock::to_time_t(from)) !=
            nullptr &&
        ASN1_TIME_set_string(X509_getm_notAfter(self), kNoExpiry.data()) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes_of(common_name),
                                   static_cast<int>(common_name.size()), -1, 0) == 1 &&
        X509_set_issuer_name(self, name) == 1 && X509_set_pubkey(self, impl_->key.get()) == 1 &&
        X509_sign(self, impl_->key.get(), EVP_sha256()) != 0;
    if (!good) return failed("make a certificate");
    return written("write a certificate",
                   [&](BIO* buffer) { return PEM_write_bio_X509(buffer, self); });
}

Result<std::string> RsaKey::fingerprint() const {
    unsigned char* encoded = nullptr;
    auto const size = i2d_PUBKEY(impl_->key.get(), &encoded);
    if (size <= 0) return failed("encode a public key");
    std::unique_ptr<unsigned char, Freed<[](void* bytes) { OPENSSL_free(bytes); }>> const owned(
        encoded);
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(encoded, static_cast<std::size_t>(size), digest.data());
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

Result<std::string> RsaKey::sign(std::string_view bytes) const {
    Digest const digest(EVP_MD_CTX_new());
    std::size_t size = 0;
    bool const began = digest && EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr,
                                                    impl_->key.get()) == 1;
    if (!began ||
        EVP_DigestSign(digest.get(), nullptr, &size, bytes_of(bytes), bytes.size()) != 1) {
        return failed("sign");
    }
    std::string signature(size, '\0');
    if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       bytes_of(bytes), bytes.size()) != 1) {
        return failed("sign");
    }
    signature.resize(size);
    return signature;
}

bool is_signed_by(std::string_view public_pem, std::string_view bytes, std::string_view signature) {
    Key const key(PEM_read_bio_PUBKEY(reader(public_pem).get(), nullptr, nullptr, nullptr));
    Digest const digest(EVP_MD_CTX_new());
    return key && digest &&
           EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(), bytes_of(bytes),
                            bytes.size()) == 1;
}

}  // namespace aipress::http

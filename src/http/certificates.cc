#include "http/certificates.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace aipress::http {
namespace {

constexpr long kDay = 24L * 60 * 60;
constexpr long kCaLife = 3650 * kDay;
constexpr long kLeafLife = 365 * kDay;
constexpr int kSerialBits = 127;
constexpr int kVersion3 = 2;

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

Error openssl_error(std::string_view doing) {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return {ErrorCode::Internal, fmt::format("{}: {}", doing, text.data())};
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    auto const size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

Result<std::string> certificate_text(X509* certificate) {
    Bio const bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) {
        return openssl_error("writing a certificate");
    }
    return text_of(bio.get());
}

Result<std::string> key_text(EVP_PKEY* key) {
    Bio const bio(BIO_new(BIO_s_mem()));
    if (!bio ||
        PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return openssl_error("writing a key");
    }
    return text_of(bio.get());
}

bool add_extension(X509* certificate, X509* issuer, int nid, std::string const& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> const extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
    std::unique_ptr<BIGNUM, Freed<BN_free>> const number(BN_new());
    return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509_NAME* name, std::string_view common_name) {
    // The field holds at most 64 characters; what counts is the alternative name.
    auto const shown = common_name.substr(0, 64);
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                                      reinterpret_cast<unsigned char const*>("AIPress sandbox"), -1,
                                      -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      reinterpret_cast<unsigned char const*>(shown.data()),
                                      static_cast<int>(shown.size()), -1, 0) == 1;
}

// Unsigned and without an issuer.
Result<Certificate> blank(std::string_view name, EVP_PKEY* key, long life) {
    Certificate certificate(X509_new());
    bool const good = certificate && X509_set_version(certificate.get(), kVersion3) == 1 &&
                      set_random_serial(certificate.get()) &&
                      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay) != nullptr &&
                      X509_gmtime_adj(X509_getm_notAfter(certificate.get()), life) != nullptr &&
                      X509_set_pubkey(certificate.get(), key) == 1 &&
                      set_name(X509_get_subject_name(certificate.get()), name);
    if (!good) return openssl_error("making a certificate");
    return certificate;
}

bool is_address(std::string const& name) {
    std::array<unsigned char, sizeof(in6_addr)> parsed{};
    return inet_pton(AF_INET, name.c_str(), parsed.data()) == 1 ||
           inet_pton(AF_INET6, name.c_str(), parsed.data()) == 1;
}

// It ends up in a configuration string of OpenSSL's, where a comma begins the next name.
bool is_plain_name(std::string_view name) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:*";
    return !name.empty() && name.size() <= 253 &&
           name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<std::string> read_file(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error(ErrorCode::NotFound, path.string() + " cannot be read");
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<void> write_file(std::filesystem::path const& path, std::string const& text, mode_t mode) {
    auto const temporary = path.string() + ".new";
    int const file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool good = file >= 0 &&
                ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                ::fsync(file) == 0;
    if (file >= 0) good = ::close(file) == 0 && good;
    good = good && ::rename(temporary.c_str(), path.c_str()) == 0;
    if (good) return {};
    return Error(ErrorCode::Unavailable,
                 fmt::format("writing {}: {}", path.string(), std::strerror(errno)));
}

}  // namespace

struct CertificateAuthority::Impl {
    Key key;
    Certificate certificate;
    std::string text;

    static Result<Impl> make();
    static Result<Impl> load(std::string const& certificate, std::string const& key);
};

Result<CertificateAuthority::Impl> CertificateAuthority::Impl::make() {
    Impl made;
    made.key.reset(EVP_EC_gen("P-256"));
    if (!made.key) return openssl_error("making a key");
    made.certificate = TRY(blank("AIPress sandbox CA", made.key.get(), kCaLife));
    auto* const self = made.certificate.get();
    bool const good = X509_set_issuer_name(self, X509_get_subject_name(self)) == 1 &&
                      add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE") &&
                      add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                      add_extension(self, self, NID_subject_key_identifier, "hash") &&
                      X509_sign(self, made.key.get(), EVP_sha256()) != 0;
    if (!good) return openssl_error("making a certificate authority");
    made.text = TRY(certificate_text(self));
    return made;
}

Result<CertificateAuthority::Impl> CertificateAuthority::Impl::load(std::string const& certificate,
                                                                    std::string const& key) {
    Impl loaded;
    Bio const certificate_bio(
        BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
    Bio const key_bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
    loaded.certificate.reset(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
    loaded.key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    bool const good = loaded.certificate && loaded.key &&
                      X509_check_private_key(loaded.certificate.get(), loaded.key.get()) == 1;
    ERR_clear_error();
    if (!good) {
        return Error(ErrorCode::FailedPrecondition,
                     "the certificate authority's files are damaged or do not belong together; "
                     "remove ca.pem and ca.key, and clients must be given the new one");
    }
    loaded.text = certificate;
    return loaded;
}

CertificateAuthority::CertificateAuthority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

// The key is written first: a certificate without its key would be taken for damage.
Result<CertificateAuthority> CertificateAuthority::open(std::filesystem::path const& folder) {
    auto const certificate_path = folder / "ca.pem";
    auto const key_path = folder / "ca.key";
    if (std::filesystem::exists(certificate_path)) {
        auto loaded = TRY(Impl::load(TRY(read_file(certificate_path)), TRY(read_file(key_path))));
        return CertificateAuthority(std::make_unique<Impl>(std::move(loaded)));
    }
    auto made = TRY(Impl::make());
    TRY(write_file(key_path, TRY(key_text(made.key.get())), 0600));
    TRY(write_file(certificate_path, made.text, 0644));
    return CertificateAuthority(std::make_unique<Impl>(std::move(made)));
}

std::string const& CertificateAuthority::certificate() const {
    return impl_->text;
}

Result<Identity> CertificateAuthority::issue(std::string_view name) const {
    if (!is_plain_name(name)) {
        return Error(ErrorCode::InvalidArgument, "a certificate is for a DNS name or an address");
    }
    Key const key(EVP_EC_gen("P-256"));
    if (!key) return openssl_error("making a key");
    auto const leaf = TRY(blank(name, key.get(), kLeafLife));
    std::string const plain(name);
    auto* const issuer = impl_->certificate.get();
    bool const good =
        X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer)) == 1 &&
        add_extension(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(leaf.get(), issuer, NID_key_usage, "critical,digitalSignature") &&
        add_extension(leaf.get(), issuer, NID_ext_key_usage, "serverAuth") &&
        add_extension(leaf.get(), issuer, NID_authority_key_identifier, "keyid") &&
        add_extension(leaf.get(), issuer, NID_subject_alt_name,
                      (is_address(plain) ? "IP:" : "DNS:") + plain) &&
        X509_sign(leaf.get(), impl_->key.get(), EVP_sha256()) != 0;
    if (!good) return openssl_error("issuing a certificate for " + plain);
    auto certificate = TRY(certificate_text(leaf.get()));
    auto private_key = TRY(key_text(key.get()));
    return Identity{std::move(certificate), std::move(private_key)};
}

}  // namespace aipress::http

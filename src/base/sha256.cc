#include "base/sha256.h"

#include <array>
#include <openssl/evp.h>

namespace aipress {

namespace {

// Looked up once: that takes longer than the sum of a name.
EVP_MD const* algorithm() {
    static EVP_MD const* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return sha256;
}

}  // namespace

struct Sha256::Impl {
    Impl() : digest(EVP_MD_CTX_new()) { EVP_DigestInit_ex(digest, algorithm(), nullptr); }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;
    ~Impl() { EVP_MD_CTX_free(digest); }

    EVP_MD_CTX* digest;
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    EVP_DigestUpdate(impl_->digest, bytes.data(), bytes.size());
}

std::string Sha256::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(impl_->digest, digest.data(), &length);
    constexpr char const* kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(std::size_t{2} * length);
    for (unsigned i = 0; i < length; ++i) {
        text += kDigits[digest[i] >> 4];
        text += kDigits[digest[i] & 0xf];
    }
    return text;
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 sum;
    sum.add(bytes);
    return sum.hex();
}

}  // namespace aipress

#include "http/checksums.h"

#include <array>
#include <boost/crc.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "http/base64.h"

namespace aipress::http {
namespace {

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

}  // namespace

struct Checksums::Impl {
    Impl() : digest(EVP_MD_CTX_new()) { EVP_DigestInit_ex(digest, EVP_md5(), nullptr); }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;
    ~Impl() { EVP_MD_CTX_free(digest); }

    EVP_MD_CTX* digest;
    Crc32c crc;
};

Checksums::Checksums() : impl_(std::make_unique<Impl>()) {}
Checksums::Checksums(Checksums&&) noexcept = default;
Checksums& Checksums::operator=(Checksums&&) noexcept = default;
Checksums::~Checksums() = default;

void Checksums::add(std::string_view bytes) {
    EVP_DigestUpdate(impl_->digest, bytes.data(), bytes.size());
    impl_->crc.process_bytes(bytes.data(), bytes.size());
}

std::string Checksums::md5() {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    EVP_DigestFinal_ex(impl_->digest, reinterpret_cast<unsigned char*>(digest.data()), &length);
    digest.resize(length);
    return encode_base64(digest);
}

std::string Checksums::crc32c() const {
    auto const crc = impl_->crc.checksum();
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(crc >> shift);
    return encode_base64(bytes);
}

struct Sha256::Impl {
    Impl() : digest(EVP_MD_CTX_new()) { EVP_DigestInit_ex(digest, EVP_sha256(), nullptr); }
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
    return fmt::format("{:02x}", fmt::join(digest.data(), digest.data() + length, ""));
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 sum;
    sum.add(bytes);
    return sum.hex();
}

std::uint32_t crc32c_of(std::string_view bytes) {
    Crc32c crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

}  // namespace aipress::http

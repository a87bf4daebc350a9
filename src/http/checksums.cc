#include "http/checksums.h"

#include <array>
#include <cstring>
#include <openssl/evp.h>

#include "http/base64.h"

namespace aipress::http {
namespace {

constexpr std::uint32_t kReflected = 0x82f63b78;  // RFC 3720's polynomial, lowest bit first

// tables[n][b]: what byte b does to the sum n bytes later.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        auto sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? kReflected : 0);
        tables[0][byte] = sum;
    }
    for (std::size_t later = 1; later < tables.size(); ++later) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            auto const before = tables[later - 1][byte];
            tables[later][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
    return tables;
}
constexpr Tables kTables = make_tables();

// Eight bytes at a time ("slicing by eight").
std::uint32_t extend_by_tables(std::uint32_t sum, std::string_view bytes) {
    while (bytes.size() >= 8) {
        std::uint32_t next = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            auto const byte = static_cast<unsigned char>(bytes[i]);
            next ^= kTables[7 - i][i < 4 ? byte ^ (sum >> 8 * i & 0xff) : byte];
        }
        sum = next;
        bytes.remove_prefix(8);
    }
    for (char const c : bytes) {
        sum = sum >> 8 ^ kTables[0][(sum ^ static_cast<unsigned char>(c)) & 0xff];
    }
    return sum;
}

#if defined(__x86_64__)
// SSE 4.2's instruction has this very polynomial.
__attribute__((target("sse4.2"))) std::uint32_t extend_by_instruction(std::uint32_t sum,
                                                                      std::string_view bytes) {
    std::uint64_t wide = sum;
    while (bytes.size() >= 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes.data(), sizeof eight);
        wide = __builtin_ia32_crc32di(wide, eight);
        bytes.remove_prefix(8);
    }
    sum = static_cast<std::uint32_t>(wide);
    for (char const c : bytes) sum = __builtin_ia32_crc32qi(sum, static_cast<unsigned char>(c));
    return sum;
}

bool has_instruction() {
    static bool const has = __builtin_cpu_supports("sse4.2") != 0;
    return has;
}
#endif

std::uint32_t extend(std::uint32_t sum, std::string_view bytes) {
#if defined(__x86_64__)
    if (has_instruction()) return extend_by_instruction(sum, bytes);
#endif
    return extend_by_tables(sum, bytes);
}

constexpr std::uint32_t kNothing = 0xffffffff;

}  // namespace

struct Checksums::Impl {
    Impl() : digest(EVP_MD_CTX_new()) { EVP_DigestInit_ex(digest, EVP_md5(), nullptr); }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;
    ~Impl() { EVP_MD_CTX_free(digest); }

    EVP_MD_CTX* digest;
    std::uint32_t crc = kNothing;
};

Checksums::Checksums() : impl_(std::make_unique<Impl>()) {}
Checksums::Checksums(Checksums&&) noexcept = default;
Checksums& Checksums::operator=(Checksums&&) noexcept = default;
Checksums::~Checksums() = default;

void Checksums::add(std::string_view bytes) {
    EVP_DigestUpdate(impl_->digest, bytes.data(), bytes.size());
    impl_->crc = extend(impl_->crc, bytes);
}

std::string Checksums::md5() {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    EVP_DigestFinal_ex(impl_->digest, reinterpret_cast<unsigned char*>(digest.data()), &length);
    digest.resize(length);
    return encode_base64(digest);
}

std::string Checksums::crc32c() const {
    auto const crc = ~impl_->crc;
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(crc >> shift);
    return encode_base64(bytes);
}

std::uint32_t crc32c_of(std::string_view bytes) {
    return ~extend(kNothing, bytes);
}

std::uint32_t portable_crc32c_of(std::string_view bytes) {
    return ~extend_by_tables(kNothing, bytes);
}

}  // namespace aipress::http

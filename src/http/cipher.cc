#include "http/cipher.h"

#include <fmt/format.h>
#include <limits>
#include <memory>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace aipress::http {
namespace {

struct Freed {
    void operator()(EVP_CIPHER_CTX* cipher) const { EVP_CIPHER_CTX_free(cipher); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Freed>;

// OpenSSL counts in int.
constexpr std::size_t kMost = std::numeric_limits<int>::max() - kCipherTagBytes;

Error failed(std::string_view what) {
    return {ErrorCode::Internal, fmt::format("OpenSSL cannot {}", what)};
}

unsigned char const* bytes_of(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

Result<void> check_lengths(std::string_view key, std::string_view nonce,
                           std::string_view additional, std::string_view text) {
    if (key.size() != kCipherKeyBytes || nonce.size() != kCipherNonceBytes) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("AES-256-GCM needs a key of {} bytes and a nonce of {}, not {} "
                                 "and {}",
                                 kCipherKeyBytes, kCipherNonceBytes, key.size(), nonce.size()));
    }
    if (additional.size() <= kMost && text.size() <= kMost) return {};
    return Error(ErrorCode::InvalidArgument, "too long to be encrypted at once");
}

}  // namespace

Result<std::string> random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    if (count > kMost || RAND_bytes(bytes_of(bytes), static_cast<int>(count)) != 1) {
        return failed("give random bytes");
    }
    return bytes;
}

Result<std::string> seal(std::string_view key, std::string_view nonce, std::string_view additional,
                         std::string_view plain) {
    TRY(check_lengths(key, nonce, additional, plain));
    Cipher const cipher(EVP_CIPHER_CTX_new());
    std::string sealed(plain.size() + kCipherTagBytes, '\0');
    int length = 0;
    bool const is_sealed =
        cipher &&
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key),
                           bytes_of(nonce)) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(additional),
                          static_cast<int>(additional.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), bytes_of(sealed), &length, bytes_of(plain),
                          static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), bytes_of(sealed) + plain.size(), &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kCipherTagBytes,
                            sealed.data() + plain.size()) == 1;
    if (!is_sealed) return failed("encrypt");
    return sealed;
}

Result<std::string> open_sealed(std::string_view key, std::string_view nonce,
                                std::string_view additional, std::string_view sealed) {
    TRY(check_lengths(key, nonce, additional, sealed));
    Error const damaged(ErrorCode::DataLoss,
                        "it does not decrypt: it was changed, or the key is "
                        "another one");
    if (sealed.size() < kCipherTagBytes) return damaged;
    auto const size = sealed.size() - kCipherTagBytes;
    std::string tag(sealed.substr(size));
    Cipher const cipher(EVP_CIPHER_CTX_new());
    std::string plain(size, '\0');
    int length = 0;
    bool const is_begun =
        cipher &&
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key),
                           bytes_of(nonce)) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(additional),
                          static_cast<int>(additional.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &length, bytes_of(sealed),
                          static_cast<int>(size)) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kCipherTagBytes, tag.data()) == 1;
    if (!is_begun) return failed("decrypt");
    if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(plain) + size, &length) != 1) return damaged;
    return plain;
}

}  // namespace aipress::http

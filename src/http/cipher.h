// AES-256 in Galois/Counter Mode: bytes that nobody reads, and nobody changes unnoticed, without
// the key. NIST SP 800-38D.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::http {

inline constexpr std::size_t kCipherKeyBytes = 32;
inline constexpr std::size_t kCipherNonceBytes = 12;
inline constexpr std::size_t kCipherTagBytes = 16;

// Of the system's generator for keys and nonces. Errors: Internal when it has none to give.
[[nodiscard]] Result<std::string> random_bytes(std::size_t count);

// The ciphertext, as long as `plain`, and its tag behind it. A nonce is never used twice with one
// key: whoever has two texts of one nonce has both. `additional` is not in it, but has to be the
// same again for open_sealed(). Errors: InvalidArgument for a key or nonce of another length;
// Internal.
[[nodiscard]] Result<std::string> seal(std::string_view key, std::string_view nonce,
                                       std::string_view additional, std::string_view plain);
// What seal() was given. Errors: also DataLoss when key, nonce, additional data or a bit of the
// text is another one; it cannot be known which.
[[nodiscard]] Result<std::string> open_sealed(std::string_view key, std::string_view nonce,
                                              std::string_view additional, std::string_view sealed);

}  // namespace aipress::http

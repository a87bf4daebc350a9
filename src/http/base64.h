// Base64 as RFC 4648, section 4; with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aipress::http {

[[nodiscard]] std::string encode_base64(std::string_view bytes);
// The letters of section 5, without padding: as in JSON Web Tokens (RFC 7515, section 2).
[[nodiscard]] std::string encode_base64url(std::string_view bytes);
// The letters of section 5 ("-", "_") are read too, and padding may be missing, as Google does.
// nullopt: it is none.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace aipress::http

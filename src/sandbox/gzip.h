// Content-Encoding: gzip (RFC 1952).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::sandbox {

[[nodiscard]] std::string compress_gzip(std::string_view bytes);
// Errors: InvalidArgument when it is none, ResourceExhausted past `most` bytes.
[[nodiscard]] Result<std::string> decompress_gzip(std::string_view compressed, std::size_t most);

}  // namespace aipress::sandbox

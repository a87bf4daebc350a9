// Names like "projects/p/secrets/s".
#pragma once

#include <string_view>

namespace aipress::sandbox {

// "projects/p/secrets/s", 1: "p". "" past the end.
[[nodiscard]] std::string_view segment(std::string_view name, std::size_t index);
// "p" for "projects/p" without "projects/"; as it is when it does not begin so.
[[nodiscard]] std::string_view without_prefix(std::string_view name, std::string_view prefix);

}  // namespace aipress::sandbox

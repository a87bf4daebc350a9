// This program's version, as `aipress --version` says it.
#pragma once

#include <string_view>

namespace aipress {

[[nodiscard]] std::string_view version();

}  // namespace aipress

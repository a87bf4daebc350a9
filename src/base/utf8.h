// Whether bytes are UTF-8 (RFC 3629). What is stored or answered as JSON has to be.
#pragma once

#include <string_view>

namespace aipress {

[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace aipress

// RFC 4648, as payloads of Secret Manager are sent.
#pragma once

#include <string>
#include <string_view>

namespace aipress::poc {

[[nodiscard]] std::string base64_text(std::string_view bytes);

}  // namespace aipress::poc

// JSON as Google's APIs write it for people to read, which is what they do unless they are told
// not to: a member a line, two spaces a level.
#pragma once

#include <string>
#include <string_view>

namespace aipress::sandbox {

// REQUIRES: `compact` is valid JSON.
[[nodiscard]] std::string pretty_json(std::string_view compact);

}  // namespace aipress::sandbox

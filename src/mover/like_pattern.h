// Database names in grants are LIKE patterns: `wp\_%`. Internal to mover/.
#pragma once

#include <string_view>

namespace aipress::mover {

// `%` any run, `_` any one byte, `\` takes the next byte as it is. Bytes are compared exactly.
[[nodiscard]] constexpr bool matches_like(std::string_view pattern, std::string_view text) {
    for (; !pattern.empty(); pattern.remove_prefix(1)) {
        char const c = pattern.front();
        if (c == '%') {
            for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
                if (matches_like(pattern.substr(1), text.substr(skipped))) return true;
            }
            return false;
        }
        if (text.empty()) return false;
        bool const is_escaped = c == '\\' && pattern.size() > 1;
        if (is_escaped) pattern.remove_prefix(1);
        bool const any = c == '_' && !is_escaped;
        if (!any && pattern.front() != text.front()) return false;
        text.remove_prefix(1);
    }
    return text.empty();
}

}  // namespace aipress::mover

// The words of a log filter: see log_filter.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/outcome.h"

namespace aipress::sandbox {

struct LogFilterToken {
    enum class Kind { Word, Text, Sign, Open, Close, End };

    Kind kind = Kind::End;
    std::string text = {};

    [[nodiscard]] bool is_word(std::string_view word) const {
        return kind == Kind::Word && text == word;
    }
};

// Stands for a point of a word that was quoted, and does not part a path: labels."a.b".
inline constexpr char kQuotedPoint = '\x01';

// The last one is the end. Errors: InvalidArgument.
[[nodiscard]] Outcome<std::vector<LogFilterToken>> log_filter_tokens(std::string_view text);

[[nodiscard]] ApiError unparseable_filter(std::string_view why);

}  // namespace aipress::sandbox

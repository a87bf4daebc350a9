// The wildcards of grants and account hosts: % any run, _ any character, \ takes the next as it is.
#pragma once

#include <string_view>

namespace aipress::mover {

enum class LetterCase { Distinct, Ignored };

[[nodiscard]] bool matches_sql_pattern(std::string_view pattern, std::string_view text,
                                       LetterCase letter_case);

}  // namespace aipress::mover

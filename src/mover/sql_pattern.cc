#include "mover/sql_pattern.h"

#include <cctype>

namespace aipress::mover {
namespace {

bool same(char left, char right, LetterCase letter_case) {
    if (letter_case == LetterCase::Distinct) return left == right;
    return std::tolower(static_cast<unsigned char>(left)) ==
           std::tolower(static_cast<unsigned char>(right));
}

}  // namespace

// Greedy with one point to fall back to, the last %: linear in practice, never exponential.
bool matches_sql_pattern(std::string_view pattern, std::string_view text, LetterCase letter_case) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t behind_percent = std::string_view::npos;
    std::size_t retry_at = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '%') {
            behind_percent = ++p;
            retry_at = t;
            continue;
        }
        bool const is_escaped = p + 1 < pattern.size() && pattern[p] == '\\';
        std::size_t const literal = is_escaped ? p + 1 : p;
        bool const fits =
            literal < pattern.size() && ((!is_escaped && pattern[literal] == '_') ||
                                         same(pattern[literal], text[t], letter_case));
        if (fits) {
            p = literal + 1;
            ++t;
        } else if (behind_percent != std::string_view::npos) {
            p = behind_percent;
            t = ++retry_at;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '%') ++p;
    return p == pattern.size();
}

}  // namespace aipress::mover

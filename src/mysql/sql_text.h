// Looking into SQL text as the server prints it, without mistaking what stands in a string, a
// quoted identifier or a comment for SQL.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace aipress::mysql {

// Where `needle` starts in `sql` at or behind `from`, outside 'strings', "strings", `identifiers`
// and comments; npos when nowhere. Compares ASCII letters without case. REQUIRES: the needle starts
// outside quotes.
[[nodiscard]] std::size_t find_unquoted(std::string_view sql, std::string_view needle,
                                        std::size_t from = 0);

// Is the word there outside quotes, as a whole word?
[[nodiscard]] bool mentions_word(std::string_view sql, std::string_view word);

// The name that starts with the backtick at `at`, backticks undoubled. Empty when there is none.
[[nodiscard]] std::string identifier_at(std::string_view sql, std::size_t at);

// Every `from`.`name` becomes `to`.`name`, outside strings and comments, where the name is one of
// `names`: a column of a table that is called as its database stays what it is.
[[nodiscard]] std::string rename_qualifier(std::string_view sql, std::string_view from,
                                           std::string_view to,
                                           std::set<std::string, std::less<>> const& names);

// CREATE EVENT with its status (ENABLE, DISABLE, DISABLE ON SLAVE …) replaced; `status` may be
// empty.
[[nodiscard]] std::string with_event_status(std::string_view create_event, std::string_view status);

}  // namespace aipress::mysql

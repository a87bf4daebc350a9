#include "mysql/sql_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "mysql/connection.h"

namespace aipress::mysql {
namespace {

char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(),
                      [](char left, char right) { return lower(left) == lower(right); });
}

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// Behind the closing quote of the quoted piece that starts at `at`.
std::size_t skip_quoted(std::string_view sql, std::size_t at) {
    char const quote = sql[at];
    for (std::size_t i = at + 1; i < sql.size(); ++i) {
        if (sql[i] == '\\' && quote != '`') {
            ++i;
        } else if (sql[i] == quote) {
            if (i + 1 >= sql.size() || sql[i + 1] != quote) return i + 1;
            ++i;  // doubled: the quote itself
        }
    }
    return sql.size();
}

std::size_t skip_to(std::string_view sql, std::string_view end, std::size_t from) {
    auto const at = sql.find(end, from);
    return at == std::string_view::npos ? sql.size() : at + end.size();
}

// Behind the string, identifier or comment that starts at `at`; `at` itself when none starts there.
// Executable comments (/*!…*/) are SQL: only their opening is passed over.
std::size_t skip_opaque(std::string_view sql, std::size_t at) {
    char const c = sql[at];
    if (c == '\'' || c == '"' || c == '`') return skip_quoted(sql, at);
    if (c == '#') return skip_to(sql, "\n", at);
    if (sql.substr(at, 3) == "-- ") return skip_to(sql, "\n", at);
    if (sql.substr(at, 2) == "/*" && sql.substr(at, 3) != "/*!") {
        return skip_to(sql, "*/", at + 2);
    }
    return at;
}

// The quoted name behind the dot that follows at `behind`; empty when none does.
std::string qualified_name(std::string_view sql, std::size_t behind) {
    auto const dot = sql.find_first_not_of(" \t\n", behind);
    if (dot == std::string_view::npos || sql[dot] != '.') return {};
    return identifier_at(sql, sql.find_first_not_of(" \t\n", dot + 1));
}

}  // namespace

std::size_t find_unquoted(std::string_view sql, std::string_view needle, std::size_t from) {
    for (std::size_t at = 0; at < sql.size();) {
        if (at >= from && starts_with_ignoring_case(sql.substr(at), needle)) return at;
        auto const behind = skip_opaque(sql, at);
        at = behind == at ? at + 1 : behind;
    }
    return std::string_view::npos;
}

bool mentions_word(std::string_view sql, std::string_view word) {
    for (auto at = find_unquoted(sql, word); at != std::string_view::npos;
         at = find_unquoted(sql, word, at + 1)) {
        bool const starts = at == 0 || !is_word_character(sql[at - 1]);
        auto const end = at + word.size();
        if (starts && (end >= sql.size() || !is_word_character(sql[end]))) return true;
    }
    return false;
}

std::string identifier_at(std::string_view sql, std::size_t at) {
    if (at >= sql.size() || sql[at] != '`') return {};
    auto const end = skip_quoted(sql, at);
    std::string name;
    for (std::size_t i = at + 1; i + 1 < end; ++i) {
        name += sql[i];
        if (sql[i] == '`') ++i;
    }
    return name;
}

std::string rename_qualifier(std::string_view sql, std::string_view from, std::string_view to,
                             std::set<std::string, std::less<>> const& names) {
    std::string renamed;
    renamed.reserve(sql.size());
    for (std::size_t at = 0; at < sql.size();) {
        auto const behind = skip_opaque(sql, at);
        if (behind == at) {
            renamed += sql[at++];
            continue;
        }
        bool const is_first_part = sql[at] == '`' && (at == 0 || sql[at - 1] != '.');
        if (is_first_part && identifier_at(sql, at) == from &&
            names.contains(qualified_name(sql, behind))) {
            renamed += quote_identifier(to);
        } else {
            renamed += sql.substr(at, behind - at);
        }
        at = behind;
    }
    return renamed;
}

std::string with_event_status(std::string_view create_event, std::string_view status) {
    static constexpr std::array<std::string_view, 4> kStatuses = {
        " DISABLE ON REPLICA", " DISABLE ON SLAVE", " DISABLE", " ENABLE"};
    auto const completion = find_unquoted(create_event, " ON COMPLETION ");
    auto const preserve = find_unquoted(create_event, " PRESERVE", completion);
    if (completion == std::string_view::npos || preserve == std::string_view::npos) {
        return std::string(create_event);
    }
    auto const at = preserve + std::string_view(" PRESERVE").size();
    std::string_view rest = create_event.substr(at);
    for (auto const known : kStatuses) {
        if (starts_with_ignoring_case(rest, known)) {
            rest.remove_prefix(known.size());
            break;
        }
    }
    std::string replaced(create_event.substr(0, at));
    if (!status.empty()) replaced.append(" ").append(status);
    return replaced.append(rest);
}

}  // namespace aipress::mysql

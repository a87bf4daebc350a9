#include "mover/gate_statements.h"

#include <fmt/format.h>

#include "mover/sql_pattern.h"
#include "mysql/connection.h"

namespace aipress::mover {
namespace {

// The position behind the quoted run that begins at `at`; `at` itself when none does. Quotes are
// doubled inside; a backslash escapes only inside '…' and "…".
std::size_t behind_quoted(std::string_view text, std::size_t at) {
    char const quote = text[at];
    if (quote != '\'' && quote != '"' && quote != '`') return at;
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\' && quote != '`') {
            ++i;
        } else if (text[i] == quote) {
            if (i + 1 < text.size() && text[i + 1] == quote) {
                ++i;
            } else {
                return i + 1;
            }
        }
    }
    return text.size();
}

// The first `word` outside of quotes; npos without one.
std::size_t find_unquoted(std::string_view text, std::string_view word, std::size_t from = 0) {
    for (std::size_t i = from; i < text.size();) {
        if (auto const end = behind_quoted(text, i); end != i) {
            i = end;
        } else if (text.substr(i).starts_with(word)) {
            return i;
        } else {
            ++i;
        }
    }
    return std::string_view::npos;
}

std::string unquoted_identifier(std::string_view quoted) {
    std::string name;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] == '`') ++i;
        name += quoted[i];
    }
    return name;
}

}  // namespace

bool says_account_locked(std::string_view create_user) {
    return find_unquoted(create_user, " ACCOUNT LOCK") != std::string_view::npos;
}

std::optional<Grant> grant_on_database(std::string_view grant_sql, std::string_view database) {
    constexpr std::string_view kGrant = "GRANT ";
    constexpr std::string_view kOn = " ON ";
    constexpr std::string_view kTo = " TO ";
    auto const on = find_unquoted(grant_sql, kOn);
    if (!grant_sql.starts_with(kGrant) || on == std::string_view::npos) return std::nullopt;
    auto const to = find_unquoted(grant_sql, kTo, on + kOn.size());
    if (to == std::string_view::npos) return std::nullopt;

    auto const privileges = grant_sql.substr(kGrant.size(), on - kGrant.size());
    auto const object = grant_sql.substr(on + kOn.size(), to - on - kOn.size());
    auto const name_at = object.find('`');  // behind PROCEDURE or FUNCTION
    if (name_at == std::string_view::npos || privileges == "PROXY") return std::nullopt;
    auto const name_end = behind_quoted(object, name_at);
    auto const name = unquoted_identifier(object.substr(name_at, name_end - name_at));
    // Only grants on a whole database may be patterns.
    bool const is_whole_database = object.substr(name_end) == ".*";
    if (is_whole_database ? !matches_sql_pattern(name, database, LetterCase::Distinct)
                          : name != database) {
        return std::nullopt;
    }

    auto const tail = grant_sql.substr(to + kTo.size());
    std::size_t grantee_end = behind_quoted(tail, 0);
    if (grantee_end < tail.size() && tail[grantee_end] == '@') {
        grantee_end = behind_quoted(tail, grantee_end + 1);
    }
    auto const grantee = tail.substr(0, grantee_end);
    Grant grant{std::string(object), {}, std::string(grant_sql)};
    grant.revoke.push_back(fmt::format("REVOKE {} ON {} FROM {}", privileges, object, grantee));
    if (find_unquoted(tail, "WITH GRANT OPTION") != std::string_view::npos) {
        grant.revoke.push_back(fmt::format("REVOKE GRANT OPTION ON {} FROM {}", object, grantee));
    }
    return grant;
}

std::string quoted_definer(std::string_view definer) {
    auto const at = definer.rfind('@');  // a user name may hold one, a host may not
    if (at == std::string_view::npos) return mysql::quote_text(definer);
    return mysql::quote_text(definer.substr(0, at)) + "@" +
           mysql::quote_text(definer.substr(at + 1));
}

}  // namespace aipress::mover

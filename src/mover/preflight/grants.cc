#include "mover/preflight/grants.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "mover/accounts.h"
#include "mover/sql_pattern.h"
#include "mysql/sql_text.h"

namespace aipress::mover {
namespace {

constexpr auto kNowhere = std::string_view::npos;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// "SELECT, INSERT (`a`, `b`), UPDATE" without privileges that hold for some columns only.
std::set<std::string, std::less<>> parse_privileges(std::string_view list) {
    std::set<std::string, std::less<>> privileges;
    while (!list.empty()) {
        auto const comma = std::min(list.find(','), list.size());
        auto const paren = std::min(list.find('('), list.size());
        if (paren < comma) {
            auto const close = std::min(mysql::find_unquoted(list, ")", paren), list.size());
            auto const next = std::min(mysql::find_unquoted(list, ",", close), list.size());
            list.remove_prefix(std::min(next + 1, list.size()));
            continue;
        }
        privileges.emplace(trimmed(list.substr(0, comma)));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    if (privileges.contains("ALL")) privileges.insert("ALL PRIVILEGES");
    return privileges;
}

}  // namespace

Result<Grants> Grants::read(Context const& context, mysql::Connection& connection) {
    auto const rows = TRY(connection.query(context, "SHOW GRANTS"));
    std::vector<std::string> lines;
    for (auto const& row : rows.rows) lines.push_back(row.at(0).value_or(""));
    auto grants = parse(lines);
    auto const own = TRY(connection.query(context, "SELECT CURRENT_USER()")).scalar().value_or("");
    auto const at = own.rfind('@');
    grants.account_ =
        at == std::string::npos ? own : Account{own.substr(0, at), own.substr(at + 1)}.quoted();
    return grants;
}

Grants Grants::parse(std::vector<std::string> const& lines) {
    Grants grants;
    for (auto const& line : lines) grants.parse_line(line);
    return grants;
}

void Grants::parse_line(std::string_view line) {
    static constexpr std::string_view kGrant = "GRANT ";
    static constexpr std::string_view kRevoke = "REVOKE ";
    Grant grant;
    grant.is_revocation = line.starts_with(kRevoke);
    if (!line.starts_with(kGrant) && !grant.is_revocation) return;
    line.remove_prefix(grant.is_revocation ? kRevoke.size() : kGrant.size());
    auto const on = mysql::find_unquoted(line, " ON ");
    if (on == kNowhere) return;  // a role
    grant.privileges = parse_privileges(line.substr(0, on));
    auto scope = line.substr(on + 4);
    if (scope.starts_with("TABLE ")) scope.remove_prefix(6);
    if (scope.starts_with("*.*")) {
        grant.pattern.assign(1, '*');
    } else if (scope.starts_with('`')) {
        grant.pattern = mysql::identifier_at(scope, 0);
        // A grant on one table or routine is none on the whole database.
        if (mysql::find_unquoted(scope, ".* ") == kNowhere) return;
    } else {
        return;  // PROXY, FUNCTION, PROCEDURE
    }
    grants_.push_back(std::move(grant));
}

bool Grants::has_global(std::string_view privilege) const {
    return std::any_of(grants_.begin(), grants_.end(), [&](Grant const& grant) {
        return !grant.is_revocation && grant.pattern == "*" &&
               (grant.privileges.contains(privilege) ||
                grant.privileges.contains("ALL PRIVILEGES"));
    });
}

bool Grants::has(std::string_view privilege, std::string_view database) const {
    bool granted = has_global(privilege);
    for (auto const& grant : grants_) {
        if (grant.pattern == "*" ||
            !matches_sql_pattern(grant.pattern, database, LetterCase::Distinct))
            continue;
        bool const names_it =
            grant.privileges.contains(privilege) || grant.privileges.contains("ALL PRIVILEGES");
        if (grant.is_revocation && names_it) return false;
        granted = granted || names_it;
    }
    return granted;
}

}  // namespace aipress::mover

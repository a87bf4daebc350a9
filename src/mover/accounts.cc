#include "mover/accounts.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "mover/sql_pattern.h"

namespace aipress::mover {
namespace {

using AccountKey = std::pair<std::string, std::string>;  // user, host; a MariaDB role's host is ""

// What the grant tables say, before it is known who is who.
struct GrantTables {
    std::vector<Account> accounts;  // roles of MariaDB left out
    std::set<AccountKey> on_database;
    std::set<AccountKey> global_writers;
    std::multimap<AccountKey, AccountKey> roles;  // account → role that it may take
};

constexpr std::array<std::string_view, 5> kServersOwn = {
    "mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema", "mysql.mariadb.sys"};

Result<std::vector<AccountKey>> account_keys(Context const& context, mysql::Connection& connection,
                                             std::string const& sql) {
    auto const rows = TRY(connection.query(context, sql));
    std::vector<AccountKey> keys;
    for (auto const& row : rows.rows) {
        keys.emplace_back(row.at(0).value_or(""), row.at(1).value_or(""));
    }
    return keys;
}

Result<void> read_accounts(Context const& context, mysql::Connection& connection,
                           GrantTables& tables) {
    auto const& version = connection.version();
    std::string_view sql = "SELECT User, Host, 'N' FROM mysql.user";  // before ACCOUNT LOCK
    if (version.is_mariadb()) {
        sql =
            "SELECT User, Host, IF(JSON_VALUE(Priv, '$.account_locked') = '1', 'Y', 'N') "
            "FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.is_role') IS NULL";
    } else if (version.mysql_at_least(50706)) {
        sql = "SELECT User, Host, account_locked FROM mysql.user";
    }
    auto const rows = TRY(connection.query(context, sql));
    for (auto const& row : rows.rows) {
        Account account{row.at(0).value_or(""), row.at(1).value_or(""), row.at(2) == "Y"};
        bool const is_servers_own =
            std::find(kServersOwn.begin(), kServersOwn.end(), account.user) != kServersOwn.end();
        if (!is_servers_own) tables.accounts.push_back(std::move(account));
    }
    return {};
}

Result<void> read_database_grants(Context const& context, mysql::Connection& connection,
                                  std::string const& database, GrantTables& tables) {
    auto const rows = TRY(connection.query(context, "SELECT User, Host, Db FROM mysql.db"));
    for (auto const& row : rows.rows) {
        if (matches_sql_pattern(row.at(2).value_or(""), database, LetterCase::Distinct)) {
            tables.on_database.emplace(row.at(0).value_or(""), row.at(1).value_or(""));
        }
    }
    for (std::string_view const table : {"tables_priv", "columns_priv", "procs_priv"}) {
        auto const keys =
            TRY(account_keys(context, connection,
                             fmt::format("SELECT DISTINCT User, Host FROM mysql.{} WHERE Db = {}",
                                         table, mysql::quote_text(database))));
        tables.on_database.insert(keys.begin(), keys.end());
    }
    return {};
}

Result<void> read_global_writers(Context const& context, mysql::Connection& connection,
                                 GrantTables& tables) {
    auto const keys = TRY(account_keys(
        context, connection,
        "SELECT User, Host FROM mysql.user WHERE 'Y' IN (Insert_priv, Update_priv, Delete_priv, "
        "Create_priv, Drop_priv, Alter_priv, Super_priv, Trigger_priv, Event_priv, "
        "Create_routine_priv, Alter_routine_priv)"));
    tables.global_writers.insert(keys.begin(), keys.end());
    return {};
}

Result<void> read_roles(Context const& context, mysql::Connection& connection,
                        GrantTables& tables) {
    auto const& version = connection.version();
    std::string_view sql;
    if (version.is_mariadb()) {
        sql = "SELECT User, Host, Role, '' FROM mysql.roles_mapping";
    } else if (version.mysql_at_least(80000)) {
        sql = "SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST FROM mysql.role_edges";
    } else {
        return {};
    }
    auto const rows = TRY(connection.query(context, sql));
    for (auto const& row : rows.rows) {
        tables.roles.emplace(AccountKey(row.at(0).value_or(""), row.at(1).value_or("")),
                             AccountKey(row.at(2).value_or(""), row.at(3).value_or("")));
    }
    return {};
}

// The account and every role it may take, directly or through another role.
std::set<AccountKey> with_roles(AccountKey const& account, GrantTables const& tables) {
    std::set<AccountKey> reached;
    std::vector<AccountKey> open = {account};
    while (!open.empty()) {
        auto const next = open.back();
        open.pop_back();
        if (!reached.insert(next).second) continue;
        auto const [first, last] = tables.roles.equal_range(next);
        for (auto role = first; role != last; ++role) open.push_back(role->second);
    }
    return reached;
}

bool any_in(std::set<AccountKey> const& some, std::set<AccountKey> const& all) {
    return std::any_of(some.begin(), some.end(),
                       [&](AccountKey const& key) { return all.contains(key); });
}

Error bad_account(std::string_view text) {
    return {ErrorCode::InvalidArgument,
            fmt::format("\"{}\" is not an account; write user, user@host or 'user'@'host'", text)};
}

// One half of an account: quoted as '…', `…` or "…", or bare up to the `@` or the end. `rest` moves
// behind it.
Result<std::string> parse_name(std::string_view& rest, std::string_view text) {
    std::string name;
    bool const is_quoted =
        !rest.empty() && std::string_view("'`\"").find(rest.front()) != std::string_view::npos;
    if (!is_quoted) {
        auto const end = std::min(rest.rfind('@'), rest.size());
        name = rest.substr(0, end);
        rest.remove_prefix(end);
        if (name.empty()) return bad_account(text);
        return name;
    }
    char const quote = rest.front();
    for (rest.remove_prefix(1); !rest.empty(); rest.remove_prefix(1)) {
        if (rest.front() == quote) {
            bool const is_doubled = rest.size() > 1 && rest[1] == quote;
            if (!is_doubled) break;
            rest.remove_prefix(1);
        }
        name += rest.front();
    }
    if (rest.empty()) return bad_account(text);
    rest.remove_prefix(1);
    return name;
}

}  // namespace

std::string Account::quoted() const {
    return fmt::format("{}@{}", mysql::quote_text(user), mysql::quote_text(host));
}

bool contains(std::vector<Account> const& accounts, Account const& account) {
    return std::find(accounts.begin(), accounts.end(), account) != accounts.end();
}

Result<DatabaseAccounts> list_accounts(Context const& context, mysql::Connection& connection,
                                       std::string const& database) {
    GrantTables tables;
    TRY(read_accounts(context, connection, tables).in_context("listing accounts"));
    TRY(read_database_grants(context, connection, database, tables).in_context("listing accounts"));
    TRY(read_global_writers(context, connection, tables).in_context("listing accounts"));
    TRY(read_roles(context, connection, tables).in_context("listing accounts"));
    auto const own = TRY(connection.query(context, "SELECT CURRENT_USER()")).scalar().value_or("");

    DatabaseAccounts found;
    for (auto const& account : tables.accounts) {
        auto const identities = with_roles({account.user, account.host}, tables);
        if (any_in(identities, tables.global_writers)) {
            found.global_writers.push_back(account);
        } else if (any_in(identities, tables.on_database) &&
                   own != account.user + "@" + account.host) {
            found.tenant.push_back(account);
        }
    }
    auto const by_name = [](Account const& left, Account const& right) {
        return std::pair(left.user, left.host) < std::pair(right.user, right.host);
    };
    std::sort(found.tenant.begin(), found.tenant.end(), by_name);
    std::sort(found.global_writers.begin(), found.global_writers.end(), by_name);
    return found;
}

Result<Account> parse_account(std::string_view text) {
    Account account;
    auto rest = text;
    account.user = TRY(parse_name(rest, text));
    if (rest.empty()) {
        account.host = "%";
        return account;
    }
    if (rest.front() != '@') return bad_account(text);
    rest.remove_prefix(1);
    account.host = TRY(parse_name(rest, text));
    if (!rest.empty()) return bad_account(text);
    return account;
}

}  // namespace aipress::mover

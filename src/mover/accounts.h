// Which accounts can write to a database.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::mover {

struct Account {
    std::string user;
    std::string host;
    bool is_locked = false;

    // 'user'@'host', quoted for SQL.
    [[nodiscard]] std::string quoted() const;
    // Locked or not, it is the same account.
    [[nodiscard]] bool operator==(Account const& that) const {
        return user == that.user && host == that.host;
    }
};

[[nodiscard]] bool contains(std::vector<Account> const& accounts, Account const& account);

struct DatabaseAccounts {
    // With a grant on the database (or on a pattern that matches it, or on one of its tables,
    // columns or routines) and without global write privileges: these get locked. Never the
    // caller's own account.
    std::vector<Account> tenant;
    // With INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, SUPER … on *.*: never locked, listed in
    // preflight and held off by LOCK TABLES.
    std::vector<Account> global_writers;
};

[[nodiscard]] Result<DatabaseAccounts> list_accounts(Context const& context,
                                                     mysql::Connection& connection,
                                                     std::string const& database);

// "wp@%" or "'wp'@'%'" or "wp" (host %). Errors: InvalidArgument.
[[nodiscard]] Result<Account> parse_account(std::string_view text);

}  // namespace aipress::mover

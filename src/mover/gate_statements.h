// What SHOW CREATE USER and SHOW GRANTS say, for the gate. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::mover {

// Of SHOW CREATE USER, of MariaDB and MySQL.
[[nodiscard]] bool says_account_locked(std::string_view create_user);

// A line of SHOW GRANTS that gives something on a database, one of its tables or routines.
struct Grant {
    std::string object;               // "`wp`.*", "`wp`.`posts`"
    std::vector<std::string> revoke;  // the statements that take it away
    std::string sql;                  // the line itself, which gives it back
};

// nullopt when the grant is not on `database` (a pattern such as `wp\_%` may match it).
[[nodiscard]] std::optional<Grant> grant_on_database(std::string_view grant_sql,
                                                     std::string_view database);

// A definer as information_schema shows it, "wp@%", quoted for SQL: 'wp'@'%'.
[[nodiscard]] std::string quoted_definer(std::string_view definer);

}  // namespace aipress::mover

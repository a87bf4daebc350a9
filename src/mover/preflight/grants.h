// What the session's account may do, read from SHOW GRANTS.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::mover {

class Grants {
public:
    // SHOW GRANTS without FOR: the account's own, and those of the roles that are active in the
    // session.
    [[nodiscard]] static Result<Grants> read(Context const& context, mysql::Connection& connection);
    // Lines that are no grants on something (roles, PROXY, SET DEFAULT ROLE) are passed over.
    [[nodiscard]] static Grants parse(std::vector<std::string> const& lines);

    // On every database and every table. Names as SHOW GRANTS writes them, upper case.
    [[nodiscard]] bool has_global(std::string_view privilege) const;
    // On the whole database.
    [[nodiscard]] bool has(std::string_view privilege, std::string_view database) const;
    [[nodiscard]] std::string const& account() const { return account_; }  // 'user'@'host'

private:
    struct Grant {
        std::set<std::string, std::less<>> privileges;
        std::string pattern;         // of the database; "*": global
        bool is_revocation = false;  // MySQL 8's partial revokes
    };
    void parse_line(std::string_view line);

    std::vector<Grant> grants_;
    std::string account_;
};

}  // namespace aipress::mover

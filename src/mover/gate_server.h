// What the gate asks a server and tells it, one statement or list each.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/accounts.h"
#include "mover/gate_sessions.h"
#include "mover/gate_statements.h"
#include "mysql/connection.h"

namespace aipress::mover {

struct GateEvent {
    std::string object;   // `wp`.`nightly`
    std::string definer;  // quoted
    bool is_enabled = false;
    std::string character_set_client;
    std::string collation_connection;
};

// Events of the database, and those elsewhere that run as one of the accounts: they could write
// here too.
[[nodiscard]] Result<std::vector<GateEvent>> list_events(Context const& context,
                                                         mysql::Connection& admin,
                                                         std::string const& database,
                                                         std::vector<Account> const& accounts);

// Runs an ALTER EVENT with the event's own session character set, which the server stores anew.
Result<void> alter_event(Context const& context, mysql::Connection& admin, GateEvent const& event,
                         std::string const& sql);

// nullopt: there is no such account.
[[nodiscard]] Result<std::optional<bool>> is_account_locked(Context const& context,
                                                            mysql::Connection& admin,
                                                            Account const& account);

// What the account may do on the database; nothing when there is no such account.
[[nodiscard]] Result<std::vector<Grant>> list_grants(Context const& context,
                                                     mysql::Connection& admin,
                                                     Account const& account,
                                                     std::string const& database);

[[nodiscard]] Result<SessionClassifier> make_classifier(Context const& context,
                                                        mysql::Connection& admin,
                                                        std::string const& database,
                                                        std::vector<Account> const& accounts);
// All but the connection's own.
[[nodiscard]] Result<std::vector<Session>> list_sessions(Context const& context,
                                                         mysql::Connection& admin);
// A session that is gone already is no error.
Result<void> kill_session(Context const& context, mysql::Connection& admin, std::uint64_t id);
// Its statement only, if it runs one: the session and its transaction go on.
Result<void> cancel_statement(Context const& context, mysql::Connection& admin, std::uint64_t id);

// The server's "there is no such account": of ALTER USER, SHOW CREATE USER, SHOW GRANTS, GRANT.
[[nodiscard]] bool says_no_such_account(Error const& error);

}  // namespace aipress::mover

// Writers held still while their sessions are ended, on servers that cannot be told to kill a
// session at any time. Internal to the gate.
//
// MySQL 5.6 and 5.7 (fixed in some late release; MariaDB never had it): a session that ends without
// saying so, killed or its client crashed, when its last statement was ROLLBACK TO SAVEPOINT, has
// what its transaction did before COMMITTED, and the binary log does not show it (its Bug #79596;
// measured on 5.6.24). So there nobody is killed who has changed something and stands between two
// statements. With the tables locked against writers that is decided for good: who has changed
// nothing yet cannot begin to, and who waits for the lock is in another statement.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "mover/gate_sessions.h"
#include "mysql/connection.h"

namespace aipress::mover {

[[nodiscard]] bool may_commit_when_killed(mysql::ServerVersion const& version);

// LOCK TABLES … READ of all base tables of the database, on this connection. Statements that keep
// the lock away for a second are cancelled (KILL QUERY, which ends no transaction).
// unlock_tables() lets go. Errors: DeadlineExceeded.
Result<void> hold_writers(Context const& context, mysql::Connection& admin,
                          std::string const& database, SessionClassifier const& classifier);

// The threads whose open transaction has changed rows. Takes kTransactionListAge: the server renews
// the list only when nobody has read it for 100 ms (INNODB_TRX in its manual).
[[nodiscard]] Result<std::set<std::uint64_t>> changing_threads(Context const& context,
                                                               mysql::Connection& admin);

// Is it in the middle of a statement that the held tables keep waiting?
[[nodiscard]] bool waits_for_tables(Session const& session);

}  // namespace aipress::mover

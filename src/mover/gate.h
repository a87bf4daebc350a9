// The gate of one side: closed, no session of the tenant can write there; open again, all is as
// before.
//
// ACCOUNT LOCK and REVOKE do not stop a session that is open, and events of a locked definer go on
// (both measured). So closing is: disable events, lock every tenant account, kill its sessions
// until none is left. shut_tables() then waits for what they had under way: a session is gone from
// the process list before its transaction is rolled back or, killed while committing, committed.
// It is the second belt too, against accounts with global privileges; it lives only as long as its
// connection.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"
#include "mover/accounts.h"
#include "mover/effects.h"
#include "mover/gate_sessions.h"
#include "mysql/connection.h"

namespace aipress::mover {

struct GateResult {
    std::size_t sessions_killed = 0;
};

// Not thread safe. Every effect is in scope "fence" of the log.
class Gate {
public:
    // How accounts are shut out: what the server can do.
    enum class Means { LockAccounts, RevokeGrants };
    [[nodiscard]] static Means means_of(mysql::ServerVersion const& version);

    // The log and the probe outlive the gate. `accounts`: those to lock.
    Gate(Side side, std::string database, std::vector<Account> accounts, EffectLog& log,
         Probe& probe);

    // Accounts that were not known when the gate was made.
    void fence_also(std::vector<Account> const& accounts);

    // Safe to repeat. On an error the gate may be half closed: call open().
    // Servers without ACCOUNT LOCK (MySQL before 5.7.6): the accounts' privileges on the database
    // are revoked instead, and granted again by open(). Errors: DeadlineExceeded when sessions are
    // left at the context's deadline.
    Result<GateResult> close(Context const& context, mysql::Connection& admin);

    // Undoes what close() did, newest first, by the log: also in a new process. Safe to repeat.
    // Accounts that were locked and events that were disabled before close() stay so.
    Result<void> open(Context const& context, mysql::Connection& admin);

    // Proof that the gate holds: no session of the accounts, all of them locked. Errors:
    // FailedPrecondition naming what is open.
    Result<void> check_closed(Context const& context, mysql::Connection& admin);

private:
    Result<void> refuse_own_account(Context const& context, mysql::Connection& admin) const;
    Result<void> disable_events(Context const& context, mysql::Connection& admin);
    Result<void> lock_accounts(Context const& context, mysql::Connection& admin);
    Result<void> revoke_grants(Context const& context, mysql::Connection& admin);
    Result<std::size_t> end_sessions(Context const& context, mysql::Connection& admin);
    Result<std::size_t> end_sessions_of(Context const& context, mysql::Connection& admin,
                                        SessionClassifier const& classifier);
    Result<void> undo(Context const& context, mysql::Connection& admin, Effect const& effect);

    Result<void> check_accounts(Context const& context, mysql::Connection& admin) const;
    Result<void> check_sessions(Context const& context, mysql::Connection& admin) const;

    Side side_;
    std::string database_;
    std::vector<Account> accounts_;
    EffectLog& log_;
    Probe& probe_;
    std::set<std::uint64_t> ended_;  // sessions that close() ended, by their thread ids
};

// LOCK TABLES <tables> READ on this connection, whose own reads of them go on. Waits for open
// transactions on the tables at most until the context's deadline; MySQL before 5.7 waits only for
// statements. Errors: DeadlineExceeded.
Result<void> lock_tables_read(Context const& context, mysql::Connection& connection,
                              std::vector<std::string> const& tables);
Result<void> unlock_tables(Context const& context, mysql::Connection& connection);

// The same for good, in front of the last look at the log: every transaction that has written to
// the tables is over and its commit in the log, on MySQL 5.6 as well (InnoDB's own table locks, see
// the manual on innodb_table_locks, are held until the engine's commit, which comes behind the
// log's). They need autocommit off, so the connection is of no other use; closing it lets go.
// Errors: DeadlineExceeded.
Result<void> shut_tables(Context const& context, mysql::Connection& connection,
                         std::vector<std::string> const& tables);

}  // namespace aipress::mover

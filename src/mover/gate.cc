#include "mover/gate.h"

#include <algorithm>
#include <fmt/format.h>

#include "mover/apply_effect.h"
#include "mover/gate_server.h"
#include "mover/gate_writers.h"

namespace aipress::mover {
namespace {

constexpr std::string_view kScope = "fence";
constexpr std::string_view kDisableEvent = "disable-event";
constexpr std::string_view kLockAccount = "lock-account";
constexpr std::string_view kRevokeGrants = "revoke-grants";

// Tells our own statements from the tenant's DDL for whoever reads the binlog.
constexpr std::string_view kMark = "/* aipress fence */";

// The server has no event to wait for when a session ends: it is asked again, soon at first.
constexpr milliseconds kTurnedAwayWithin{1'000};
constexpr milliseconds kFirstPause{1};
constexpr milliseconds kLongestPause{50};
constexpr std::size_t kNamedSessions = 3;
constexpr unsigned kErLockDeadlock = 1213;

Error left_open(Context const& context, std::vector<Session> const& left) {
    if (context.stopped()) return {ErrorCode::Cancelled, "stopped on request"};
    std::string names;
    for (std::size_t i = 0; i < std::min(left.size(), kNamedSessions); ++i) {
        names += (i == 0 ? "" : ", ") + left[i].describe();
    }
    return {
        ErrorCode::DeadlineExceeded,
        fmt::format("closing the gate took too long: {} session(s) left: {}", left.size(), names)};
}

// MySQL 5.6 forgets to wake a session that is killed in the middle of logging in: it stays, with
// nothing under way (no state), until its client says something, for hours. No killed session can
// open a table any more, and for a transaction that has one open already, shut_tables() waits.
bool is_powerless(Session const& session, mysql::ServerVersion const& version) {
    return session.command == "Killed" && session.state.empty() &&
           Gate::means_of(version) == Gate::Means::RevokeGrants;
}

// Not before it is known whose session it is. And MySQL 5.6 may leave a client that it was told to
// kill in the middle of logging in without an answer; there, the login is over in a moment.
bool may_be_killed(SessionKind kind, mysql::ServerVersion const& version) {
    switch (kind) {
        case SessionKind::EventStarting:
        case SessionKind::DefinerRun:
            return false;
        case SessionKind::Authenticating:
            return Gate::means_of(version) == Gate::Means::LockAccounts;
        default:
            return true;
    }
}

// Sessions whose transaction would be committed if they were killed now.
Result<std::set<std::uint64_t>> not_to_be_killed(Context const& context, mysql::Connection& admin,
                                                 std::vector<Session> const& left) {
    if (!may_commit_when_killed(admin.version())) return std::set<std::uint64_t>();
    auto busy = changing_threads(context, admin);
    if (!busy.ok() && context.expired() && !left.empty()) return left_open(context, left);
    return busy;
}

// GRANT would make an account that has been dropped meanwhile anew, without a password, on the old
// servers that need this.
Result<void> grant_again(Context const& context, mysql::Connection& admin, std::string const& sql) {
    auto const before = TRY(admin.query(context, "SELECT @@SESSION.sql_mode")).scalar();
    TRY(admin.execute(context,
                      "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_CREATE_USER')"));
    auto granted = admin.execute(context, sql);
    TRY(admin.execute(
        context, "SET SESSION sql_mode = " + mysql::quote_text(before.value_or(std::string()))));
    if (!granted.ok() && says_no_such_account(granted.error())) return {};
    TRY(std::move(granted));
    return {};
}

}  // namespace

Gate::Gate(Side side, std::string database, std::vector<Account> accounts, EffectLog& log,
           Probe& probe)
    : side_(side),
      database_(std::move(database)),
      accounts_(std::move(accounts)),
      log_(log),
      probe_(probe) {}

void Gate::fence_also(std::vector<Account> const& accounts) {
    for (auto const& account : accounts) {
        if (!contains(accounts_, account)) accounts_.push_back(account);
    }
}

Gate::Means Gate::means_of(mysql::ServerVersion const& version) {
    bool const can_lock = version.mysql_at_least(50'706) || version.mariadb_at_least(100'402);
    return can_lock ? Means::LockAccounts : Means::RevokeGrants;
}

// Events first: a run that starts later would be a session of its own. Accounts before sessions:
// a client that is cut off must not come back.
Result<GateResult> Gate::close(Context const& context, mysql::Connection& admin) {
    TRY(refuse_own_account(context, admin));
    TRY(disable_events(context, admin));
    if (means_of(admin.version()) == Means::LockAccounts) {
        TRY(lock_accounts(context, admin));
    } else {
        TRY(revoke_grants(context, admin));
    }
    probe_.at("kill-sessions.before");
    auto const killed = TRY(end_sessions(context, admin));
    probe_.at("kill-sessions.after");
    return GateResult{killed};
}

Result<void> Gate::refuse_own_account(Context const& context, mysql::Connection& admin) const {
    auto const own = TRY(admin.query(context, "SELECT CURRENT_USER()")).scalar().value_or("");
    for (auto const& account : accounts_) {
        if (account.user + "@" + account.host != own) continue;
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{} is the mover's own account: fenced, it would lock itself out",
                                 account.quoted()));
    }
    return {};
}

Result<void> Gate::disable_events(Context const& context, mysql::Connection& admin) {
    for (auto const& event : TRY(list_events(context, admin, database_, accounts_))) {
        if (!event.is_enabled) continue;
        // Without DEFINER, ALTER EVENT makes us the definer.
        auto const alter = [&](std::string_view status) {
            return fmt::format("ALTER DEFINER={} EVENT {} {} {}", event.definer, event.object,
                               status, kMark);
        };
        TRY(log_.intend({side_, std::string(kScope), std::string(kDisableEvent), event.object,
                         alter("ENABLE")}));
        probe_.at("disable-event.before");
        TRY(alter_event(context, admin, event, alter("DISABLE")));
        probe_.at("disable-event.after");
    }
    return {};
}

Result<void> Gate::lock_accounts(Context const& context, mysql::Connection& admin) {
    for (auto const& account : accounts_) {
        auto const locked = TRY(is_account_locked(context, admin, account));
        // Locked by its owner (it stays so at open()) or by us in an earlier attempt, or not there.
        if (!locked.has_value() || *locked) continue;
        auto const alter = [&](std::string_view what) {
            return fmt::format("ALTER USER IF EXISTS {} ACCOUNT {} {}", account.quoted(), what,
                               kMark);
        };
        Effect const effect{side_, std::string(kScope), std::string(kLockAccount), account.quoted(),
                            alter("UNLOCK")};
        TRY(apply_effect(context, admin, effect, alter("LOCK"), log_, probe_));
    }
    return {};
}

Result<void> Gate::revoke_grants(Context const& context, mysql::Connection& admin) {
    for (auto const& account : accounts_) {
        for (auto const& grant : TRY(list_grants(context, admin, account, database_))) {
            TRY(log_.intend({side_, std::string(kScope), std::string(kRevokeGrants),
                             account.quoted() + " on " + grant.object, grant.sql}));
            probe_.at("revoke-grants.before");
            for (auto const& sql : grant.revoke) TRY(admin.execute(context, sql));
            probe_.at("revoke-grants.after");
        }
    }
    return {};
}

Result<std::size_t> Gate::end_sessions(Context const& context, mysql::Connection& admin) {
    auto const classifier = TRY(make_classifier(context, admin, database_, accounts_));
    if (!may_commit_when_killed(admin.version())) {
        return end_sessions_of(context, admin, classifier);
    }
    TRY(hold_writers(context, admin, database_, classifier));
    auto ended = end_sessions_of(context, admin, classifier);
    if (!admin.usable()) return ended;
    auto released = unlock_tables(context, admin);
    if (ended.ok() && !released.ok()) return released.release_error();
    return ended;
}

// The first list is taken after the accounts were shut out. Whoever is in it, if only in the middle
// of logging in, may have been let through before; whoever comes later is refused by the server
// and may be seen trying for as long as clients like. (Where grants were revoked instead, those can
// log in, and do nothing here.)
Result<std::size_t> Gate::end_sessions_of(Context const& context, mysql::Connection& admin,
                                          SessionClassifier const& classifier) {
    bool const later_ones_too = means_of(admin.version()) == Means::LockAccounts;
    std::set<std::uint64_t> killed;
    std::vector<Session> left;
    milliseconds pause = kFirstPause;
    for (bool is_first = true;; is_first = false) {
        auto const busy = TRY(not_to_be_killed(context, admin, left));
        auto sessions = list_sessions(context, admin);
        if (!sessions.ok() && context.expired() && !left.empty()) return left_open(context, left);
        left.clear();
        for (auto& session : TRY(std::move(sessions))) {
            auto const kind = classifier.kind(session);
            if (kind == SessionKind::Foreign) {
                ended_.erase(session.id);
                continue;
            }
            bool const must_go = is_first || ended_.contains(session.id) ||
                                 kind == SessionKind::EventRun ||
                                 kind == SessionKind::EventStarting ||
                                 (kind == SessionKind::Tenant && later_ones_too);
            if (!must_go) continue;
            ended_.insert(session.id);
            if (is_powerless(session, admin.version())) continue;
            bool const is_busy = busy.contains(session.id) && !waits_for_tables(session);
            if (!is_busy && may_be_killed(kind, admin.version()) && session.command != "Killed") {
                TRY(kill_session(context, admin, session.id));
                killed.insert(session.id);
            }
            left.push_back(std::move(session));
        }
        if (left.empty()) return killed.size();
        if (!context.sleep(pause)) return left_open(context, left);
        pause = std::min(pause * 2, kLongestPause);
    }
}

Result<void> Gate::open(Context const& context, mysql::Connection& admin) {
    auto effects = log_.outstanding(side_, kScope);
    std::reverse(effects.begin(), effects.end());
    for (auto const& effect : effects) {
        probe_.at("undo-" + effect.what + ".before");
        TRY(undo(context, admin, effect).in_context("opening the gate: " + effect.object));
        probe_.at("undo-" + effect.what + ".after");
        TRY(log_.undone(effect));
    }
    ended_.clear();
    return {};
}

Result<void> Gate::undo(Context const& context, mysql::Connection& admin, Effect const& effect) {
    if (effect.what == kRevokeGrants) return grant_again(context, admin, effect.undo_sql);
    if (effect.what != kDisableEvent) {
        TRY(admin.execute(context, effect.undo_sql));
        return {};
    }
    for (auto const& event : TRY(list_events(context, admin, database_, accounts_))) {
        if (event.object == effect.object) {
            return alter_event(context, admin, event, effect.undo_sql);
        }
    }
    return {};  // dropped meanwhile
}

Result<void> Gate::check_closed(Context const& context, mysql::Connection& admin) {
    for (auto const& event : TRY(list_events(context, admin, database_, accounts_))) {
        if (!event.is_enabled) continue;
        return Error(ErrorCode::FailedPrecondition, "event " + event.object + " is enabled");
    }
    TRY(check_accounts(context, admin));
    // A client that the server is just turning away shows up as a session for a moment.
    auto const patient = context.within(kTurnedAwayWithin);
    while (true) {
        auto sessions = check_sessions(context, admin);
        if (sessions.ok() || sessions.error().code() != ErrorCode::FailedPrecondition) {
            return sessions;
        }
        if (!patient.sleep(kFirstPause)) return sessions;
    }
}

Result<void> Gate::check_accounts(Context const& context, mysql::Connection& admin) const {
    for (auto const& account : accounts_) {
        if (means_of(admin.version()) == Means::LockAccounts) {
            auto const locked = TRY(is_account_locked(context, admin, account));
            if (locked.value_or(true)) continue;
            return Error(ErrorCode::FailedPrecondition,
                         "account " + account.quoted() + " is not locked");
        }
        auto const grants = TRY(list_grants(context, admin, account, database_));
        if (grants.empty()) continue;
        return Error(
            ErrorCode::FailedPrecondition,
            fmt::format("account {} has a grant on {}", account.quoted(), grants.front().object));
    }
    return {};
}

Result<void> Gate::check_sessions(Context const& context, mysql::Connection& admin) const {
    auto const classifier = TRY(make_classifier(context, admin, database_, accounts_));
    bool const may_be_logged_in = means_of(admin.version()) == Means::RevokeGrants;
    for (auto const& session : TRY(list_sessions(context, admin))) {
        auto const kind = classifier.kind(session);
        bool const is_harmless =
            kind == SessionKind::Foreign || kind == SessionKind::Authenticating ||
            kind == SessionKind::DefinerRun ||
            (kind == SessionKind::Tenant && may_be_logged_in && session.database != database_);
        if (is_harmless && !ended_.contains(session.id)) continue;
        if (is_powerless(session, admin.version())) continue;
        return Error(ErrorCode::FailedPrecondition, session.describe() + " is open");
    }
    return {};
}

Result<void> lock_tables_read(Context const& context, mysql::Connection& connection,
                              std::vector<std::string> const& tables) {
    if (tables.empty()) return {};
    std::string sql = "LOCK TABLES ";
    for (auto const& table : tables) {
        sql += (&table == &tables.front() ? "" : ", ") + mysql::quote_identifier(table) + " READ";
    }
    auto const& deadline = context.deadline();
    if (!deadline.is_never()) {
        // The server's own limits come first where they can (whole seconds, at least one): the
        // connection then stays usable.
        auto const seconds =
            std::max<std::int64_t>(1, deadline.remaining(context.clock()).count() / 1000);
        TRY(connection.execute(context, fmt::format("SET SESSION lock_wait_timeout = {0},"
                                                    " innodb_lock_wait_timeout = {0}",
                                                    seconds)));
    }
    auto locked = connection.execute(context, sql);
    if (connection.usable() && !context.expired()) {
        TRY(connection.execute(context,
                               "SET SESSION lock_wait_timeout = DEFAULT,"
                               " innodb_lock_wait_timeout = DEFAULT"));
    }
    TRY(std::move(locked).in_context("locking the tables against writes"));
    return {};
}

Result<void> unlock_tables(Context const& context, mysql::Connection& connection) {
    TRY(connection.execute(context, "UNLOCK TABLES"));
    return {};
}

Result<void> shut_tables(Context const& context, mysql::Connection& connection,
                         std::vector<std::string> const& tables) {
    TRY(connection.execute(context, "SET SESSION autocommit = 0, innodb_table_locks = 1"));
    while (true) {
        auto locked = lock_tables_read(context, connection, tables);
        bool const is_victim = !locked.ok() && locked.error().native_code() == kErLockDeadlock;
        if (!is_victim || !context.sleep(kFirstPause)) return locked;
    }
}

}  // namespace aipress::mover

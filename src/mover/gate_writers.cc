#include "mover/gate_writers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "mover/gate_server.h"

namespace aipress::mover {
namespace {

constexpr milliseconds kTransactionListAge{150};
constexpr unsigned kErLockWaitTimeout = 1205;
constexpr unsigned kErLockDeadlock = 1213;

Result<std::string> lock_statement(Context const& context, mysql::Connection& admin,
                                   std::string const& database) {
    auto const rows =
        TRY(admin.query(context, fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES"
                                             " WHERE TABLE_SCHEMA = {}"
                                             " AND TABLE_TYPE = 'BASE TABLE'",
                                             mysql::quote_text(database))));
    std::string sql;
    for (auto const& row : rows.rows) {
        sql += fmt::format("{} {}.{} READ", sql.empty() ? "LOCK TABLES" : ",",
                           mysql::quote_identifier(database),
                           mysql::quote_identifier(row[0].value_or("")));
    }
    return sql;
}

Result<void> cancel_statements(Context const& context, mysql::Connection& admin,
                               SessionClassifier const& classifier) {
    for (auto const& session : TRY(list_sessions(context, admin))) {
        if (classifier.kind(session) != SessionKind::Tenant) continue;
        if (session.command != "Query" && session.command != "Execute") continue;
        TRY(cancel_statement(context, admin, session.id));
    }
    return {};
}

}  // namespace

bool may_commit_when_killed(mysql::ServerVersion const& version) {
    return version.mysql_at_least(50'600) && !version.mysql_at_least(80'000);
}

Result<void> hold_writers(Context const& context, mysql::Connection& admin,
                          std::string const& database, SessionClassifier const& classifier) {
    auto const lock = TRY(lock_statement(context, admin, database));
    if (lock.empty()) return {};
    while (true) {
        TRY(admin.execute(context, "SET SESSION lock_wait_timeout = 1"));
        auto locked = admin.execute(context, lock);
        if (!admin.usable()) return locked.release_error();
        TRY(admin.execute(context, "SET SESSION lock_wait_timeout = DEFAULT"));
        if (locked.ok()) return {};
        auto const code = locked.error().native_code();
        if (code != kErLockWaitTimeout && code != kErLockDeadlock) return locked.release_error();
        TRY(cancel_statements(context, admin, classifier));
    }
}

Result<std::set<std::uint64_t>> changing_threads(Context const& context, mysql::Connection& admin) {
    if (!context.sleep(kTransactionListAge)) {
        return Error(ErrorCode::DeadlineExceeded, "no time left to see who changes rows");
    }
    auto const rows = TRY(admin.query(context,
                                      "SELECT trx_mysql_thread_id FROM information_schema."
                                      "INNODB_TRX WHERE trx_rows_modified > 0"));
    std::set<std::uint64_t> threads;
    for (auto const& row : rows.rows) {
        auto const& text = row[0].value_or("");
        std::uint64_t id = 0;
        std::from_chars(text.data(), text.data() + text.size(), id);
        threads.insert(id);
    }
    return threads;
}

bool waits_for_tables(Session const& session) {
    constexpr std::array<std::string_view, 2> kStates{"Waiting for table level lock",
                                                      "Waiting for table metadata lock"};
    return std::find(kStates.begin(), kStates.end(), session.state) != kStates.end();
}

}  // namespace aipress::mover

#include "sql/postgres/database.h"

#include <fmt/format.h>

#include "sql/pool.h"
#include "sql/postgres/connection.h"
#include "sql/postgres/sql_state.h"
#include "sql/schema.h"

namespace aipress::sql::postgres {
namespace {

// Of the lock that keeps two processes from changing the schema at once: any number, so that it is
// the same for all versions.
constexpr std::int64_t kSchemaLock = 0x6169707265737301;

// A read holds up nobody, however long its reader rests.
constexpr char const* kBeginRead =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL idle_in_transaction_session_timeout = 0";
constexpr char const* kBeginWrite = "BEGIN ISOLATION LEVEL SERIALIZABLE";

class PostgresTransaction final : public Transaction {
public:
    PostgresTransaction(Context const& context, Connection& connection)
        : Transaction(context), connection_(connection) {}

protected:
    Result<Answer> run(std::string_view sql, Parameters const& parameters) override {
        auto answer = TRY(connection_.run(context(), sql, parameters));
        return Answer{std::move(answer.rows), answer.changed};
    }
    Result<std::vector<std::int64_t>> run_batch(std::span<Statement const> batch) override {
        return connection_.run_all(context(), batch);
    }

private:
    Connection& connection_;
};

// Texts are ordered by their bytes, as in the other engines, whatever the database's locale is.
std::string with_byte_order(std::string statement) {
    constexpr std::string_view kType = " varchar";
    for (auto at = statement.find(kType); at != statement.npos; at = statement.find(kType, at)) {
        at += kType.size();
        statement.insert(at, " COLLATE \"C\"");
    }
    return statement;
}

class PostgresDatabase final : public Database {
public:
    PostgresDatabase(std::string name, std::string url, DatabaseOptions const& options)
        : Database(std::move(name), options.random),
          url_(std::move(url)),
          pool_(options.connections_most) {}

    [[nodiscard]] Engine engine() const override { return Engine::Postgres; }
    Result<void> apply(Context const& context, Migration const& migration) override;
    [[nodiscard]] Result<bool> has_table(Context const& context, std::string const& table) override;

protected:
    [[nodiscard]] Attempt attempt(Context const& context, Access const& access,
                                  Closure const& closure) override {
        return attempt_as(context, access.is_read ? kBeginRead : kBeginWrite, closure);
    }

private:
    Attempt attempt_as(Context const& context, char const* begin, Closure const& closure);
    Attempt run_in(Context const& context, Connection& connection, char const* begin,
                   Closure const& closure);

    std::string const url_;
    Pool<Connection> pool_;
};

Database::Attempt PostgresDatabase::run_in(Context const& context, Connection& connection,
                                           char const* begin, Closure const& closure) {
    // Before COMMIT is sent a connection that breaks has undone everything.
    auto const failed = [&](Error error) -> Attempt {
        bool const may_repeat = is_conflict(error) ||
                                (connection.is_broken() && error.code() == ErrorCode::Unavailable);
        return {.result = std::move(error), .fate = may_repeat ? Fate::Again : Fate::Settled};
    };
    if (auto begun = connection.command(context, begin); !begun.ok()) {
        return failed(begun.release_error());
    }
    PostgresTransaction transaction(context, connection);
    auto worked = closure(transaction);
    if (transaction.failure()) {
        auto attempt = failed(*transaction.failure());
        // What the closure made of a failure that stays is what the caller is told.
        if (attempt.fate == Fate::Settled && !worked.ok()) attempt.result = worked;
        if (!connection.is_broken()) (void)connection.command(context, "ROLLBACK");
        return attempt;
    }
    if (!worked.ok()) {
        (void)connection.command(context, "ROLLBACK");
        return {.result = std::move(worked)};
    }
    auto committed = connection.command(context, "COMMIT");
    if (committed.ok()) return {};
    if (!connection.is_broken()) return failed(committed.release_error());
    return {.result = Error(ErrorCode::Unknown,
                            fmt::format("it is unknown whether the transaction was committed: {}",
                                        committed.error().message())),
            .fate = Fate::Unknown};
}

Database::Attempt PostgresDatabase::attempt_as(Context const& context, char const* begin,
                                               Closure const& closure) {
    auto taken = pool_.take(context);
    if (!taken.ok()) return {.result = taken.release_error()};
    auto connection = taken.release();
    if (connection == nullptr) {
        auto opened = Connection::open(context, url_);
        if (!opened.ok()) {
            pool_.give_back(nullptr);
            bool const may_repeat = opened.error().code() == ErrorCode::Unavailable;
            return {.result = opened.release_error(),
                    .fate = may_repeat ? Fate::Again : Fate::Settled};
        }
        connection = opened.release();
    }
    auto attempt = run_in(context, *connection, begin, closure);
    if (connection->is_broken()) {
        connection.reset();
        (void)pool_.take_idle();  // the server is gone for them too
    }
    pool_.give_back(std::move(connection));
    return attempt;
}

// DDL is transactional. Not SERIALIZABLE: each statement has to see what was committed while the
// lock was waited for.
Result<void> PostgresDatabase::apply(Context const& context, Migration const& migration) {
    Closure const work = [&](Transaction& transaction) -> Result<void> {
        TRY(transaction.query("SELECT pg_advisory_xact_lock($1)", {kSchemaLock}));
        TRY(transaction.execute(with_byte_order(kVersionsTable)));
        if (TRY(is_applied(transaction, migration))) return {};
        for (auto const& statement : migration.statements) {
            TRY(transaction.execute(with_byte_order(statement)));
        }
        return record_applied(transaction, migration);
    };
    auto attempt = attempt_as(context, "BEGIN", work);
    return std::move(attempt.result);
}

Result<bool> PostgresDatabase::has_table(Context const& context, std::string const& table) {
    return read(context, [&](Transaction& transaction) -> Result<bool> {
        auto const row =
            TRY(transaction.query_one("SELECT 1 FROM information_schema.tables "
                                      "WHERE table_schema = current_schema() "
                                      "AND table_name = $1",
                                      {table}));
        return row.has_value();
    });
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(Context const& context, std::string const& url,
                                                DatabaseOptions const& options) {
    auto name = TRY(display_name(url));
    auto database = std::make_unique<PostgresDatabase>(std::move(name), url, options);
    // Whoever cannot be reached is known at once.
    auto const connection = TRY(Connection::open(context, url));
    return std::unique_ptr<Database>(std::move(database));
}

}  // namespace aipress::sql::postgres

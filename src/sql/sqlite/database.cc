#include "sql/sqlite/database.h"

#include <filesystem>
#include <fmt/format.h>

#include "sql/pool.h"
#include "sql/schema.h"
#include "sql/sqlite/connection.h"
#include "sql/sqlite/write_queue.h"

namespace aipress::sql::sqlite {
namespace {

class SqliteTransaction final : public Transaction {
public:
    SqliteTransaction(Context const& context, Connection& connection)
        : Transaction(context), connection_(connection) {}

protected:
    Result<Answer> run(std::string_view sql, Parameters const& parameters) override {
        auto answer = TRY(connection_.run(sql, parameters));
        return Answer{std::move(answer.rows), answer.changed};
    }

private:
    Connection& connection_;
};

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(std::string name, std::filesystem::path file, DatabaseOptions const& options,
                   std::unique_ptr<Connection> writer)
        : Database(std::move(name), options.random),
          file_(std::move(file)),
          writer_(std::move(writer)),
          readers_(options.connections_most) {}

    [[nodiscard]] Engine engine() const override { return Engine::Sqlite; }
    Result<void> apply(Context const& context, Migration const& migration) override;
    [[nodiscard]] Result<bool> has_table(Context const& context, std::string const& table) override;

protected:
    [[nodiscard]] Attempt attempt(Context const& context, Access const& access,
                                  Closure const& closure) override {
        return access.is_read ? read_once(context, closure) : write_once(context, closure);
    }

private:
    Attempt write_once(Context const& context, Closure const& closure);
    Result<void> run_member(Context const& context, Closure const& closure);
    std::optional<Error> commit();
    Attempt read_once(Context const& context, Closure const& closure);
    Result<std::unique_ptr<Connection>> take_reader(Context const& context);

    std::filesystem::path const file_;

    WriteQueue queue_;
    std::unique_ptr<Connection> writer_;  // of whoever has the queue's turn

    Pool<Connection> readers_;
};

// A savepoint, so that what this writer did can be undone without what others of its group did.
Result<void> SqliteDatabase::run_member(Context const& context, Closure const& closure) {
    TRY(writer_->command("SAVEPOINT member"));
    SqliteTransaction transaction(context, *writer_);
    writer_->obey(&context);
    auto worked = closure(transaction);
    writer_->obey(nullptr);
    if (worked.ok() && transaction.failure()) worked = *transaction.failure();
    if (!worked.ok() && writer_->in_transaction()) TRY(writer_->command("ROLLBACK TO member"));
    if (writer_->in_transaction()) TRY(writer_->command("RELEASE member"));
    return worked;
}

std::optional<Error> SqliteDatabase::commit() {
    if (!writer_->in_transaction()) {
        return Error(ErrorCode::Unavailable, "SQLite gave up the transaction");
    }
    auto committed = writer_->command("COMMIT");
    if (committed.ok()) return std::nullopt;
    if (writer_->in_transaction()) (void)writer_->command("ROLLBACK");
    return committed.release_error();
}

Database::Attempt SqliteDatabase::write_once(Context const& context, Closure const& closure) {
    auto turn = queue_.take_turn(context);
    if (!turn.ok()) return {.result = turn.release_error()};
    auto group = turn.release();
    if (group == nullptr) {
        writer_->obey(&context);  // while another process has the file
        auto const begun = writer_->command("BEGIN IMMEDIATE");
        writer_->obey(nullptr);
        if (!begun.ok()) {
            queue_.end(nullptr, std::nullopt);
            auto const fate = is_busy(begun.error()) ? Fate::Again : Fate::Settled;
            return {.result = begun, .fate = fate};
        }
        group = std::make_shared<CommitGroup>();
    }
    ++group->size;
    auto const worked = run_member(context, closure);
    bool const may_grow = writer_->in_transaction() && group->size < limits::kCommitShared;
    if (may_grow && queue_.hand_on(group)) {
        queue_.wait_for(*group);
    } else {
        queue_.end(group.get(), commit());
    }
    if (!group->failure) return {.result = worked};
    // What this closure has read may be another's of the same group, which is nobody's now. A full
    // disk stays full.
    auto const code = group->failure->code();
    bool const may_repeat = code == ErrorCode::Unavailable || code == ErrorCode::Aborted;
    return {.result = *group->failure, .fate = may_repeat ? Fate::Again : Fate::Settled};
}

Result<std::unique_ptr<Connection>> SqliteDatabase::take_reader(Context const& context) {
    auto reader = TRY(readers_.take(context));
    if (reader != nullptr) return reader;
    auto opened = Connection::open(context, file_, Purpose::Read);
    if (!opened.ok()) readers_.give_back(nullptr);
    return opened;
}

Database::Attempt SqliteDatabase::read_once(Context const& context, Closure const& closure) {
    auto taken = take_reader(context);
    if (!taken.ok()) return {.result = taken.release_error()};
    auto reader = taken.release();
    reader->obey(&context);
    auto result = reader->command("BEGIN");
    auto fate = result.ok() || !is_busy(result.error()) ? Fate::Settled : Fate::Again;
    if (result.ok()) {
        SqliteTransaction transaction(context, *reader);
        result = closure(transaction);
        if (auto const& failure = transaction.failure()) {
            if (result.ok()) result = *failure;
            if (is_busy(*failure)) fate = Fate::Again;
        }
    }
    reader->obey(nullptr);
    if (reader->in_transaction() && !reader->command("ROLLBACK").ok()) reader.reset();
    readers_.give_back(std::move(reader));
    return {.result = std::move(result), .fate = fate};
}

// DDL is as transactional as everything else here.
Result<void> SqliteDatabase::apply(Context const& context, Migration const& migration) {
    return transact(
        context,
        [&](Transaction& transaction) -> Result<void> {
            TRY(transaction.execute(kVersionsTable));
            if (TRY(is_applied(transaction, migration))) return {};
            for (auto const& statement : migration.statements) TRY(transaction.execute(statement));
            return record_applied(transaction, migration);
        },
        AfterLostCommit::RunAgain);
}

Result<bool> SqliteDatabase::has_table(Context const& context, std::string const& table) {
    return read(context, [&](Transaction& transaction) -> Result<bool> {
        auto const row = TRY(transaction.query_one(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", {table}));
        return row.has_value();
    });
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(Context const& context, std::string const& url,
                                                DatabaseOptions const& options) {
    std::filesystem::path const file(url.substr(std::string_view("sqlite:").size()));
    if (file.empty() || file.string().starts_with(':') ||
        file.string().find('?') != std::string::npos) {
        return Error(ErrorCode::InvalidArgument,
                     "the store's URL: expected a path behind \"sqlite:\"");
    }
    bool const is_there = std::filesystem::exists(file);
    if (!is_there && options.missing_file == MissingFile::Refuse) {
        return Error(ErrorCode::NotFound, fmt::format("there is no store at {}", file.string()));
    }
    auto writer = TRY(Connection::open(context, file, Purpose::Write));
    return std::unique_ptr<Database>(
        std::make_unique<SqliteDatabase>(url, file, options, std::move(writer)));
}

}  // namespace aipress::sql::sqlite

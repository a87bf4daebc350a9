#include "sql/sqlite/database.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>

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
          readers_most_(std::max<std::size_t>(options.connections_most, 1)),
          writer_(std::move(writer)) {}

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
    void give_back(std::unique_ptr<Connection> reader);

    std::filesystem::path const file_;
    std::size_t const readers_most_;

    WriteQueue queue_;
    std::unique_ptr<Connection> writer_;  // of whoever has the queue's turn

    std::mutex mutex_;
    std::condition_variable_any given_back_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t readers_ = 0;
};

// What the failed statement of a closure says about trying again.
bool may_try_again(Result<void> const& result) {
    return !result.ok() && is_busy(result.error());
}

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
            return {.result = begun, .fate = may_try_again(begun) ? Fate::Again : Fate::Settled};
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
    // What a closure that fails has read may be another's, of the same group: without the commit it
    // is nobody's.
    if (group->failure) return {.result = *group->failure, .fate = Fate::Again};
    return {.result = worked};
}

Result<std::unique_ptr<Connection>> SqliteDatabase::take_reader(Context const& context) {
    {
        std::unique_lock lock(mutex_);
        auto const is_free = [&] { return !idle_.empty() || readers_ < readers_most_; };
        if (context.deadline().is_never()) {
            given_back_.wait(lock, context.stop(), is_free);
        } else {
            given_back_.wait_until(lock, context.stop(), context.deadline().time(), is_free);
        }
        if (!is_free()) {
            return context.stopped()
                       ? Error(ErrorCode::Cancelled, "called off while others read")
                       : Error(ErrorCode::DeadlineExceeded, "all connections are busy");
        }
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            return reader;
        }
        ++readers_;
    }
    auto opened = Connection::open(context, file_, Purpose::Read);
    if (!opened.ok()) give_back(nullptr);
    return opened;
}

void SqliteDatabase::give_back(std::unique_ptr<Connection> reader) {
    std::lock_guard const lock(mutex_);
    if (reader == nullptr) {
        --readers_;
    } else {
        idle_.push_back(std::move(reader));
    }
    given_back_.notify_one();
}

Database::Attempt SqliteDatabase::read_once(Context const& context, Closure const& closure) {
    auto taken = take_reader(context);
    if (!taken.ok()) return {.result = taken.release_error()};
    auto reader = taken.release();
    reader->obey(&context);
    auto result = reader->command("BEGIN");
    if (result.ok()) {
        SqliteTransaction transaction(context, *reader);
        result = closure(transaction);
        if (result.ok() && transaction.failure()) result = *transaction.failure();
    }
    reader->obey(nullptr);
    if (reader->in_transaction() && !reader->command("ROLLBACK").ok()) reader.reset();
    give_back(std::move(reader));
    return {.result = result, .fate = may_try_again(result) ? Fate::Again : Fate::Settled};
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
                                                DatabaseOptions options) {
    std::filesystem::path const file(url.substr(std::string_view("sqlite:").size()));
    if (file.empty() || file.string().starts_with(':') ||
        file.string().find('?') != std::string::npos) {
        return Error(ErrorCode::InvalidArgument,
                     "the store's URL: expected a path behind \"sqlite:\"");
    }
    auto writer = TRY(Connection::open(context, file, Purpose::Write));
    return std::unique_ptr<Database>(
        std::make_unique<SqliteDatabase>(url, file, options, std::move(writer)));
}

}  // namespace aipress::sql::sqlite

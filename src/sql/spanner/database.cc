#include "sql/spanner/database.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "gcp/connection.h"
#include "sql/pool.h"
#include "sql/schema.h"
#include "sql/spanner/schema_change.h"
#include "sql/spanner/session.h"

namespace aipress::sql::spanner {
namespace {

// Google's errors in the words of sql::Transaction.
Error statement_error(gcp::ApiError const& error) {
    auto code = error.code();
    if (code == ErrorCode::OutOfRange) code = ErrorCode::FailedPrecondition;  // CHECK
    if (code == ErrorCode::NotFound) code = ErrorCode::InvalidArgument;       // a table, a column
    return {code, error.message()};
}

// Of a session that the server has ended, and of its emulator for the same.
bool is_session_gone(gcp::ApiError const& error, Session const& session) {
    if (error.code() == ErrorCode::NotFound &&
        error.message().find("Session not found") != std::string::npos) {
        return true;
    }
    return error.code() == ErrorCode::Internal && !session.is_fresh();
}

class SpannerTransaction final : public Transaction {
public:
    SpannerTransaction(Context const& context, Session& session)
        : Transaction(context), session_(session) {}

    // The first failure as Google gave it.
    [[nodiscard]] std::optional<gcp::ApiError> const& google_error() const { return google_error_; }

protected:
    Result<Answer> run(std::string_view sql, Parameters const& parameters) override {
        auto answer = session_.execute(context(), sql, parameters);
        if (!answer.ok()) return failed(answer.error());
        return Answer{std::move(answer.value().rows), answer.value().changed};
    }
    Result<std::vector<std::int64_t>> run_batch(std::span<Statement const> batch) override {
        auto counts = session_.execute_batch(context(), batch);
        if (!counts.ok()) return failed(counts.error());
        return counts.release();
    }

private:
    Error failed(gcp::ApiError const& error) {
        google_error_ = error;
        return statement_error(error);
    }

    Session& session_;
    std::optional<gcp::ApiError> google_error_;
};

class SpannerDatabase final : public Database {
public:
    SpannerDatabase(std::string name, std::string path, DatabaseOptions const& options)
        : Database(std::move(name), options.random),
          google_(*options.google),
          path_(std::move(path)),
          sessions_(options.connections_most) {}
    ~SpannerDatabase() override {
        SystemClock clock;
        Context const context(clock, Deadline::after(clock, milliseconds(2'000)), {});
        for (auto const& session : sessions_.take_idle()) session->remove(context);
    }
    SpannerDatabase(SpannerDatabase const&) = delete;
    SpannerDatabase& operator=(SpannerDatabase const&) = delete;

    [[nodiscard]] Engine engine() const override { return Engine::Spanner; }
    Result<void> apply(Context const& context, Migration const& migration) override;
    [[nodiscard]] Result<bool> has_table(Context const& context, std::string const& table) override;

protected:
    [[nodiscard]] Attempt attempt(Context const& context, Access const& access,
                                  Closure const& closure) override;

private:
    struct Ended {
        Attempt attempt = {};
        bool is_session_good = true;
    };
    Ended run_in(Context const& context, Session& session, Access const& access,
                 Closure const& closure);
    static Ended commit(Context const& context, Session& session);
    static Ended failed(gcp::ApiError const& error, Session const& session, Result<void> result);
    Result<std::unique_ptr<Session>> take_session(Context const& context);

    gcp::Connection const& google_;
    std::string const path_;  // "projects/p/instances/i/databases/d"
    Pool<Session> sessions_;
};

Result<std::unique_ptr<Session>> SpannerDatabase::take_session(Context const& context) {
    auto session = TRY(sessions_.take(context));
    bool const is_stale =
        session != nullptr && context.clock().now() - session->last_used() > limits::kSessionIdle;
    if (session != nullptr && !is_stale) return session;
    auto created = Session::create(context, google_, path_);
    if (created.ok()) return created.release();
    sessions_.give_back(nullptr);
    return created.release_error();
}

// Before the commit nothing was done.
SpannerDatabase::Ended SpannerDatabase::failed(gcp::ApiError const& error, Session const& session,
                                               Result<void> result) {
    Ended ended{.attempt = {.result = std::move(result), .delay = error.retry_delay}};
    ended.is_session_good = !is_session_gone(error, session);
    bool const may_repeat = error.code() == ErrorCode::Aborted ||
                            error.code() == ErrorCode::Unavailable || !ended.is_session_good;
    if (may_repeat) ended.attempt.fate = Fate::Again;
    return ended;
}

// What no commit answers with is no answer: it may have been made.
SpannerDatabase::Ended SpannerDatabase::commit(Context const& context, Session& session) {
    auto const committed = session.commit(context);
    if (committed.ok()) return {};
    auto const& error = committed.error();
    switch (error.code()) {
        case ErrorCode::Aborted:
            return failed(error, session, error);
        case ErrorCode::FailedPrecondition:
        case ErrorCode::AlreadyExists:
        case ErrorCode::OutOfRange:
        case ErrorCode::InvalidArgument:
        case ErrorCode::PermissionDenied:
        case ErrorCode::ResourceExhausted:
            return failed(error, session, statement_error(error));
        default:
            return {.attempt = {.result = Error(ErrorCode::Unknown,
                                                fmt::format("it is unknown whether the transaction "
                                                            "was committed: {}",
                                                            error.message())),
                                .fate = Fate::Unknown},
                    .is_session_good = false};
    }
}

SpannerDatabase::Ended SpannerDatabase::run_in(Context const& context, Session& session,
                                               Access const& access, Closure const& closure) {
    session.begin(access.is_read ? Kind::ReadOnly : Kind::ReadWrite, access.freshness.staleness);
    SpannerTransaction transaction(context, session);
    auto worked = closure(transaction);
    if (auto const& failure = transaction.failure()) {
        if (worked.ok()) worked = *failure;
        if (!access.is_read) session.roll_back(context);
        if (!transaction.google_error()) return {.attempt = {.result = std::move(worked)}};
        return failed(*transaction.google_error(), session, std::move(worked));
    }
    if (access.is_read) return {.attempt = {.result = std::move(worked)}};
    if (worked.ok()) return commit(context, session);
    session.roll_back(context);
    return {.attempt = {.result = std::move(worked)}};
}

Database::Attempt SpannerDatabase::attempt(Context const& context, Access const& access,
                                           Closure const& closure) {
    auto taken = take_session(context);
    if (!taken.ok()) {
        auto const fate =
            taken.error().code() == ErrorCode::Unavailable ? Fate::Again : Fate::Settled;
        return {.result = taken.release_error(), .fate = fate};
    }
    auto session = taken.release();
    auto ended = run_in(context, *session, access, closure);
    session->set_used(context.clock().now());
    if (!ended.is_session_good) session.reset();
    sessions_.give_back(std::move(session));
    return std::move(ended.attempt);
}

// The statements first, outside of any transaction, then the row that says so: whoever dies between
// the two does the statements again, which are safe to repeat.
Result<void> SpannerDatabase::apply(Context const& context, Migration const& migration) {
    TRY(change_schema(context, google_, path_, "aipress_versions", {kVersionsTable}));
    auto const applied = TRY(read(
        context, [&](Transaction& transaction) { return is_applied(transaction, migration); }));
    if (applied) return {};
    TRY(change_schema(context, google_, path_,
                      fmt::format("aipress_{}_{}", migration.version, migration.digest()),
                      migration.statements));
    return transact(
        context,
        [&](Transaction& transaction) -> Result<void> {
            if (TRY(is_applied(transaction, migration))) return {};
            return record_applied(transaction, migration);
        },
        AfterLostCommit::RunAgain);
}

Result<bool> SpannerDatabase::has_table(Context const& context, std::string const& table) {
    return read(context, [&](Transaction& transaction) -> Result<bool> {
        auto const row =
            TRY(transaction.query_one("SELECT 1 FROM information_schema.tables "
                                      "WHERE table_schema = 'public' AND table_name = $1",
                                      {table}));
        return row.has_value();
    });
}

// "projects/p/instances/i/databases/d" of "spanner://p/i/d".
std::optional<std::string> path_of(std::string_view url) {
    url.remove_prefix(std::string_view("spanner://").size());
    std::array<std::string, 3> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto const end = std::min(url.find('/'), url.size());
        parts.at(i) = url.substr(0, end);
        bool const is_name =
            !parts.at(i).empty() && std::all_of(parts.at(i).begin(), parts.at(i).end(), [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                       c == ':' || c == '.';
            });
        bool const is_last = i + 1 == parts.size();
        if (!is_name || (end == url.size()) != is_last) return std::nullopt;
        url.remove_prefix(std::min(end + 1, url.size()));
    }
    return fmt::format("projects/{}/instances/{}/databases/{}", parts[0], parts[1], parts[2]);
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(Context const& context, std::string const& url,
                                                DatabaseOptions const& options) {
    auto const path = path_of(url);
    if (!path) {
        return Error(ErrorCode::InvalidArgument,
                     "the store's URL: expected spanner://PROJECT/INSTANCE/DATABASE");
    }
    ASSERT(options.google != nullptr);
    // Whoever cannot be reached is known at once.
    auto const session = TRY(Session::create(context, *options.google, *path));
    session->remove(context);
    return std::unique_ptr<Database>(std::make_unique<SpannerDatabase>(url, *path, options));
}

}  // namespace aipress::sql::spanner

#include "sql/postgres/connection.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <map>
#include <optional>
#include <poll.h>

#include "base/log.h"
#include "sql/limits.h"
#include "sql/postgres/sql_state.h"
#include "sql/postgres/values.h"
#include "sql/postgres/waiter.h"

namespace aipress::sql::postgres {
namespace {

struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ResultPointer = std::unique_ptr<PGresult, Clear>;

std::string first_line(char const* text) {
    std::string_view line(text == nullptr ? "" : text);
    line = line.substr(0, line.find('\n'));
    return std::string(line);
}

Error error_of(PGresult const* result) {
    auto const* const field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    std::string_view const state(field == nullptr ? kConnectionFailure : std::string_view(field));
    return Error(code_of(state), fmt::format("PostgreSQL: {} (SQLSTATE {})",
                                             first_line(PQresultErrorMessage(result)), state))
        .with_native_code(state_number(state));
}

// A statement's parameters as libpq takes them; the texts are kept here.
struct Arguments {
    std::vector<std::string> texts = {};
    std::vector<char const*> values = {};
    std::vector<Oid> types = {};

    explicit Arguments(Parameters const& parameters) {
        texts.reserve(parameters.size());
        for (auto const& parameter : parameters) {
            types.push_back(type_number(parameter));
            texts.push_back(parameter.is_null() ? "" : to_text_format(parameter));
            values.push_back(parameter.is_null() ? nullptr : texts.back().c_str());
        }
    }
    [[nodiscard]] int count() const { return static_cast<int>(values.size()); }
};

}  // namespace

struct Connection::Impl {
    std::unique_ptr<PGconn, Finish> connection = nullptr;
    // Names of prepared statements, by their text and their parameters' types.
    std::map<std::pair<std::string, std::vector<Oid>>, std::string> prepared = {};
    std::uint64_t last_name = 0;
    bool is_broken = false;

    Error broken() {
        is_broken = true;
        return Error(ErrorCode::Unavailable,
                     fmt::format("PostgreSQL: {}", first_line(PQerrorMessage(connection.get()))))
            .with_native_code(state_number(kConnectionFailure));
    }
    Result<void> connect(Context const& context, std::string const& url);
    Result<void> flush(Waiter& waiter);
    Result<ResultPointer> next_result(Waiter& waiter);
    Result<ResultPointer> only_result(Context const& context);
    Result<std::string> prepare(Context const& context, std::string_view sql,
                                Arguments const& arguments);
    Result<void> send_all(Waiter& waiter, std::span<Statement const> statements,
                          std::vector<std::string> const& names);
    Result<std::vector<std::int64_t>> read_counts(Waiter& waiter, std::size_t count);
};

namespace {

Error connect_error(PGconn* connection) {
    auto const text = first_line(PQerrorMessage(connection));
    // libpq does not tell the state of an error of the handshake.
    ErrorCode code = ErrorCode::Unavailable;
    if (PQconnectionNeedsPassword(connection) != 0 ||
        text.find("authentication failed") != text.npos || text.find("pg_hba") != text.npos) {
        code = ErrorCode::Unauthenticated;
    } else if (text.find("does not exist") != text.npos && text.find("database \"") != text.npos) {
        code = ErrorCode::NotFound;
    }
    return {code, fmt::format("PostgreSQL: {}", text)};
}

Result<Rows> read_rows(PGresult const* result) {
    int const columns = PQnfields(result);
    std::vector<std::string> names;
    for (int i = 0; i < columns; ++i) names.emplace_back(PQfname(result, i));
    auto const shared = std::make_shared<std::vector<std::string> const>(std::move(names));
    if (static_cast<std::size_t>(PQntuples(result)) > limits::kRowsMost) {
        return Error(ErrorCode::ResourceExhausted, "the query answers with too many rows");
    }
    Rows rows;
    rows.reserve(static_cast<std::size_t>(PQntuples(result)));
    for (int row = 0; row < PQntuples(result); ++row) {
        std::vector<Value> values;
        values.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) {
            if (PQgetisnull(result, row, i) != 0) {
                values.emplace_back(nullptr);
                continue;
            }
            std::string_view const text(PQgetvalue(result, row, i),
                                        static_cast<std::size_t>(PQgetlength(result, row, i)));
            values.push_back(TRY(from_text_format(PQftype(result, i), text)));
        }
        rows.emplace_back(shared, std::move(values));
    }
    return rows;
}

// PQcmdTuples is not const, though it only reads.
std::int64_t changed_rows(PGresult* result) {
    std::string_view const text(PQcmdTuples(result));
    std::int64_t changed = 0;
    std::from_chars(text.data(), text.data() + text.size(), changed);
    return changed;
}

bool is_success(PGresult const* result) {
    auto const status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

}  // namespace

Result<void> Connection::Impl::connect(Context const& context, std::string const& url) {
    std::array<char const*, 4> const keys{"dbname", "fallback_application_name", "client_encoding",
                                          nullptr};
    std::array<char const*, 4> const values{url.c_str(), "aipress", "UTF8", nullptr};
    connection.reset(PQconnectStartParams(keys.data(), values.data(), 1));
    if (connection == nullptr) return Error(ErrorCode::ResourceExhausted, "libpq: no memory");
    auto const connecting = context.within(limits::kConnectTime);
    Waiter waiter(connecting);
    auto status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (PQstatus(connection.get()) == CONNECTION_BAD || status == PGRES_POLLING_FAILED) {
            return connect_error(connection.get());
        }
        auto const waited =
            waiter.wait(PQsocket(connection.get()),
                        status == PGRES_POLLING_READING ? short{POLLIN} : short{POLLOUT});
        if (!waited.ok() && !context.stopped()) {
            return Error(ErrorCode::Unavailable, "PostgreSQL: the server does not answer");
        }
        if (!waited.ok()) return waited.error();
        status = PQconnectPoll(connection.get());
    }
    PQsetnonblocking(connection.get(), 1);
    PQsetNoticeProcessor(
        connection.get(), [](void*, char const* notice) { log::debug("{}", first_line(notice)); },
        nullptr);
    return {};
}

Result<void> Connection::Impl::flush(Waiter& waiter) {
    for (;;) {
        int const left = PQflush(connection.get());
        if (left < 0) return broken();
        if (left == 0) return {};
        // A server that cannot get rid of its answers reads no more: both ways are kept open.
        auto const events = waiter.wait(PQsocket(connection.get()), POLLIN | POLLOUT);
        if (!events.ok()) {
            is_broken = true;
            return events.error();
        }
        bool const can_read = (events.value() & POLLIN) != 0;
        if (can_read && PQconsumeInput(connection.get()) == 0) return broken();
    }
}

// nullptr: there is none any more (of this statement, in a pipeline).
Result<ResultPointer> Connection::Impl::next_result(Waiter& waiter) {
    while (PQisBusy(connection.get()) != 0) {
        auto const events = waiter.wait(PQsocket(connection.get()), POLLIN);
        if (!events.ok()) {
            is_broken = true;
            return events.error();
        }
        if (PQconsumeInput(connection.get()) == 0) return broken();
    }
    return ResultPointer(PQgetResult(connection.get()));
}

// The answer to what was just sent.
Result<ResultPointer> Connection::Impl::only_result(Context const& context) {
    Waiter waiter(context);
    TRY(flush(waiter));
    ResultPointer answer;
    for (;;) {
        auto next = TRY(next_result(waiter));
        if (next == nullptr) break;
        if (answer == nullptr || is_success(answer.get())) answer = std::move(next);
    }
    if (PQstatus(connection.get()) == CONNECTION_BAD) return broken();
    if (answer == nullptr) return broken();
    if (!is_success(answer.get())) return error_of(answer.get());
    return answer;
}

Result<std::string> Connection::Impl::prepare(Context const& context, std::string_view sql,
                                              Arguments const& arguments) {
    std::pair key(std::string(sql), arguments.types);
    auto const found = prepared.find(key);
    if (found != prepared.end()) return found->second;
    if (prepared.size() >= limits::kPreparedMost) {
        if (PQsendQuery(connection.get(), "DEALLOCATE ALL") == 0) return broken();
        TRY(only_result(context));
        prepared.clear();
    }
    auto const name = fmt::format("s{}", ++last_name);
    int const sent = PQsendPrepare(connection.get(), name.c_str(), key.first.c_str(),
                                   arguments.count(), arguments.types.data());
    if (sent == 0) return broken();
    TRY(only_result(context));
    prepared.emplace(std::move(key), name);
    return name;
}

Result<void> Connection::Impl::send_all(Waiter& waiter, std::span<Statement const> statements,
                                        std::vector<std::string> const& names) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
        Arguments const arguments(statements[i].parameters);
        int const sent = PQsendQueryPrepared(connection.get(), names[i].c_str(), arguments.count(),
                                             arguments.values.data(), nullptr, nullptr, 0);
        if (sent == 0) return broken();
    }
    if (PQpipelineSync(connection.get()) == 0) return broken();
    return flush(waiter);
}

// Of a pipeline: after a failed statement the server passes over the others.
Result<std::vector<std::int64_t>> Connection::Impl::read_counts(Waiter& waiter, std::size_t count) {
    std::vector<std::int64_t> counts;
    std::optional<Error> failure;
    for (std::size_t nothings = 0; nothings <= count;) {
        auto const result = TRY(next_result(waiter));
        if (result == nullptr) {  // behind each statement's results
            ++nothings;
            if (PQstatus(connection.get()) == CONNECTION_BAD) return broken();
            continue;
        }
        auto const status = PQresultStatus(result.get());
        if (status == PGRES_PIPELINE_SYNC) break;
        if (status == PGRES_PIPELINE_ABORTED) continue;
        if (is_success(result.get())) {
            counts.push_back(changed_rows(result.get()));
        } else if (!failure) {
            failure = error_of(result.get());
        }
    }
    if (PQexitPipelineMode(connection.get()) == 0) return broken();
    if (failure) return std::move(*failure);
    if (counts.size() != count) return broken();
    return counts;
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(Context const& context,
                                                     std::string const& url) {
    auto impl = std::make_unique<Impl>();
    TRY(impl->connect(context, url));
    std::unique_ptr<Connection> connection(new Connection(std::move(impl)));
    // A scan of a whole table would be in conflict with every write to it (predicate locks), which
    // the planner does not know and prefers for small tables. A transaction that rests belongs to a
    // process that was stopped: it holds up the others.
    for (auto const* const setting :
         {"SET timezone = 'UTC'", "SET datestyle = 'ISO'", "SET bytea_output = 'hex'",
          "SET enable_seqscan = off", "SET idle_in_transaction_session_timeout = '10s'"}) {
        TRY(connection->command(context, setting));
    }
    TRY(connection->command(
        context, fmt::format("SET statement_timeout = {}", limits::kTransactionTime.count())));
    return connection;
}

Result<Answer> Connection::run(Context const& context, std::string_view sql,
                               Parameters const& parameters) {
    Arguments const arguments(parameters);
    auto const name = TRY(impl_->prepare(context, sql, arguments));
    auto* const connection = impl_->connection.get();
    int const sent = PQsendQueryPrepared(connection, name.c_str(), arguments.count(),
                                         arguments.values.data(), nullptr, nullptr, 0);
    if (sent == 0) return impl_->broken();
    auto const result = TRY(impl_->only_result(context));
    Answer answer;
    answer.rows = TRY(read_rows(result.get()));
    answer.changed = changed_rows(result.get());
    return answer;
}

Result<std::vector<std::int64_t>> Connection::run_all(Context const& context,
                                                      std::span<Statement const> statements) {
    std::vector<std::string> names;
    for (auto const& statement : statements) {
        names.push_back(
            TRY(impl_->prepare(context, statement.sql, Arguments(statement.parameters))));
    }
    if (PQenterPipelineMode(impl_->connection.get()) == 0) return impl_->broken();
    Waiter waiter(context);
    TRY(impl_->send_all(waiter, statements, names));
    return impl_->read_counts(waiter, statements.size());
}

Result<void> Connection::command(Context const& context, std::string_view sql) {
    if (PQsendQuery(impl_->connection.get(), std::string(sql).c_str()) == 0) return impl_->broken();
    TRY(impl_->only_result(context));
    return {};
}

bool Connection::is_broken() const {
    return impl_->is_broken || PQstatus(impl_->connection.get()) == CONNECTION_BAD;
}

Result<std::string> display_name(std::string const& url) {
    char* problem = nullptr;
    std::unique_ptr<PQconninfoOption, FreeOptions> const options(
        PQconninfoParse(url.c_str(), &problem));
    if (problem != nullptr) PQfreemem(problem);
    if (options == nullptr) {
        return Error(ErrorCode::InvalidArgument,
                     "the store's URL: expected postgres://USER@HOST:PORT/DATABASE (see libpq's "
                     "connection URIs)");
    }
    std::map<std::string_view, std::string> values;
    for (auto const* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) values[option->keyword] = option->val;
    }
    return fmt::format("postgres://{}{}{}{}{}/{}", values["user"],
                       values["user"].empty() ? "" : "@", values["host"],
                       values["port"].empty() ? "" : ":", values["port"], values["dbname"]);
}

}  // namespace aipress::sql::postgres

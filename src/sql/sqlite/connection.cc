#include "sql/sqlite/connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unordered_map>

#include "base/file_descriptor.h"
#include "gcp/retry.h"
#include "sql/limits.h"

namespace aipress::sql::sqlite {
namespace {

constexpr int kStepsBetweenLooks = 20'000;  // of SQLite's machine: about a millisecond

struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// A prepared statement and what its columns are declared as.
struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    ColumnNames columns = {};
    std::vector<std::optional<Type>> types = {};
    int parameters = 0;
    std::vector<int> places = {};  // SQLite's, of $1, $2, …; 0: it is not in the text
};

// SQLite finds a name by going through all: once a statement, or binding n of them takes n * n
// steps.
std::vector<int> places_of(sqlite3_stmt* raw) {
    std::vector<int> places;
    int const count = sqlite3_bind_parameter_count(raw);
    for (int place = 1; place <= count; ++place) {
        char const* const name = sqlite3_bind_parameter_name(raw, place);
        std::string_view const digits = name == nullptr ? "" : name + 1;
        std::size_t number = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (number == 0 || number > limits::kParametersMost) continue;
        if (places.size() < number) places.resize(number, 0);
        places[number - 1] = place;
    }
    return places;
}

std::optional<Type> declared_type(char const* text) {
    if (text == nullptr) return std::nullopt;  // of an expression
    std::string_view const declared(text);
    if (declared == "boolean") return Type::Boolean;
    if (declared == "timestamptz") return Type::Timestamp;
    return std::nullopt;
}

ErrorCode code_of(int extended) {
    switch (extended) {
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_ROWID:
            return ErrorCode::AlreadyExists;
        default:
            break;
    }
    switch (extended & 0xff) {
        case SQLITE_CONSTRAINT:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_READONLY:
            return ErrorCode::FailedPrecondition;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return ErrorCode::Aborted;
        case SQLITE_FULL:
            return ErrorCode::ResourceExhausted;
        case SQLITE_ERROR:
        case SQLITE_RANGE:
        case SQLITE_TOOBIG:
        case SQLITE_MISMATCH:
            return ErrorCode::InvalidArgument;
        case SQLITE_PERM:
            return ErrorCode::PermissionDenied;
        default:
            return ErrorCode::Unavailable;
    }
}

Value value_at(sqlite3_stmt* statement, int column, std::optional<Type> declared) {
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER: {
            std::int64_t const number = sqlite3_column_int64(statement, column);
            if (declared == Type::Boolean) return number != 0;
            if (declared == Type::Timestamp) return Timestamp(std::chrono::microseconds(number));
            return number;
        }
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, column);
        case SQLITE_TEXT: {
            auto const* text =
                reinterpret_cast<char const*>(sqlite3_column_text(statement, column));
            return std::string(text,
                               static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
        }
        case SQLITE_BLOB: {
            auto const* data = static_cast<char const*>(sqlite3_column_blob(statement, column));
            auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
            return Bytes{size == 0 ? std::string() : std::string(data, size)};
        }
        default:
            return nullptr;
    }
}

// The parameter's bytes stay where they are until the statement was run.
void bind(sqlite3_stmt* statement, int at, Value const& value) {
    auto const& held = value.held();
    if (auto const* text = std::get_if<std::string>(&held)) {
        sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else if (auto const* number = std::get_if<std::int64_t>(&held)) {
        sqlite3_bind_int64(statement, at, *number);
    } else if (auto const* truth = std::get_if<bool>(&held)) {
        sqlite3_bind_int(statement, at, *truth ? 1 : 0);
    } else if (auto const* bytes = std::get_if<Bytes>(&held)) {
        sqlite3_bind_blob64(statement, at, bytes->data.data(), bytes->data.size(), SQLITE_STATIC);
    } else if (auto const* real = std::get_if<double>(&held)) {
        sqlite3_bind_double(statement, at, *real);
    } else if (auto const* time = std::get_if<Timestamp>(&held)) {
        sqlite3_bind_int64(statement, at, time->time_since_epoch().count());
    } else {
        sqlite3_bind_null(statement, at);
    }
}

}  // namespace

struct Connection::Impl {
    std::unique_ptr<sqlite3, Close> database = nullptr;
    std::unordered_map<std::string, Prepared> prepared = {};
    Context const* context = nullptr;

    [[nodiscard]] Error error() const {
        int const extended = sqlite3_extended_errcode(database.get());
        if (extended == SQLITE_INTERRUPT && context != nullptr) {
            return context->stopped()
                       ? Error(ErrorCode::Cancelled, "the statement was called off")
                       : Error(ErrorCode::DeadlineExceeded, "the statement's time is over");
        }
        return Error(code_of(extended), fmt::format("SQLite: {}", sqlite3_errmsg(database.get())))
            .with_native_code(static_cast<unsigned>(extended));
    }
    Result<Prepared*> prepare(std::string_view sql);
    Result<Answer> run(Prepared& statement, Parameters const& parameters);
    Result<void> read_rows(Prepared& statement, Rows& rows);
    Result<void> set_up(Context const& opening, Purpose purpose);

    static int on_busy(void* self, int);
    static int on_steps(void* self);
};

// Another process writes: it is waited for, unevenly, so that several do not keep pace.
int Connection::Impl::on_busy(void* self, int) {
    auto const* context = static_cast<Impl*>(self)->context;
    if (context == nullptr) return 0;
    auto const most = static_cast<double>(limits::kBusyPauseMost.count());
    return context->sleep(milliseconds(1 + static_cast<int>(gcp::random_fraction() * most))) ? 1
                                                                                             : 0;
}

int Connection::Impl::on_steps(void* self) {
    auto const* context = static_cast<Impl*>(self)->context;
    return context != nullptr && (context->stopped() || context->expired()) ? 1 : 0;
}

Result<Prepared*> Connection::Impl::prepare(std::string_view sql) {
    auto const found = prepared.find(std::string(sql));
    if (found != prepared.end()) return &found->second;
    sqlite3_stmt* raw = nullptr;
    char const* rest = nullptr;
    int const code = sqlite3_prepare_v3(database.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, &rest);
    Prepared statement{.statement = std::unique_ptr<sqlite3_stmt, Finalize>(raw)};
    if (code != SQLITE_OK) return error();
    if (raw == nullptr || rest != sql.data() + sql.size()) {
        return Error(ErrorCode::InvalidArgument, "SQLite: expected exactly one statement");
    }
    std::vector<std::string> names;
    for (int i = 0; i < sqlite3_column_count(raw); ++i) {
        names.emplace_back(sqlite3_column_name(raw, i));
        statement.types.push_back(declared_type(sqlite3_column_decltype(raw, i)));
    }
    statement.columns = std::make_shared<std::vector<std::string> const>(std::move(names));
    statement.parameters = sqlite3_bind_parameter_count(raw);
    statement.places = places_of(raw);
    if (prepared.size() >= limits::kPreparedMost) prepared.clear();
    return &prepared.insert_or_assign(std::string(sql), std::move(statement)).first->second;
}

Result<void> Connection::Impl::read_rows(Prepared& statement, Rows& rows) {
    auto* const raw = statement.statement.get();
    for (;;) {
        int const code = sqlite3_step(raw);
        if (code == SQLITE_DONE) return {};
        if (code != SQLITE_ROW) return error();
        if (rows.size() == limits::kRowsMost) {
            return Error(ErrorCode::ResourceExhausted, "the query answers with too many rows");
        }
        std::vector<Value> values;
        values.reserve(statement.types.size());
        for (std::size_t i = 0; i < statement.types.size(); ++i) {
            values.push_back(value_at(raw, static_cast<int>(i), statement.types[i]));
        }
        rows.emplace_back(statement.columns, std::move(values));
    }
}

Result<Answer> Connection::Impl::run(Prepared& statement, Parameters const& parameters) {
    auto* const raw = statement.statement.get();
    if (static_cast<std::size_t>(statement.parameters) > parameters.size()) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("the statement has {} parameters, {} were given",
                                 statement.parameters, parameters.size()));
    }
    for (std::size_t i = 0; i < std::min(parameters.size(), statement.places.size()); ++i) {
        if (statement.places[i] != 0) bind(raw, statement.places[i], parameters[i]);
    }
    Answer answer;
    auto const before = sqlite3_total_changes64(database.get());
    auto const read = read_rows(statement, answer.rows);
    sqlite3_reset(raw);
    sqlite3_clear_bindings(raw);
    if (!read.ok()) return read.error();
    answer.changed = sqlite3_total_changes64(database.get()) - before;
    return answer;
}

Result<void> Connection::Impl::set_up(Context const& opening, Purpose purpose) {
    auto const set = [&](char const* sql) -> Result<void> {
        if (sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
        return error();
    };
    sqlite3_extended_result_codes(database.get(), 1);
    sqlite3_busy_handler(database.get(), &Impl::on_busy, this);
    sqlite3_progress_handler(database.get(), kStepsBetweenLooks, &Impl::on_steps, this);
    TRY(set("PRAGMA foreign_keys = ON"));
    TRY(set("PRAGMA case_sensitive_like = ON"));
    if (purpose == Purpose::Read) return set("PRAGMA query_only = ON");
    TRY(set("PRAGMA synchronous = FULL"));
    // SQLite does not ask its busy handler here.
    for (;;) {
        auto const changed = set("PRAGMA journal_mode = WAL");
        if (changed.ok() || !is_busy(changed.error())) return changed;
        if (!opening.sleep(limits::kBusyPauseMost)) return changed;
    }
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Connection::~Connection() {
    impl_->prepared.clear();
}

Result<std::unique_ptr<Connection>> Connection::open(Context const& context,
                                                     std::filesystem::path const& file,
                                                     Purpose purpose) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (purpose == Purpose::Write) {
        // Made by us, so that nobody else may read it: it names the fleet's secrets.
        FileDescriptor const made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    }
    auto impl = std::make_unique<Impl>();
    impl->context = &context;
    sqlite3* raw = nullptr;
    int const code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
    impl->database.reset(raw);
    if (code != SQLITE_OK) return impl->error().in_context(file.string());
    TRY(impl->set_up(context, purpose).in_context(file.string()));
    impl->context = nullptr;
    return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

void Connection::obey(Context const* context) {
    impl_->context = context;
}

Result<Answer> Connection::run(std::string_view sql, Parameters const& parameters) {
    auto* const statement = TRY(impl_->prepare(sql));
    return impl_->run(*statement, parameters);
}

Result<void> Connection::command(std::string_view sql) {
    TRY(run(sql, {}));
    return {};
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(impl_->database.get()) == 0;
}

bool is_busy(Error const& error) {
    auto const code = error.native_code() & 0xff;
    return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

}  // namespace aipress::sql::sqlite

#include "sandbox/store.h"

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <future>
#include <mutex>
#include <sqlite3.h>
#include <thread>

#include "base/assert.h"

namespace aipress::sandbox {
namespace {

constexpr std::size_t kBatchMost = 256;  // writes that share a commit
constexpr int kBusyMs = 10'000;

Error sqlite_error(sqlite3* database, std::string_view doing) {
    int const code = sqlite3_errcode(database);
    auto const text = fmt::format("{}: {}", doing, sqlite3_errmsg(database));
    switch (code & 0xff) {
        case SQLITE_FULL:
            return {ErrorCode::ResourceExhausted, text};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::FailedPrecondition, text};
        default:
            return {ErrorCode::Unavailable, text};
    }
}

// A prepared statement, used over and over.
class Statement {
public:
    Statement(sqlite3* database, std::string_view sql) : database_(database) {
        sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    }
    Statement(Statement const&) = delete;
    Statement& operator=(Statement const&) = delete;
    ~Statement() { sqlite3_finalize(statement_); }

    Statement& begin() {
        sqlite3_reset(statement_);
        next_ = 1;
        return *this;
    }
    Statement& with(std::string_view text) {
        sqlite3_bind_text(statement_, next_++, text.data(), static_cast<int>(text.size()),
                          SQLITE_TRANSIENT);
        return *this;
    }
    Statement& with(std::uint64_t number) {
        sqlite3_bind_int64(statement_, next_++, static_cast<sqlite3_int64>(number));
        return *this;
    }
    // True: there is a row.
    Result<bool> step() {
        switch (sqlite3_step(statement_)) {
            case SQLITE_ROW:
                return true;
            case SQLITE_DONE:
                sqlite3_reset(statement_);
                return false;
            default:
                return sqlite_error(database_, "the store");
        }
    }
    [[nodiscard]] std::string text(int column) const {
        auto const* data = reinterpret_cast<char const*>(sqlite3_column_text(statement_, column));
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }
    [[nodiscard]] std::uint64_t number(int column) const {
        return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
    }

private:
    sqlite3* database_;
    sqlite3_stmt* statement_ = nullptr;
    int next_ = 1;
};

// One connection to the file and its statements.
class Connection final : public Transaction {
public:
    explicit Connection(std::unique_ptr<sqlite3, int (*)(sqlite3*)> database)
        : database_(std::move(database)) {}

    static Result<std::unique_ptr<Connection>> open(std::filesystem::path const& file);

    Result<void> execute(char const* sql) {
        if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
        return sqlite_error(database_.get(), "the store");
    }
    Result<std::optional<Document>> get(std::string_view collection,
                                        std::string_view name) override;
    Result<Page> list(std::string_view collection, std::string_view prefix, std::string_view start,
                      std::size_t most) override;
    Result<std::uint64_t> count(std::string_view collection, std::string_view prefix) override;
    Result<std::uint64_t> insert(std::string_view collection, std::string_view name,
                                 boost::json::value const& body) override;
    Result<std::uint64_t> update(std::string_view collection, std::string_view name,
                                 std::optional<std::uint64_t> expected,
                                 boost::json::value const& body) override;
    Result<void> remove(std::string_view collection, std::string_view name) override;

private:
    Result<std::uint64_t> next_version();
    // nullopt: it is not there.
    Result<std::optional<std::uint64_t>> version_of(std::string_view collection,
                                                    std::string_view name);

    std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
    Statement get_{database_.get(),
                   "SELECT version, body FROM document WHERE collection = ? AND name = ?"};
    Statement list_{database_.get(),
                    "SELECT name, version, body FROM document WHERE collection = ? AND name >= ?"
                    " ORDER BY name LIMIT ?"};
    Statement total_{database_.get(),
                     "SELECT count(*) FROM document WHERE collection = ?1 AND name >= ?2"
                     " AND name < ?3"};
    Statement insert_{database_.get(),
                      "INSERT INTO document (collection, name, version, body) VALUES (?, ?, ?, ?)"};
    Statement update_{database_.get(),
                      "UPDATE document SET version = ?3, body = ?4"
                      " WHERE collection = ?1 AND name = ?2"};
    Statement remove_{database_.get(), "DELETE FROM document WHERE collection = ? AND name = ?"};
    Statement count_{database_.get(), "UPDATE counter SET value = value + 1 RETURNING value"};
};

Result<void> prepare_file(sqlite3* database, std::filesystem::path const& file) {
    auto const run = [&](char const* sql) -> Result<void> {
        if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
        return sqlite_error(database, file.string());
    };
    sqlite3_extended_result_codes(database, 1);
    sqlite3_busy_timeout(database, kBusyMs);
    TRY(run("PRAGMA journal_mode = WAL"));
    TRY(run("PRAGMA synchronous = FULL"));
    TRY(
        run("CREATE TABLE IF NOT EXISTS document ("
            " collection TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,"
            " body TEXT NOT NULL, PRIMARY KEY (collection, name)) WITHOUT ROWID"));
    TRY(run("CREATE TABLE IF NOT EXISTS counter (value INTEGER NOT NULL)"));
    return run("INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter)");
}

Result<std::unique_ptr<Connection>> Connection::open(std::filesystem::path const& file) {
    sqlite3* raw = nullptr;
    int const code =
        sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(raw, &sqlite3_close);
    if (code != SQLITE_OK) return sqlite_error(raw, file.string());
    TRY(prepare_file(raw, file));
    return std::make_unique<Connection>(std::move(database));
}

Result<std::uint64_t> Connection::next_version() {
    bool const counted = TRY(count_.begin().step());
    ASSERT(counted);
    auto const version = count_.number(0);
    TRY(count_.step());
    return version;
}

Result<std::optional<std::uint64_t>> Connection::version_of(std::string_view collection,
                                                            std::string_view name) {
    bool const is_there = TRY(get_.begin().with(collection).with(name).step());
    std::optional<std::uint64_t> version;
    if (is_there) version = get_.number(0);
    get_.begin();  // lets go of the read
    return version;
}

Result<std::optional<Document>> Connection::get(std::string_view collection,
                                                std::string_view name) {
    if (!TRY(get_.begin().with(collection).with(name).step())) return std::optional<Document>();
    Document found{std::string(name), get_.number(0), boost::json::parse(get_.text(1))};
    TRY(get_.step());
    return std::optional<Document>(std::move(found));
}

Result<Page> Connection::list(std::string_view collection, std::string_view prefix,
                              std::string_view start, std::size_t most) {
    Page page;
    list_.begin().with(collection).with(std::max(prefix, start)).with(most + 1);
    while (TRY(list_.step())) {
        auto name = list_.text(0);
        if (!name.starts_with(prefix)) break;
        if (page.documents.size() == most) {
            page.next = std::move(name);
            break;
        }
        page.documents.push_back(
            {std::move(name), list_.number(1), boost::json::parse(list_.text(2))});
    }
    list_.begin();  // lets go of the read
    return page;
}

Result<std::uint64_t> Connection::count(std::string_view collection, std::string_view prefix) {
    // No UTF-8 text has this byte: it stands behind all that begin with the prefix.
    auto const end = std::string(prefix) + '\xff';
    total_.begin().with(collection).with(prefix).with(end);
    TRY(total_.step());
    auto const count = total_.number(0);
    total_.begin();  // lets go of the read
    return count;
}

Result<std::uint64_t> Connection::insert(std::string_view collection, std::string_view name,
                                         boost::json::value const& body) {
    if (TRY(version_of(collection, name))) {
        return Error(ErrorCode::AlreadyExists, fmt::format("{} is there already", name));
    }
    auto const version = TRY(next_version());
    auto const text = boost::json::serialize(body);
    TRY(insert_.begin().with(collection).with(name).with(version).with(text).step());
    return version;
}

Result<std::uint64_t> Connection::update(std::string_view collection, std::string_view name,
                                         std::optional<std::uint64_t> expected,
                                         boost::json::value const& body) {
    auto const found = TRY(version_of(collection, name));
    if (!found) return Error(ErrorCode::NotFound, fmt::format("{} is not there", name));
    if (expected && *found != *expected) {
        return Error(ErrorCode::Aborted, fmt::format("{} was changed meanwhile", name));
    }
    auto const version = TRY(next_version());
    auto const text = boost::json::serialize(body);
    TRY(update_.begin().with(collection).with(name).with(version).with(text).step());
    return version;
}

Result<void> Connection::remove(std::string_view collection, std::string_view name) {
    if (!TRY(version_of(collection, name))) {
        return Error(ErrorCode::NotFound, fmt::format("{} is not there", name));
    }
    TRY(remove_.begin().with(collection).with(name).step());
    return {};
}

struct Job {
    std::function<Result<void>(Transaction&)> const* work;
    std::promise<std::optional<Error>> done;
    std::optional<Error> error;
};

}  // namespace

struct Store::Impl {
    std::unique_ptr<Connection> writer;
    std::unique_ptr<Connection> reader;
    std::mutex reading;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Job*> waiting;  // guarded by the mutex
    bool ending = false;       // likewise
    std::atomic<std::uint64_t> commits = 0;
    std::thread thread;

    Impl(std::unique_ptr<Connection> write_with, std::unique_ptr<Connection> read_with)
        : writer(std::move(write_with)), reader(std::move(read_with)), thread([this] { run(); }) {}
    ~Impl() {
        {
            std::lock_guard const lock(mutex);
            ending = true;
            changed.notify_all();
        }
        thread.join();
    }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;

    void run();
    Result<void> commit(std::vector<Job*> const& jobs);
    Result<void> run_one(Job& job);
};

void Store::Impl::run() {
    while (true) {
        std::vector<Job*> jobs;
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return ending || !waiting.empty(); });
            if (waiting.empty()) return;
            while (!waiting.empty() && jobs.size() < kBatchMost) {
                jobs.push_back(waiting.front());
                waiting.pop_front();
            }
        }
        auto const committed = commit(jobs);
        for (auto* job : jobs) {
            if (!committed.ok()) job->error = committed.error();
            job->done.set_value(std::move(job->error));
        }
    }
}

// One transaction of SQLite's for all, a savepoint for each.
Result<void> Store::Impl::commit(std::vector<Job*> const& jobs) {
    TRY(writer->execute("BEGIN IMMEDIATE"));
    for (auto* job : jobs) {
        auto const ran = run_one(*job);
        if (ran.ok()) continue;
        (void)writer->execute("ROLLBACK");
        return ran;
    }
    auto const committed = writer->execute("COMMIT");
    if (!committed.ok()) (void)writer->execute("ROLLBACK");
    if (committed.ok()) ++commits;
    return committed;
}

Result<void> Store::Impl::run_one(Job& job) {
    TRY(writer->execute("SAVEPOINT job"));
    auto const worked = (*job.work)(*writer);
    if (!worked.ok()) {
        job.error = worked.error();
        TRY(writer->execute("ROLLBACK TO job"));
    }
    return writer->execute("RELEASE job");
}

Result<Store> Store::open(std::filesystem::path const& file) {
    auto writer = TRY(Connection::open(file));
    auto reader = TRY(Connection::open(file));
    return Store(std::make_unique<Impl>(std::move(writer), std::move(reader)));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<void> Store::write(std::function<Result<void>(Transaction&)> const& work) {
    Job job{&work, {}, {}};
    auto done = job.done.get_future();
    {
        std::lock_guard const lock(impl_->mutex);
        impl_->waiting.push_back(&job);
        impl_->changed.notify_all();
    }
    if (auto error = done.get()) return std::move(*error);
    return {};
}

Result<void> Store::read(std::function<Result<void>(Transaction&)> const& work) const {
    std::lock_guard const lock(impl_->reading);
    TRY(impl_->reader->execute("BEGIN"));
    auto read = work(*impl_->reader);
    TRY(impl_->reader->execute("ROLLBACK"));
    return read;
}

std::uint64_t Store::commits() const {
    return impl_->commits;
}

}  // namespace aipress::sandbox

#include "random_workload.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "random_statements.h"

namespace aipress::functional {

namespace {

constexpr std::size_t kKeptErrors = 20;
constexpr milliseconds kReconnectPause{20};
constexpr milliseconds kStatementTimeout{60'000};

enum class Failure {
    Conflict,    // the statement did nothing; the transaction goes on
    Abandoned,   // the transaction is gone or must go: deadlock, lock timeout
    ShutOut,     // connection lost, account locked, privilege taken
    Unexpected,  // nothing that races could explain
};

bool is_one_of(unsigned code, std::initializer_list<unsigned> codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Failure classify(Error const& error) {
    unsigned const code = error.native_code();
    // Duplicate key (also by a cascade), a missing or referenced parent, a parent_id to be NULL.
    if (is_one_of(code, {1062, 1586, 1761, 1762, 1451, 1452})) return Failure::Conflict;
    if (is_one_of(code, {1213, 1205, 1020, 1412})) return Failure::Abandoned;
    if (mysql::is_connection_error(error) || error.code() == ErrorCode::Cancelled)
        return Failure::ShutOut;
    // Access denied in its forms, account locked (MariaDB, MySQL), query or connection killed.
    if (is_one_of(code, {1044, 1045, 1142, 1143, 1227, 1698, 4151, 3118, 1317, 1927, 1053}))
        return Failure::ShutOut;
    return Failure::Unexpected;
}

}  // namespace

struct Workload::Shared {
    mysql::Endpoint tenant;
    Schema const& schema;
    Options options;
    std::stop_source stop = {};
    SystemClock clock = {};
    mutable std::mutex mutex = {};  // guards what follows
    std::condition_variable_any changed = {};
    bool resting = false;
    WorkloadStatistics statistics = {};
    std::vector<std::string> unexpected = {};

    // Until nobody has to rest. False when stopped.
    [[nodiscard]] bool wait_while_resting() {
        std::unique_lock lock(mutex);
        return changed.wait(lock, stop.get_token(), [&] { return !resting; });
    }
    void count(std::uint64_t WorkloadStatistics::* what) {
        // What stop() itself cuts off is no event.
        if (what == &WorkloadStatistics::shut_out && stop.stop_requested()) return;
        std::lock_guard const lock(mutex);
        ++(statistics.*what);
        changed.notify_all();
    }
};

class Workload::Writer {
public:
    Writer(Shared& shared, unsigned number, Random random)
        : shared_(shared),
          number_(number),
          random_(random),
          strictness_(random_.chance(50) ? Strictness::Strict : Strictness::Lenient) {}

    void run() {
        while (!stopped()) {
            auto connection = mysql::Connection::open(context(), shared_.tenant);
            if (!connection.ok() || !prepare(*connection)) {
                if (!connection.ok() && classify(connection.error()) == Failure::Unexpected)
                    report(connection.error(), "connecting");
                shared_.count(&WorkloadStatistics::shut_out);
                context().sleep(kReconnectPause);
                continue;
            }
            StatementMaker maker(*connection, shared_.schema, random_, strictness_);
            while (shared_.wait_while_resting() && connection->usable() &&
                   transaction(*connection, maker))
                context().sleep(shared_.options.pause);
        }
    }

    [[nodiscard]] unsigned number() const { return number_; }
    // After the thread's end.
    [[nodiscard]] std::set<std::uint64_t> const& acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::set<std::uint64_t> const& unknown() const { return unknown_; }

private:
    // What became of one piece of a transaction.
    enum class Outcome { Done, Abandoned, ShutOut };

    [[nodiscard]] bool stopped() const { return shared_.stop.stop_requested(); }
    [[nodiscard]] Context context() {
        return {shared_.clock, Deadline::after(shared_.clock, kStatementTimeout),
                shared_.stop.get_token()};
    }

    bool prepare(mysql::Connection& connection) {
        std::string const mode = strictness_ == Strictness::Strict
                                     ? "STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO"
                                     : "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO";
        std::string const isolation = random_.chance(50) ? "READ COMMITTED" : "REPEATABLE READ";
        for (auto const& sql : {fmt::format("SET SESSION sql_mode = '{}', foreign_key_checks = 1, "
                                            "innodb_lock_wait_timeout = 3, lock_wait_timeout = 10",
                                            mode),
                                "SET SESSION TRANSACTION ISOLATION LEVEL " + isolation})
            if (run_statement(connection, sql) != Outcome::Done) return false;
        return true;
    }

    void report(Error const& error, std::string_view sql) {
        std::lock_guard const lock(shared_.mutex);
        if (shared_.unexpected.size() < kKeptErrors)
            shared_.unexpected.push_back(
                fmt::format("{} in {}", error.message(), sql.substr(0, 500)));
    }

    Outcome handle(mysql::Connection& connection, Error const& error, std::string_view sql) {
        switch (classify(error)) {
            case Failure::Conflict:
                shared_.count(&WorkloadStatistics::conflicts);
                return Outcome::Done;
            case Failure::Abandoned:
                shared_.count(&WorkloadStatistics::conflicts);
                return connection.execute(context(), "ROLLBACK").ok() ? Outcome::Abandoned
                                                                      : Outcome::ShutOut;
            case Failure::ShutOut:
                shared_.count(&WorkloadStatistics::shut_out);
                return Outcome::ShutOut;
            case Failure::Unexpected:
                break;
        }
        report(error, sql);
        return connection.execute(context(), "ROLLBACK").ok() ? Outcome::Abandoned
                                                              : Outcome::ShutOut;
    }

    Outcome run_statement(mysql::Connection& connection, std::string const& sql) {
        shared_.count(&WorkloadStatistics::statements);
        auto const result = connection.execute(context(), sql);
        return result.ok() ? Outcome::Done : handle(connection, result.error(), sql);
    }

    Outcome run_some(mysql::Connection& connection, StatementMaker& maker, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
            auto const statements = maker.next(context());
            if (!statements.ok()) return handle(connection, statements.error(), "picking rows");
            for (auto const& sql : statements.value()) {
                auto const outcome = run_statement(connection, sql);
                if (outcome != Outcome::Done) return outcome;
            }
        }
        return Outcome::Done;
    }

    Outcome run_and_take_back(mysql::Connection& connection, StatementMaker& maker) {
        for (std::string const sql : {"SAVEPOINT here", "", "ROLLBACK TO SAVEPOINT here"}) {
            auto const outcome = sql.empty() ? run_some(connection, maker, random_.between(1, 3))
                                             : run_statement(connection, sql);
            if (outcome != Outcome::Done) return outcome;
        }
        return run_some(connection, maker, 1);
    }

    // False when the connection is of no more use.
    bool transaction(mysql::Connection& connection, StatementMaker& maker) {
        // Statements that commit themselves, outside the ledger.
        if (random_.chance(10)) return run_some(connection, maker, 1) != Outcome::ShutOut;

        auto outcome = run_statement(connection, "START TRANSACTION");
        if (outcome == Outcome::Done) outcome = run_some(connection, maker, random_.between(1, 3));
        if (outcome == Outcome::Done && random_.chance(25))
            outcome = run_and_take_back(connection, maker);
        if (outcome != Outcome::Done) return outcome == Outcome::Abandoned;
        if (random_.chance(10)) {
            shared_.count(&WorkloadStatistics::rolled_back);
            return run_statement(connection, "ROLLBACK") == Outcome::Done;
        }
        return commit(connection);
    }

    bool commit(mysql::Connection& connection) {
        std::uint64_t const sequence = next_sequence_++;
        auto const outcome = run_statement(
            connection, fmt::format("INSERT INTO ledger VALUES ({}, {})", number_, sequence));
        if (outcome != Outcome::Done) return outcome == Outcome::Abandoned;
        auto const committed = connection.execute(context(), "COMMIT");
        if (committed.ok()) {
            acknowledged_.insert(sequence);
            shared_.count(&WorkloadStatistics::acknowledged);
            return true;
        }
        unknown_.insert(sequence);
        shared_.count(&WorkloadStatistics::unknown);
        return handle(connection, committed.error(), "COMMIT") != Outcome::ShutOut;
    }

    Shared& shared_;
    unsigned number_;
    Random random_;
    Strictness strictness_;
    std::uint64_t next_sequence_ = 1;
    std::set<std::uint64_t> acknowledged_;
    std::set<std::uint64_t> unknown_;
};

Workload::Workload(mysql::Endpoint tenant, Schema const& schema, Random random, Options options)
    : shared_(new Shared{.tenant = std::move(tenant), .schema = schema, .options = options}) {
    for (unsigned i = 0; i < options.writers; ++i)
        writers_.push_back(
            std::make_unique<Writer>(*shared_, options.first_writer + i, random.fork()));
    for (auto& writer : writers_) threads_.emplace_back([&w = *writer] { w.run(); });
}

Workload::~Workload() {
    stop();
}

bool Workload::wait_for_transactions(Context const& context, std::uint64_t count) {
    std::unique_lock lock(shared_->mutex);
    std::uint64_t const wanted = shared_->statistics.acknowledged + count;
    return shared_->changed.wait_for(lock, context.stop(),
                                     context.deadline().remaining(context.clock()),
                                     [&] { return shared_->statistics.acknowledged >= wanted; });
}

void Workload::rest(bool resting) {
    std::lock_guard const lock(shared_->mutex);
    shared_->resting = resting;
    shared_->changed.notify_all();
}

void Workload::stop() {
    shared_->stop.request_stop();
    threads_.clear();
}

WorkloadStatistics Workload::statistics() const {
    std::lock_guard const lock(shared_->mutex);
    return shared_->statistics;
}

std::vector<std::string> Workload::unexpected_errors() const {
    std::lock_guard const lock(shared_->mutex);
    return shared_->unexpected;
}

Result<std::vector<std::string>> Workload::check_ledger(Context const& context,
                                                        mysql::Connection& reader) const {
    ASSERT(threads_.empty());
    std::vector<std::string> faults;
    for (auto const& writer : writers_) {
        auto const result =
            TRY(reader.query(context, fmt::format("SELECT sequence FROM ledger WHERE writer = {}",
                                                  writer->number())));
        std::set<std::uint64_t> present;
        for (auto const& row : result.rows) present.insert(std::stoull(row[0].value_or("0")));
        for (std::uint64_t const sequence : writer->acknowledged())
            if (!present.contains(sequence))
                faults.push_back(
                    fmt::format("writer {}: transaction {} was acknowledged and is lost",
                                writer->number(), sequence));
        for (std::uint64_t const sequence : present)
            if (!writer->acknowledged().contains(sequence) && !writer->unknown().contains(sequence))
                faults.push_back(fmt::format("writer {}: transaction {} was never committed",
                                             writer->number(), sequence));
    }
    return faults;
}

namespace {

Result<void> fill(Context const& context, mysql::Connection& connection, Table const& table,
                  Random& random, std::size_t rows) {
    constexpr std::size_t kRowsAStatement = 50;
    std::string const head = fmt::format("INSERT IGNORE INTO {} ({}) VALUES ",
                                         quoted_name(table.name), table.column_list());
    for (std::size_t done = 0; done < rows;) {
        std::size_t const count = std::min(kRowsAStatement, rows - done);
        std::string sql = head;
        for (std::size_t i = 0; i < count; ++i)
            sql += (i == 0 ? "" : ",") + random_row(random, table, Strictness::Lenient);
        TRY(connection.execute(context, sql).in_context(sql.substr(0, 300)));
        done += count;
    }
    return {};
}

}  // namespace

Result<void> create_and_fill(Context const& context, mysql::Endpoint const& admin,
                             Schema const& schema, Random random, std::size_t most_rows) {
    auto connection = TRY(mysql::Connection::open(context, admin));
    // The schema's own text is UTF-8.
    TRY(connection.execute(context, "SET NAMES utf8mb4"));
    for (auto const& table : schema.tables)
        TRY(connection.execute(context, table.create_sql()).in_context(table.create_sql()));
    for (auto const& sql : schema.other_objects)
        TRY(connection.execute(context, sql).in_context(sql));
    TRY(connection.execute(context, "SET NAMES binary"));
    TRY(connection.execute(context,
                           "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', "
                           "foreign_key_checks = 1"));
    for (auto const& table : schema.tables) {
        if (table.name == "ledger") continue;
        // An empty table is a case of its own.
        std::size_t rows = random.chance(5) ? 0 : 1 + random.below(most_rows);
        if (table.name == "wp_big") rows = 4;
        if (table.name == "wp_no_key") rows = std::min<std::size_t>(rows, 200);
        TRY(fill(context, connection, table, random, rows));
    }
    return {};
}

}  // namespace aipress::functional

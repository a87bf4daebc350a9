// What a closure of Database::transact() or read() does its work with.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "sql/row.h"

namespace aipress::sql {

struct Statement {
    std::string sql = {};
    Parameters parameters = {};
};

// The SQL is the subset that all engines share (src/sql/README.md); parameters are $1, $2, ….
//
// After the error of one statement the transaction is lost, and every further one answers with that
// error: PostgreSQL has it so, and the others are kept to it. What may be there already is looked
// for, or inserted with ON CONFLICT (key) DO NOTHING.
//
// Errors: AlreadyExists (a unique key), FailedPrecondition (another constraint), InvalidArgument
// (a parameter, or SQL that the engine does not take), Aborted (others got in the way: the closure
// is run again), Unavailable, those of the context. Not thread safe.
class Transaction {
public:
    virtual ~Transaction() = default;
    Transaction(Transaction const&) = delete;
    Transaction& operator=(Transaction const&) = delete;

    // SELECT, and what has RETURNING. Errors: ResourceExhausted past limits::kRowsMost rows.
    [[nodiscard]] Result<Rows> query(std::string_view sql, Parameters const& parameters = {});
    // The only row; nullopt: there is none. REQUIRES: a query that cannot answer with more.
    [[nodiscard]] Result<std::optional<Row>> query_one(std::string_view sql,
                                                       Parameters const& parameters = {});
    // INSERT, UPDATE, DELETE: how many rows it changed.
    Result<std::int64_t> execute(std::string_view sql, Parameters const& parameters = {});
    // The same for many, in order, in few round trips.
    Result<std::vector<std::int64_t>> execute_all(std::vector<Statement> const& statements);

    // The context that the statements obey.
    [[nodiscard]] Context const& context() const { return context_; }
    // Why it is lost, if it is.
    [[nodiscard]] std::optional<Error> const& failure() const { return failure_; }

protected:
    struct Answer {
        Rows rows = {};
        std::int64_t changed = 0;
    };
    explicit Transaction(Context context) : context_(std::move(context)) {}

    virtual Result<Answer> run(std::string_view sql, Parameters const& parameters) = 0;
    // The counts, of limits::kBatchMost statements at most. By default, one after the other.
    virtual Result<std::vector<std::int64_t>> run_batch(std::span<Statement const> batch);

private:
    Result<std::vector<std::int64_t>> run_all(std::span<Statement const> statements);
    Result<Answer> run_checked(std::string_view sql, Parameters const& parameters);

    Context context_;
    std::optional<Error> failure_;
};

}  // namespace aipress::sql

#include "sql/transaction.h"

#include <algorithm>

#include "sql/limits.h"

namespace aipress::sql {

Result<Transaction::Answer> Transaction::run_checked(std::string_view sql,
                                                     Parameters const& parameters) {
    if (failure_) return *failure_;
    auto const checked = check_parameters(parameters);
    auto answer = checked.ok() ? run(sql, parameters) : Result<Answer>(checked.error());
    if (!answer.ok()) failure_ = answer.error();
    return answer;
}

Result<Rows> Transaction::query(std::string_view sql, Parameters const& parameters) {
    auto answer = TRY(run_checked(sql, parameters));
    return std::move(answer.rows);
}

Result<std::optional<Row>> Transaction::query_one(std::string_view sql,
                                                  Parameters const& parameters) {
    auto rows = TRY(query(sql, parameters));
    ASSERT(rows.size() <= 1);
    if (rows.empty()) return std::optional<Row>();
    return std::optional<Row>(std::move(rows.front()));
}

Result<std::int64_t> Transaction::execute(std::string_view sql, Parameters const& parameters) {
    return TRY(run_checked(sql, parameters)).changed;
}

Result<std::vector<std::int64_t>> Transaction::execute_all(
    std::vector<Statement> const& statements) {
    if (failure_) return *failure_;
    for (auto const& statement : statements) {
        auto const checked = check_parameters(statement.parameters);
        if (checked.ok()) continue;
        failure_ = checked.error();
        return checked.error();
    }
    auto counts = run_all(statements);
    if (!counts.ok()) failure_ = counts.error();
    return counts;
}

Result<std::vector<std::int64_t>> Transaction::run_all(std::span<Statement const> statements) {
    std::vector<std::int64_t> counts;
    counts.reserve(statements.size());
    while (!statements.empty()) {
        auto const batch = statements.first(std::min(statements.size(), limits::kBatchMost));
        auto const counted = TRY(run_batch(batch));
        counts.insert(counts.end(), counted.begin(), counted.end());
        statements = statements.subspan(batch.size());
    }
    return counts;
}

Result<std::vector<std::int64_t>> Transaction::run_batch(std::span<Statement const> batch) {
    std::vector<std::int64_t> counts;
    for (auto const& statement : batch) {
        auto const answer = TRY(run(statement.sql, statement.parameters));
        counts.push_back(answer.changed);
    }
    return counts;
}

}  // namespace aipress::sql

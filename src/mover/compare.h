// Two databases compared without moving anything: `database verify`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/report.h"
#include "mysql/endpoint.h"

namespace aipress::mover {

struct Difference {
    std::string table;
    std::string key;   // "(17)" or "('a','b')"; empty: the whole table
    std::string what;  // "missing on target", "extra on target", "differs in post_title, guid"
};

struct CompareReport {
    std::uint64_t tables = 0;
    std::uint64_t rows = 0;
    std::uint64_t difference_count = 0;
    std::vector<Difference> differences;  // the first limits::kReportedDifferences
    std::int64_t verify_ms = 0;
};

struct CompareOptions {
    unsigned workers = 4;
    std::function<void(CompareReport const&)> on_progress;
};

// Compares what is there now: on a database that is being written to, rows in flight show as
// differences.
[[nodiscard]] Result<CompareReport> compare_databases(Context const& context,
                                                      mysql::Endpoint const& source,
                                                      mysql::Endpoint const& target,
                                                      CompareOptions const& options);

}  // namespace aipress::mover

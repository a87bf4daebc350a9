#include "mover/compare.h"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <thread>

#include "mover/digest.h"
#include "mover/limits.h"
#include "mover/table_layout.h"
#include "mover/verification.h"
#include "mysql/schema.h"

namespace aipress::mover {
namespace {

class Comparison {
public:
    Comparison(CompareOptions const& options, SteadyTime began)
        : options_(options), began_(began) {}

    void add(Context const& context, std::string const& table, std::string key, std::string what) {
        std::lock_guard const lock(mutex_);
        (void)context;
        ++report_.difference_count;
        if (report_.differences.size() < limits::kReportedDifferences) {
            report_.differences.push_back({table, std::move(key), std::move(what)});
        }
    }
    void add_rows(Context const& context, std::uint64_t rows) {
        std::lock_guard const lock(mutex_);
        report_.rows += rows;
        report_.verify_ms = elapsed_ms(began_, context.clock().now()).count();
        if (options_.on_progress) options_.on_progress(report_);
    }
    [[nodiscard]] CompareReport& report() { return report_; }

private:
    CompareOptions const& options_;
    SteadyTime began_;
    std::mutex mutex_;
    CompareReport report_;
};

// Why each key of a differing range differs.
Result<void> explain(Context const& context, ComparePair& pair, TableLayout const& layout,
                     std::vector<RowKey> const& keys, Comparison& comparison) {
    for (auto const& key : keys) {
        auto what = TRY(explain_difference(context, pair.source, pair.target, layout, key));
        if (what.empty()) continue;  // equal by now
        comparison.add(context, layout.name(), layout.describe_key(key), std::move(what));
    }
    return {};
}

Result<void> compare_one(Context const& context, ComparePair& pair, TableRange const& range,
                         Comparison& comparison) {
    auto const& layout = *range.layout;
    auto const compared = TRY(compare_range(context, pair, layout, range.range));
    if (compared.keyless_differs) {
        comparison.add(context, layout.name(), "", "differs (no key to tell rows by)");
    }
    TRY(explain(context, pair, layout, compared.differing, comparison));
    comparison.add_rows(context, compared.rows);
    return {};
}

Result<void> compare_all(Context const& context, std::vector<ComparePair>& pairs,
                         std::vector<TableRange> const& ranges, Comparison& comparison) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<Error> failure;
    {
        std::vector<std::jthread> threads;
        for (auto& pair : pairs) {
            threads.emplace_back([&] {
                for (auto i = next.fetch_add(1); i < ranges.size(); i = next.fetch_add(1)) {
                    auto result = compare_one(context, pair, ranges[i], comparison);
                    if (result.ok()) continue;
                    std::lock_guard const lock(mutex);
                    if (!failure) {
                        failure = result.release_error().in_context(ranges[i].layout->name());
                    }
                    next = ranges.size();
                }
            });
        }
    }
    if (failure) return *failure;
    return {};
}

}  // namespace

Result<CompareReport> compare_databases(Context const& context, mysql::Endpoint const& source,
                                        mysql::Endpoint const& target,
                                        CompareOptions const& options) {
    auto pairs = TRY(open_compare_pairs(context, source, target, std::max(1u, options.workers)));
    auto const schema = TRY(mysql::read_schema(context, pairs[0].source, source.database));
    auto const other_schema = TRY(mysql::read_schema(context, pairs[0].target, target.database));
    Comparison comparison(options, context.clock().now());
    std::vector<TableLayout> layouts;
    for (auto const& table : schema.tables) {
        if (other_schema.find_table(table.name) == nullptr) {
            comparison.add(context, table.name, "", "table missing on target");
        } else {
            layouts.emplace_back(table);
        }
    }
    for (auto const& table : other_schema.tables) {
        if (schema.find_table(table.name) == nullptr) {
            comparison.add(context, table.name, "", "extra table on target");
        }
    }
    std::vector<TableRange> ranges;
    for (auto const& layout : layouts) {
        for (auto& range :
             TRY(cut_ranges(context, pairs[0].target, layout, verify_range_rows(layout)))) {
            ranges.push_back({&layout, std::move(range)});
        }
    }
    TRY(compare_all(context, pairs, ranges, comparison));
    comparison.report().tables = layouts.size();
    return std::move(comparison.report());
}

}  // namespace aipress::mover

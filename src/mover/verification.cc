#include "mover/verification.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "mover/limits.h"

namespace aipress::mover {
namespace {

constexpr std::size_t kRangesPerPairAndStep = 4;

}  // namespace

Result<std::vector<ComparePair>> open_compare_pairs(Context const& context,
                                                    mysql::Endpoint const& source,
                                                    mysql::Endpoint const& target, unsigned count) {
    std::vector<ComparePair> pairs;
    for (unsigned i = 0; i < count; ++i) {
        auto left = TRY(mysql::Connection::open(context, source));
        auto right = TRY(mysql::Connection::open(context, target));
        pairs.push_back({std::move(left), std::move(right)});
    }
    return pairs;
}

Result<ComparedRange> compare_range(Context const& context, ComparePair& pair,
                                    TableLayout const& layout, KeyRange const& range) {
    ComparedRange compared;
    auto const on_source = TRY(digest_range(context, pair.source, layout, range));
    auto const on_target = TRY(digest_range(context, pair.target, layout, range));
    if (on_source == on_target) {
        compared.rows = on_source.rows;
        return compared;
    }
    if (!layout.has_key()) {
        compared.keyless_differs = true;
        return compared;
    }
    auto const source_rows = TRY(digest_rows_in_range(context, pair.source, layout, range));
    auto const target_rows = TRY(digest_rows_in_range(context, pair.target, layout, range));
    compared.differing = differing_keys(source_rows, target_rows);
    compared.rows = source_rows.size() - std::min(source_rows.size(), compared.differing.size());
    return compared;
}

VerificationPass::VerificationPass(std::vector<ComparePair> pairs, std::vector<TableRange> ranges)
    : pairs_(std::move(pairs)), ranges_(std::move(ranges)) {}

Result<VerificationPass> VerificationPass::begin(Context const& context,
                                                 std::vector<ComparePair> pairs,
                                                 Layouts const& layouts) {
    ASSERT(!pairs.empty());
    std::vector<TableRange> ranges;
    for (auto const& [name, layout] : layouts) {
        if (!layout.has_key()) continue;  // copied and compared whole, under the fence
        // Cut by the target's rows: the source has enough to do.
        auto cut = TRY(cut_ranges(context, pairs[0].target, layout, verify_range_rows(layout)));
        for (auto& range : cut) ranges.push_back({&layout, std::move(range)});
    }
    return VerificationPass(std::move(pairs), std::move(ranges));
}

Result<void> VerificationPass::step(Context const& context, Suspect const& suspect) {
    auto const end = std::min(ranges_.size(), next_ + pairs_.size() * kRangesPerPairAndStep);
    std::atomic<std::size_t> claimed = next_;
    std::mutex mutex;
    std::optional<Error> failure;
    auto const work = [&](ComparePair& pair) {
        while (true) {
            auto const index = claimed.fetch_add(1);
            if (index >= end) return;
            auto const& [layout, range] = ranges_[index];
            auto compared = compare_range(context, pair, *layout, range);
            std::lock_guard const lock(mutex);
            if (!compared.ok()) {
                if (!failure) failure = compared.release_error().in_context(layout->name());
                claimed = end;
                return;
            }
            rows_by_table_[layout->name()] += compared->rows;
            if (!compared->differing.empty()) {
                suspect(layout->name(), std::move(compared->differing));
            }
        }
    };
    {
        std::vector<std::jthread> threads;
        for (auto& pair : pairs_) threads.emplace_back(work, std::ref(pair));
    }
    if (failure) return *failure;
    next_ = end;
    return {};
}

}  // namespace aipress::mover

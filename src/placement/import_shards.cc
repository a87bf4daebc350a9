#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "placement/import.h"
#include "placement/import_record.h"
#include "placement/look.h"

namespace aipress::placement {
namespace {

using store::Table;

store::Shard shard_of(ShardRow const& row) {
    store::Shard shard{.id = row.shard, .number = row.number};
    shard.project = row.project.value_or(row.shard);
    shard.region = row.region.value_or(fleet::Shard().region);
    shard.state = row.state.value_or(fleet::ShardState::Active);
    shard.cap_slots = static_cast<std::int64_t>(row.slots.value_or(fleet::kShardCapacity));
    auto const ordinary = fleet::capacity_of(static_cast<std::uint64_t>(shard.cap_slots)).weight;
    shard.cap_weight = static_cast<std::int64_t>(row.weight.value_or(ordinary));
    return shard;
}

// Of one that is there, each field that the file says otherwise.
void compare(ShardRow const& row, store::Shard const& known, std::vector<Fault>& faults) {
    auto const check = [&](bool is_same, std::string_view field, auto const& is) {
        if (is_same) return;
        faults.push_back({row.line, fmt::format("{} is there already, with {} {}: import changes "
                                                "nothing that is there",
                                                row.shard, field, is)});
    };
    check(!row.state || *row.state == known.state, "state", to_string(known.state));
    check(!row.slots || static_cast<std::int64_t>(*row.slots) == known.cap_slots, "slots",
          known.cap_slots);
    check(!row.weight || static_cast<std::int64_t>(*row.weight) == known.cap_weight, "weight",
          static_cast<double>(known.cap_weight) / 1'000);
    check(!row.region || *row.region == known.region, "region", known.region);
    check(!row.project || *row.project == known.project, "project", known.project);
}

// The formula knows of the shards up to the highest number.
Result<void> grow_epoch(sql::Transaction& transaction, std::int64_t highest) {
    Table<store::Epoch> epochs(transaction);
    auto const latest = TRY(epochs.select("ORDER BY epoch DESC LIMIT 1", {}));
    if (!latest.empty() && latest.front().num_shards >= highest) return {};
    return epochs.insert({.epoch = latest.empty() ? 1 : latest.front().epoch + 1,
                          .num_shards = highest,
                          .created_at = store::now(transaction)});
}

Result<ImportReport> import_in(sql::Transaction& transaction, std::vector<ShardRow> const& rows) {
    Table<store::Shard> shards(transaction);
    std::map<std::string, store::Shard> known;
    auto const all = TRY(shards.select("ORDER BY id", {}));
    std::int64_t highest = 0;
    for (auto const& shard : all) {
        highest = std::max(highest, shard.number);
        known.emplace(shard.id, shard);
    }
    ImportReport report;
    std::vector<store::Shard> added;
    for (auto const& row : rows) {
        auto const found = known.find(row.shard);
        if (found != known.end()) {
            compare(row, found->second, report.faults);
            ++report.unchanged;
            continue;
        }
        added.push_back(shard_of(row));
        added.back().updated_at = store::now(transaction);
        highest = std::max(highest, added.back().number);
    }
    if (!report.faults.empty()) return report;
    report.added = added.size();
    TRY(shards.insert_all(added));
    TRY(grow_epoch(transaction, highest));
    return report;
}

}  // namespace

Result<ImportReport> import_shards(Context const& context, store::Store& store,
                                   std::vector<ShardRow> const& rows, ImportOrder const& order) {
    return record_import(
        context, store, "shards.import", order, rows.size(),
        [&](sql::Transaction& transaction) { return import_in(transaction, rows); });
}

}  // namespace aipress::placement

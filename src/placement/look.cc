#include "placement/look.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "json/fields.h"

namespace aipress::placement {
namespace {

using store::Table;

// The database keeps them from being negative.
std::uint64_t count(std::int64_t number) {
    ASSERT(number >= 0);
    return static_cast<std::uint64_t>(number);
}

std::int64_t number(std::uint64_t count) {
    ASSERT(count <= INT64_MAX);
    return static_cast<std::int64_t>(count);
}

std::int64_t& slots_of(store::Shard& shard, Hold hold) {
    return hold == Hold::Used ? shard.used : shard.reserved;
}

// Events of the past may say things that this program does not know any more.
std::optional<fleet::Placement> placement_in(std::string const& after) {
    auto const fields = json::parse_object(after);
    if (!fields.ok()) return std::nullopt;
    auto const* const found = fields.value().if_contains("placement");
    if (found == nullptr || !found->is_object()) return std::nullopt;
    auto placement = fleet::read_placement(found->get_object());
    if (!placement.ok()) return std::nullopt;
    return placement.release();
}

}  // namespace

fleet::Room room_of(store::Shard const& shard) {
    return {.shard = shard.id,
            .state = shard.state,
            .capacity = {.slots = count(shard.cap_slots), .weight = count(shard.cap_weight)},
            .taken = {.slots = count(shard.used) + count(shard.reserved),
                      .weight = count(shard.weight)}};
}

fleet::Load load_of(store::Tenant const& tenant) {
    return {.slots = 1, .weight = count(tenant.weight)};
}

fleet::Epoch epoch_of(store::Epoch const& epoch) {
    return {.number = static_cast<unsigned>(epoch.epoch),
            .shards = static_cast<unsigned>(epoch.num_shards)};
}

std::string place_of(store::Tenant const& tenant) {
    if (tenant.shard) return *tenant.shard;
    return tenant.next_shard.value_or("");
}

Result<fleet::Rooms> read_rooms(sql::Transaction& transaction) {
    auto const shards = TRY(Table<store::Shard>(transaction).select("ORDER BY id", {}));
    std::vector<fleet::Room> rooms;
    rooms.reserve(shards.size());
    for (auto const& shard : shards) rooms.push_back(room_of(shard));
    return fleet::Rooms(std::move(rooms));
}

Result<fleet::Epoch> read_epoch(sql::Transaction& transaction) {
    auto const latest =
        TRY(Table<store::Epoch>(transaction).select("ORDER BY epoch DESC LIMIT 1", {}));
    if (!latest.empty()) return epoch_of(latest.front());
    return Error(ErrorCode::FailedPrecondition,
                 "the fleet has no shards yet: import some (aipress shard import FILE)");
}

Result<std::vector<fleet::Resident>> read_residents(sql::Transaction& transaction) {
    auto const rows = TRY(transaction.query(
        "SELECT id, home_shard, shard, weight, bytes, pinned_to FROM tenants "
        "WHERE shard IS NOT NULL AND next_shard IS NULL AND state <> 'deleted' ORDER BY id"));
    std::vector<fleet::Resident> residents;
    residents.reserve(rows.size());
    for (auto const& row : rows) {
        fleet::Resident resident;
        std::int64_t weight = 0;
        std::int64_t bytes = 0;
        std::optional<std::string> pinned_to;
        TRY(row.into(resident.tenant, resident.home, resident.shard, weight, bytes, pinned_to));
        resident.load = {.slots = 1, .weight = count(weight)};
        resident.bytes = count(bytes);
        if (pinned_to) resident.pin = fleet::Resident::Pin::Yes;
        residents.push_back(std::move(resident));
    }
    return residents;
}

void take(store::Shard& shard, fleet::Load const& load, Hold hold) {
    slots_of(shard, hold) += number(load.slots);
    shard.weight += number(load.weight);
}

void give_back(store::Shard& shard, fleet::Load const& load, Hold hold) {
    slots_of(shard, hold) -= number(load.slots);
    shard.weight -= number(load.weight);
    ASSERT(slots_of(shard, hold) >= 0 && shard.weight >= 0);
}

Result<fleet::Placement> recorded_placement(sql::Transaction& transaction,
                                            store::Tenant const& tenant) {
    auto const row = TRY(transaction.query_one(
        "SELECT after FROM events WHERE target = $1 AND kind = $2 AND after <> '{}' "
        "ORDER BY id DESC LIMIT 1",
        {tenant.id, kPlaceKind}));
    if (row) {
        std::string after;
        TRY(row->into(after));
        if (auto placement = placement_in(after)) return std::move(*placement);
    }
    auto const epoch = TRY(Table<store::Epoch>(transaction).find(tenant.epoch));
    return fleet::Placement{.tenant = tenant.id,
                            .epoch = epoch ? epoch_of(*epoch) : fleet::Epoch{},
                            .home = tenant.home_shard,
                            .shard = place_of(tenant),
                            .reason = tenant.pinned_to ? fleet::PlacementReason::Pinned
                                                       : fleet::PlacementReason::Imported,
                            .load = load_of(tenant)};
}

Result<std::string> why(sql::Transaction& transaction, store::Tenant const& tenant) {
    if (place_of(tenant).empty()) {
        return fmt::format("{} has no place yet; its home is {}.", tenant.id, tenant.home_shard);
    }
    auto const placement = TRY(recorded_placement(transaction, tenant));
    auto text = fleet::why(placement);
    if (tenant.shard && *tenant.shard != placement.shard) {
        text = fmt::format("{} lives on {} ({}). Before: {}", tenant.id, *tenant.shard,
                           tenant.placed_by, text);
    }
    if (tenant.next_shard && *tenant.next_shard != placement.shard) {
        text += fmt::format(" It is on its way to {} ({}).", *tenant.next_shard, tenant.placed_by);
    }
    if (tenant.pinned_to && placement.reason != fleet::PlacementReason::Pinned) {
        text += fmt::format(" It is pinned to {}.", *tenant.pinned_to);
    }
    return text;
}

}  // namespace aipress::placement

// The fleet's rules and the store's records: one as the other.
#pragma once

#include <vector>

#include "base/result.h"
#include "fleet/moves.h"
#include "fleet/placement.h"
#include "fleet/rooms.h"
#include "store/table.h"

namespace aipress::placement {

// What is taken: by tenants that are there, and by those on their way.
[[nodiscard]] fleet::Room room_of(store::Shard const& shard);
[[nodiscard]] fleet::Load load_of(store::Tenant const& tenant);
[[nodiscard]] fleet::Epoch epoch_of(store::Epoch const& epoch);
// Where it is, else where it goes to; "": nowhere yet.
[[nodiscard]] std::string place_of(store::Tenant const& tenant);

// Errors, of all below: those of sql::Transaction.
//
// Every shard. One query; a thousand shards in a millisecond.
[[nodiscard]] Result<fleet::Rooms> read_rooms(sql::Transaction& transaction);
// The latest. Errors: FailedPrecondition when there is none yet, with the command that makes it.
[[nodiscard]] Result<fleet::Epoch> read_epoch(sql::Transaction& transaction);
// Tenants that are on a shard and on no way to another.
[[nodiscard]] Result<std::vector<fleet::Resident>> read_residents(sql::Transaction& transaction);

// A tenant takes a place on a shard, or gives it back: in the shard's record alone, not stored.
enum class Hold { Used, Reserved };
void take(store::Shard& shard, fleet::Load const& load, Hold hold);
// REQUIRES: it was taken so.
void give_back(store::Shard& shard, fleet::Load const& load, Hold hold);

// What a tenant's placement rests on, as recorded with it; else (imported, or placed by another
// way) what its record says. Its `shard` is where it was placed then.
[[nodiscard]] Result<fleet::Placement> recorded_placement(sql::Transaction& transaction,
                                                          store::Tenant const& tenant);
// In words, and where it has been moved to since.
[[nodiscard]] Result<std::string> why(sql::Transaction& transaction, store::Tenant const& tenant);

inline constexpr std::string_view kPlaceKind = "tenants.place";

}  // namespace aipress::placement

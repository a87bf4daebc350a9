// The shards of a fleet, how full each is, and the rule that places one tenant: home has room →
// home; else the least loaded active shard, ties by highest random weight. A few microseconds at
// 1,000 shards, growing with their number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "fleet/epoch.h"
#include "fleet/load.h"
#include "fleet/placement.h"
#include "fleet/shard.h"

namespace aipress::fleet {

struct Room {
    std::string shard = {};
    ShardState state = ShardState::Active;  // the operator's word
    Load capacity = capacity_of(kShardCapacity);
    Load taken = {};  // by tenants, and by moves on their way

    // Active, with room for it.
    [[nodiscard]] bool takes(Load const& load) const;
    // An active shard without a slot left is full, until one is given back.
    [[nodiscard]] ShardState shown_state() const;
    bool operator==(Room const&) const = default;
};

// A tenant that wants a place.
struct Site {
    std::string tenant = {};
    Load load = kOrdinarySite;
    std::uint64_t bytes = 0;  // that a move of it copies
    std::string pin = {};     // a shard's name; "": wherever the rule says
};

// A move holds two slots, so that a fleet without a free one could neither drain nor move nor
// return anybody: this share of the active shards' slots, rounded down, is kept from new tenants.
inline constexpr unsigned kSparePercent = 2;
enum class Spare { Keep, Use };

// Not thread safe.
class Rooms {
public:
    // A name that comes twice counts once, the last time.
    explicit Rooms(std::vector<Room> rooms, unsigned spare_percent = kSparePercent);

    // In the order of their names.
    [[nodiscard]] std::vector<Room> const& all() const { return rooms_; }
    [[nodiscard]] Room const* find(std::string_view shard) const;

    // Takes nothing: take() does. A pinned site may go to a cordoned shard, but into no more than
    // there is room. Errors: ResourceExhausted when there is no room or only the spare;
    // FailedPrecondition or NotFound for a pin to where it cannot go. Each says what to do.
    [[nodiscard]] Result<Placement> place(Site const& site, Epoch const& epoch, Spare spare) const;
    // Would so many new tenants leave the spare alone?
    [[nodiscard]] Result<void> check_spare(std::uint64_t newcomers) const;
    // The least loaded active shard with room, as place() takes it. Null: there is none.
    [[nodiscard]] Room const* least_loaded(std::string_view tenant, Load const& load) const;

    // REQUIRES: the shard is known. take() does not ask whether there is room.
    void take(std::string_view shard, Load const& load);
    void give_back(std::string_view shard, Load const& load);
    void set_state(std::string_view shard, ShardState state);
    // New shards, or known ones as they are now.
    void put(std::vector<Room> rooms);

    [[nodiscard]] std::uint64_t active_slots() const { return active_slots_; }
    [[nodiscard]] std::uint64_t free_slots() const { return free_slots_; }  // of active shards
    [[nodiscard]] std::uint64_t spare_slots() const;

private:
    struct Choice {
        std::size_t index = 0;
        std::uint64_t candidates = 0;
        std::uint64_t equals = 0;
    };

    [[nodiscard]] std::size_t index_of(std::string_view shard) const;
    [[nodiscard]] Choice choose(std::uint64_t tenant_hash, Load const& load) const;
    [[nodiscard]] Result<Placement> place_pinned(Site const& site, Placement placement) const;
    template <typename Change>
    void change(std::string_view shard, Change const& change);
    void count(Room const& room, int sign);

    std::vector<Room> rooms_;
    std::vector<std::uint64_t> fills_;   // fill_of() each
    std::vector<std::uint64_t> hashes_;  // name_hash() of each
    std::unordered_map<std::string, std::size_t> indexes_;
    unsigned spare_percent_;
    std::uint64_t active_slots_ = 0;
    std::uint64_t free_slots_ = 0;
};

}  // namespace aipress::fleet

// A fleet in memory: its shards, and where each tenant lives. The directory is the truth, the hash
// is but the home; a tenant that is there is never placed again, whatever becomes of the formula.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "fleet/batch.h"
#include "fleet/moves.h"
#include "fleet/rooms.h"

namespace aipress::fleet {

// Not thread safe.
class Directory {
public:
    Directory(Rooms rooms, Epoch epoch) : rooms_(std::move(rooms)), epoch_(epoch) {}

    // Where it lives already, or else its new place. Errors: as Rooms::place().
    Result<Placement> place(Site const& site, Spare spare = Spare::Keep);
    // The same for many, in two passes (batch.h); all or none.
    Result<std::vector<Placement>> place_all(std::vector<Site> const& sites,
                                             Spare spare = Spare::Keep);
    // More shards, and with them the next epoch: of new tenants alone.
    void grow(std::vector<Room> rooms, unsigned formula_shards);
    void set_state(std::string_view shard, ShardState state) { rooms_.set_state(shard, state); }
    // Carries the moves out. REQUIRES: they were planned on this directory as it is.
    void carry_out(std::vector<Move> const& moves);

    [[nodiscard]] Rooms const& rooms() const { return rooms_; }
    [[nodiscard]] Epoch const& epoch() const { return epoch_; }
    [[nodiscard]] std::size_t tenants() const { return residents_.size(); }
    [[nodiscard]] std::vector<Resident> residents() const;  // in the order of their names
    [[nodiscard]] std::uint64_t displaced() const;

private:
    Rooms rooms_;
    Epoch epoch_;
    struct Entry {
        Placement placement;
        std::uint64_t bytes = 0;
        bool is_pinned = false;
    };
    std::unordered_map<std::string, Entry> residents_;
};

}  // namespace aipress::fleet

#include "fleet/directory.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace aipress::fleet {

Result<Placement> Directory::place(Site const& site, Spare spare) {
    auto const found = residents_.find(site.tenant);
    if (found != residents_.end()) return found->second.placement;
    auto placement = TRY(rooms_.place(site, epoch_, spare));
    rooms_.take(placement.shard, site.load);
    residents_.emplace(site.tenant, Entry{placement, site.bytes, !site.pin.empty()});
    return placement;
}

Result<std::vector<Placement>> Directory::place_all(std::vector<Site> const& sites, Spare spare) {
    std::vector<Site> newcomers;
    for (auto const& site : sites) {
        if (residents_.count(site.tenant) == 0) newcomers.push_back(site);
    }
    auto const placed = TRY(place_batch(rooms_, newcomers, epoch_, spare));
    for (std::size_t i = 0; i < placed.size(); ++i) {
        auto const& site = newcomers[i];
        residents_.emplace(site.tenant, Entry{placed[i], site.bytes, !site.pin.empty()});
    }
    std::vector<Placement> all;
    all.reserve(sites.size());
    for (auto const& site : sites) all.push_back(residents_.at(site.tenant).placement);
    return all;
}

void Directory::grow(std::vector<Room> rooms, unsigned formula_shards) {
    rooms_.put(std::move(rooms));
    epoch_ = {.number = epoch_.number + 1, .shards = formula_shards};
}

void Directory::carry_out(std::vector<Move> const& moves) {
    for (auto const& move : moves) {
        auto const found = residents_.find(move.tenant);
        ASSERT(found != residents_.end() && found->second.placement.shard == move.from);
        rooms_.give_back(move.from, move.load);
        rooms_.take(move.to, move.load);
        found->second.placement.shard = move.to;
    }
}

std::vector<Resident> Directory::residents() const {
    std::vector<Resident> residents;
    residents.reserve(residents_.size());
    for (auto const& [tenant, entry] : residents_) {
        residents.push_back({.tenant = tenant,
                             .home = entry.placement.home,
                             .shard = entry.placement.shard,
                             .load = entry.placement.load,
                             .bytes = entry.bytes,
                             .pin = entry.is_pinned ? Resident::Pin::Yes : Resident::Pin::No});
    }
    std::sort(residents.begin(), residents.end(),
              [](Resident const& a, Resident const& b) { return a.tenant < b.tenant; });
    return residents;
}

std::uint64_t Directory::displaced() const {
    return static_cast<std::uint64_t>(
        std::count_if(residents_.begin(), residents_.end(),
                      [](auto const& entry) { return entry.second.placement.displaced(); }));
}

}  // namespace aipress::fleet

#include "fleet/batch.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace aipress::fleet {
namespace {

class Batch {
public:
    Batch(Rooms rooms, std::vector<Site> const& sites, Epoch const& epoch)
        : rooms_(std::move(rooms)), sites_(sites), epoch_(epoch), placements_(sites.size()) {}

    Result<void> run();
    [[nodiscard]] Rooms take_rooms() { return std::move(rooms_); }
    [[nodiscard]] std::vector<Placement> take_placements() { return std::move(placements_); }

private:
    // Largest first, so that the smallest spill; by name among equals.
    [[nodiscard]] std::vector<std::size_t> order() const;
    Result<void> place(std::size_t index);

    Rooms rooms_;
    std::vector<Site> const& sites_;
    Epoch const epoch_;
    std::vector<Placement> placements_;
};

std::vector<std::size_t> Batch::order() const {
    std::vector<std::size_t> indexes(sites_.size());
    std::iota(indexes.begin(), indexes.end(), std::size_t{0});
    std::sort(indexes.begin(), indexes.end(), [this](std::size_t a, std::size_t b) {
        auto const& one = sites_[a];
        auto const& other = sites_[b];
        if (one.bytes != other.bytes) return one.bytes > other.bytes;
        return one.tenant < other.tenant;
    });
    return indexes;
}

// The whole batch's spare was asked for before.
Result<void> Batch::place(std::size_t index) {
    auto placement = TRY(rooms_.place(sites_[index], epoch_, Spare::Use));
    rooms_.take(placement.shard, placement.load);
    placements_[index] = std::move(placement);
    return {};
}

Result<void> Batch::run() {
    auto const indexes = order();
    for (auto const index : indexes) {
        if (!sites_[index].pin.empty()) TRY(place(index));
    }
    std::vector<std::size_t> spilled;
    std::vector<bool> had_no_home(sites_.size(), false);
    Rooms const before = rooms_;
    for (auto const index : indexes) {
        auto const& site = sites_[index];
        if (!site.pin.empty()) continue;
        auto const home = home_shard(site.tenant, epoch_);
        auto const* const room = rooms_.find(home);
        if (room != nullptr && room->takes(site.load)) {
            TRY(place(index));
            continue;
        }
        had_no_home[index] = room == nullptr || !before.find(home)->takes(site.load);
        spilled.push_back(index);
    }
    for (auto const index : spilled) {
        TRY(place(index));
        // Without the batch it would have had its home.
        if (!had_no_home[index]) placements_[index].reason = PlacementReason::Spilled;
    }
    return {};
}

}  // namespace

Result<std::vector<Placement>> place_batch(Rooms& rooms, std::vector<Site> const& sites,
                                           Epoch const& epoch, Spare spare) {
    if (spare == Spare::Keep && !sites.empty()) TRY(rooms.check_spare(sites.size()));
    Batch batch(rooms, sites, epoch);
    TRY(batch.run());
    rooms = batch.take_rooms();
    return batch.take_placements();
}

}  // namespace aipress::fleet

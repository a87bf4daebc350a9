#include "fleet/rooms.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/assert.h"

namespace aipress::fleet {
namespace {

std::uint64_t free_slots_of(Room const& room) {
    auto const taken = std::min(room.taken.slots, room.capacity.slots);
    return room.capacity.slots - taken;
}

PlacementReason why_not_home(Room const* home) {
    if (home == nullptr) return PlacementReason::HomeMissing;
    if (home->state != ShardState::Active) return PlacementReason::HomeClosed;
    return free_slots_of(*home) == 0 ? PlacementReason::HomeFull : PlacementReason::HomeHeavy;
}

Placement begin_placement(Site const& site, Epoch const& epoch, Room const* home) {
    Placement placement{.tenant = site.tenant, .epoch = epoch, .load = site.load};
    if (home != nullptr) {
        placement.home_state = home->state;
        placement.home_taken = home->taken;
        placement.home_capacity = home->capacity;
    }
    return placement;
}

Placement settle(Placement placement, Room const& room) {
    placement.shard = room.shard;
    placement.shard_taken = room.taken;
    placement.shard_capacity = room.capacity;
    return placement;
}

}  // namespace

bool Room::takes(Load const& load) const {
    return state == ShardState::Active && fits(taken, load, capacity);
}

ShardState Room::shown_state() const {
    return state == ShardState::Active && free_slots_of(*this) == 0 ? ShardState::Full : state;
}

Rooms::Rooms(std::vector<Room> rooms, unsigned spare_percent) : spare_percent_(spare_percent) {
    std::stable_sort(rooms.begin(), rooms.end(),
                     [](Room const& a, Room const& b) { return a.shard < b.shard; });
    for (auto& room : rooms) {
        if (!rooms_.empty() && rooms_.back().shard == room.shard) rooms_.pop_back();
        rooms_.push_back(std::move(room));
    }
    for (std::size_t index = 0; index < rooms_.size(); ++index) {
        auto const& room = rooms_[index];
        fills_.push_back(fill_of(room.taken, room.capacity));
        hashes_.push_back(name_hash(room.shard));
        indexes_.emplace(room.shard, index);
        count(room, 1);
    }
}

Room const* Rooms::find(std::string_view shard) const {
    auto const found = indexes_.find(std::string(shard));
    return found == indexes_.end() ? nullptr : &rooms_[found->second];
}

Result<Placement> Rooms::place(Site const& site, Epoch const& epoch, Spare spare) const {
    auto const home_name = home_shard(site.tenant, epoch);
    auto const* const home = find(home_name);
    auto placement = begin_placement(site, epoch, home);
    placement.home = home_name;
    if (spare == Spare::Keep) TRY(check_spare(1));
    if (!site.pin.empty()) return place_pinned(site, std::move(placement));
    if (home != nullptr && home->takes(site.load)) return settle(std::move(placement), *home);

    auto const choice = choose(name_hash(site.tenant), site.load);
    if (choice.candidates == 0) {
        return Error(ErrorCode::ResourceExhausted,
                     fmt::format("no active shard has room for {}: {} of {} slots are taken; add "
                                 "shards (aipress shard import) or uncordon some",
                                 site.tenant, active_slots_ - free_slots_, active_slots_));
    }
    placement.reason = why_not_home(home);
    placement.candidates = choice.candidates;
    placement.equals = choice.equals;
    return settle(std::move(placement), rooms_[choice.index]);
}

Result<Placement> Rooms::place_pinned(Site const& site, Placement placement) const {
    auto const* const room = find(site.pin);
    if (room == nullptr) {
        return Error(ErrorCode::NotFound,
                     fmt::format("{} is pinned to {}, which is no shard of this fleet; see aipress "
                                 "shard list",
                                 site.tenant, site.pin));
    }
    if (room->state != ShardState::Active && room->state != ShardState::Cordoned) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{} is pinned to {}, which is {}; pin it elsewhere", site.tenant,
                                 site.pin, to_string(room->state)));
    }
    if (!fits(room->taken, site.load, room->capacity)) {
        return Error(ErrorCode::ResourceExhausted,
                     fmt::format("{} is pinned to {}, which has no room ({}); pin it elsewhere",
                                 site.tenant, site.pin, describe(room->taken, room->capacity)));
    }
    placement.reason = PlacementReason::Pinned;
    return settle(std::move(placement), *room);
}

Result<void> Rooms::check_spare(std::uint64_t newcomers) const {
    if (newcomers <= free_slots_ && free_slots_ - newcomers >= spare_slots()) return {};
    return Error(ErrorCode::ResourceExhausted,
                 fmt::format("{} of {} slots of active shards are free, {} are kept for moves, {} "
                             "are wanted; add shards (aipress shard import) or give --use-spare",
                             free_slots_, active_slots_, spare_slots(), newcomers));
}

Room const* Rooms::least_loaded(std::string_view tenant, Load const& load) const {
    auto const choice = choose(name_hash(tenant), load);
    return choice.candidates == 0 ? nullptr : &rooms_[choice.index];
}

Rooms::Choice Rooms::choose(std::uint64_t tenant_hash, Load const& load) const {
    Choice choice;
    std::uint64_t best_weight = 0;
    for (std::size_t index = 0; index < rooms_.size(); ++index) {
        if (!rooms_[index].takes(load)) continue;
        bool const first = choice.candidates++ == 0;
        if (!first && fills_[index] > fills_[choice.index]) continue;
        auto const weight = rendezvous_weight(tenant_hash, hashes_[index]);
        bool const lighter = first || fills_[index] < fills_[choice.index];
        choice.equals = lighter ? 1 : choice.equals + 1;
        if (lighter || weight > best_weight) {
            choice.index = index;
            best_weight = weight;
        }
    }
    return choice;
}

std::size_t Rooms::index_of(std::string_view shard) const {
    auto const found = indexes_.find(std::string(shard));
    ASSERT(found != indexes_.end());
    return found->second;
}

template <typename Change>
void Rooms::change(std::string_view shard, Change const& change) {
    auto const index = index_of(shard);
    count(rooms_[index], -1);
    change(rooms_[index]);
    fills_[index] = fill_of(rooms_[index].taken, rooms_[index].capacity);
    count(rooms_[index], 1);
}

void Rooms::count(Room const& room, int sign) {
    if (room.state != ShardState::Active) return;
    auto const times = static_cast<std::uint64_t>(sign);  // -1 wraps round, as unsigned sums do
    active_slots_ += times * room.capacity.slots;
    free_slots_ += times * free_slots_of(room);
}

void Rooms::take(std::string_view shard, Load const& load) {
    change(shard, [&](Room& room) { room.taken += load; });
}

void Rooms::give_back(std::string_view shard, Load const& load) {
    change(shard, [&](Room& room) { room.taken -= load; });
}

void Rooms::set_state(std::string_view shard, ShardState state) {
    change(shard, [&](Room& room) { room.state = state; });
}

void Rooms::put(std::vector<Room> rooms) {
    std::vector<Room> all = rooms_;
    for (auto& room : rooms) {
        if (find(room.shard) == nullptr) {
            all.push_back(std::move(room));
        } else {
            change(room.shard, [&](Room& known) { known = room; });
        }
    }
    if (all.size() > rooms_.size()) {
        std::copy(rooms_.begin(), rooms_.end(), all.begin());
        *this = Rooms(std::move(all), spare_percent_);
    }
}

std::uint64_t Rooms::spare_slots() const {
    return active_slots_ * spare_percent_ / 100;
}

}  // namespace aipress::fleet

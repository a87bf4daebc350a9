#include "fleet/moves.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

namespace aipress::fleet {
namespace {

Move move_of(Resident const& resident, std::string to) {
    return {.tenant = resident.tenant,
            .from = resident.shard,
            .to = std::move(to),
            .load = resident.load,
            .bytes = resident.bytes};
}

// The plan so far, within its limits; a target's room is taken at once, a source's never given
// back.
class Planner {
public:
    Planner(Rooms rooms, MoveLimits limits) : rooms_(std::move(rooms)), limits_(limits) {}

    [[nodiscard]] bool allows(Resident const& resident) const {
        return plan_.moves.size() < limits_.moves_most &&
               resident.bytes <= limits_.bytes_most - bytes_;
    }
    void add(Resident const& resident, std::string const& to) {
        rooms_.take(to, resident.load);
        bytes_ += resident.bytes;
        plan_.moves.push_back(move_of(resident, to));
    }
    void stays(Resident const& resident, std::string reason) {
        plan_.staying.push_back({resident.tenant, std::move(reason)});
    }
    [[nodiscard]] Rooms const& rooms() const { return rooms_; }
    [[nodiscard]] MovePlan take() { return std::move(plan_); }

private:
    Rooms rooms_;
    MoveLimits const limits_;
    std::uint64_t bytes_ = 0;
    MovePlan plan_;
};

enum class Order { SmallestFirst, LargestFirst };

void sort(std::vector<Resident>& residents, Order order) {
    std::sort(residents.begin(), residents.end(), [order](Resident const& a, Resident const& b) {
        if (a.bytes != b.bytes) {
            return order == Order::SmallestFirst ? a.bytes < b.bytes : a.bytes > b.bytes;
        }
        return a.tenant < b.tenant;
    });
}

// One shard's part in a rebalance: what it gives is gone, as far as its fill is concerned.
struct Side {
    Load taken = {};
    Load capacity = {};
    std::vector<Resident> movable = {};  // smallest last

    [[nodiscard]] std::uint64_t fill() const { return fill_of(taken, capacity); }
    [[nodiscard]] std::uint64_t fill_without(Load const& load) const {
        auto left = taken;
        left -= load;
        return fill_of(left, capacity);
    }
    [[nodiscard]] std::uint64_t fill_with(Load const& load) const {
        auto more = taken;
        more += load;
        return fill_of(more, capacity);
    }
};

// All active shards, from the emptiest to the fullest.
class Sides {
public:
    Sides(Rooms const& rooms, std::vector<Resident> const& residents);

    // Null: nobody has a tenant left that was not asked yet.
    [[nodiscard]] std::string const* fullest() const {
        return givers_.empty() ? nullptr : &givers_.rbegin()->second;
    }
    [[nodiscard]] std::string const& emptiest() const { return all_.begin()->second; }
    [[nodiscard]] Side const& side(std::string const& shard) const { return sides_.at(shard); }
    // The smallest tenant of the shard that was not asked yet.
    Resident ask(std::string const& shard);
    void move(Resident const& resident, std::string const& to);

private:
    using ByFill = std::set<std::pair<std::uint64_t, std::string>>;
    template <typename Change>
    void change(std::string const& shard, Change const& change);

    std::map<std::string, Side> sides_;
    ByFill all_;
    ByFill givers_;  // those with a tenant left to ask
};

Sides::Sides(Rooms const& rooms, std::vector<Resident> const& residents) {
    for (auto const& room : rooms.all()) {
        if (room.state != ShardState::Active) continue;
        sides_[room.shard] = {.taken = room.taken, .capacity = room.capacity};
    }
    for (auto const& resident : residents) {
        auto const side = sides_.find(resident.shard);
        if (side == sides_.end() || resident.pin == Resident::Pin::Yes) continue;
        side->second.movable.push_back(resident);
    }
    for (auto& [shard, side] : sides_) {
        sort(side.movable, Order::SmallestFirst);
        std::reverse(side.movable.begin(), side.movable.end());
        all_.emplace(side.fill(), shard);
        if (!side.movable.empty()) givers_.emplace(side.fill(), shard);
    }
}

template <typename Change>
void Sides::change(std::string const& shard, Change const& change) {
    auto& side = sides_.at(shard);
    std::pair const before(side.fill(), shard);
    change(side);
    all_.erase(before);
    givers_.erase(before);
    all_.emplace(side.fill(), before.second);
    if (!side.movable.empty()) givers_.emplace(side.fill(), before.second);
}

Resident Sides::ask(std::string const& shard) {
    Resident asked;
    change(shard, [&](Side& side) {
        asked = std::move(side.movable.back());
        side.movable.pop_back();
    });
    return asked;
}

void Sides::move(Resident const& resident, std::string const& to) {
    change(resident.shard, [&](Side& side) { side.taken -= resident.load; });
    change(to, [&](Side& side) { side.taken += resident.load; });
}

}  // namespace

std::uint64_t MovePlan::bytes() const {
    std::uint64_t sum = 0;
    for (auto const& move : moves) sum += move.bytes;
    return sum;
}

Result<MovePlan> plan_drain(Rooms rooms, std::vector<Resident> const& residents,
                            std::string_view shard, MoveLimits limits) {
    if (rooms.find(shard) == nullptr) {
        return Error(ErrorCode::NotFound,
                     fmt::format("{} is no shard of this fleet; see aipress shard list", shard));
    }
    rooms.set_state(shard, ShardState::Draining);
    Planner planner(std::move(rooms), limits);
    std::vector<Resident> leaving;
    for (auto const& resident : residents) {
        if (resident.shard == shard) leaving.push_back(resident);
    }
    sort(leaving, Order::LargestFirst);
    for (auto const& resident : leaving) {
        if (resident.pin == Resident::Pin::Yes) {
            planner.stays(resident, "is pinned there: unpin it, or pin it elsewhere");
            continue;
        }
        if (!planner.allows(resident)) {
            planner.stays(resident, "is beyond the limits of this plan");
            continue;
        }
        auto const* const home = planner.rooms().find(resident.home);
        auto const* const to = home != nullptr && home->takes(resident.load)
                                   ? home
                                   : planner.rooms().least_loaded(resident.tenant, resident.load);
        if (to == nullptr) {
            planner.stays(resident, "finds no active shard with room: add shards");
        } else {
            planner.add(resident, std::string(to->shard));
        }
    }
    return planner.take();
}

MovePlan plan_return_home(Rooms rooms, std::vector<Resident> const& residents, MoveLimits limits) {
    Planner planner(std::move(rooms), limits);
    std::vector<Resident> displaced;
    for (auto const& resident : residents) {
        if (resident.shard != resident.home && resident.pin == Resident::Pin::No) {
            displaced.push_back(resident);
        }
    }
    sort(displaced, Order::SmallestFirst);
    for (auto const& resident : displaced) {
        auto const* const home = planner.rooms().find(resident.home);
        if (home != nullptr && home->takes(resident.load) && planner.allows(resident)) {
            planner.add(resident, resident.home);
        }
    }
    return planner.take();
}

MovePlan plan_rebalance(Rooms rooms, std::vector<Resident> const& residents, MoveLimits limits) {
    Sides sides(rooms, residents);
    Planner planner(std::move(rooms), limits);
    while (sides.fullest() != nullptr) {
        auto const from = *sides.fullest();
        auto const to = sides.emptiest();
        auto const before = sides.side(from).fill();
        if (sides.side(to).fill() >= before) break;
        auto const asked = sides.ask(from);
        bool const helps = sides.side(from).fill_without(asked.load) < before &&
                           sides.side(to).fill_with(asked.load) < before;
        // The slot at the other end is taken in addition to what the shard has by now.
        if (helps && planner.rooms().find(to)->takes(asked.load) && planner.allows(asked)) {
            planner.add(asked, to);
            sides.move(asked, to);
        }
    }
    return planner.take();
}

}  // namespace aipress::fleet

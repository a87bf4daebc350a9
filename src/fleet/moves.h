// Which tenants should move, and where to: plans, which change nothing. A move holds a slot on both
// sides until it is over, so what a move gives back is not counted on by another of the same plan:
// its moves can be carried out in any order, or at the same time. Plan again for what is left.
//
// The same fleet gives the same plan.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fleet/rooms.h"

namespace aipress::fleet {

// A tenant where it lives.
struct Resident {
    std::string tenant = {};
    std::string home = {};
    std::string shard = {};
    Load load = kOrdinarySite;
    std::uint64_t bytes = 0;
    enum class Pin { No, Yes } pin = Pin::No;  // never moved by a plan
};

struct Move {
    std::string tenant = {};
    std::string from = {};
    std::string to = {};
    Load load = kOrdinarySite;
    std::uint64_t bytes = 0;

    bool operator==(Move const&) const = default;
};

// Who should move, and does not.
struct Staying {
    std::string tenant = {};
    std::string reason = {};  // "is pinned"
};

struct MovePlan {
    std::vector<Move> moves = {};
    std::vector<Staying> staying = {};

    [[nodiscard]] std::uint64_t bytes() const;
};

struct MoveLimits {
    std::uint64_t moves_most = UINT64_MAX;
    std::uint64_t bytes_most = UINT64_MAX;
};

// Everybody leaves the shard: home where there is room, else to the least loaded; the largest
// first. Errors: NotFound.
[[nodiscard]] Result<MovePlan> plan_drain(Rooms rooms, std::vector<Resident> const& residents,
                                          std::string_view shard, MoveLimits limits = {});
// Displaced tenants go home where there is room by now, the smallest first. Whoever finds none, and
// whom the limits leave out, is not listed as staying: its place is not wrong.
[[nodiscard]] MovePlan plan_return_home(Rooms rooms, std::vector<Resident> const& residents,
                                        MoveLimits limits = {});
// The fullest shard gives its smallest tenant to the least loaded one, again and again, for as long
// as that leaves both less full than the giver was.
[[nodiscard]] MovePlan plan_rebalance(Rooms rooms, std::vector<Resident> const& residents,
                                      MoveLimits limits);

}  // namespace aipress::fleet

// What a site takes of a shard: a slot, and weight. A shard is as full as the fuller of the two.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace aipress::fleet {

// Weight is counted in thousandths of an ordinary site.
inline constexpr std::uint64_t kOrdinaryWeight = 1'000;

struct Load {
    std::uint64_t slots = 0;
    std::uint64_t weight = 0;

    bool operator==(Load const&) const = default;
    Load& operator+=(Load const& more);
    Load& operator-=(Load const& less);  // REQUIRES: no member of `less` is larger
};
inline constexpr Load kOrdinarySite{.slots = 1, .weight = kOrdinaryWeight};
// What a shard of so many slots holds: a capacity is a Load too.
[[nodiscard]] Load capacity_of(std::uint64_t slots);

// Of a site, as far as they are known.
struct Measures {
    std::optional<std::uint64_t> connections = {};  // to its database, at its busiest
    std::optional<std::uint64_t> bytes = {};        // of database and files
    std::optional<std::uint64_t> requests = {};     // a day
};
// An ordinary site's: a 50th of what one shard's Cloud SQL instance and bucket are laid out for.
inline constexpr std::uint64_t kOrdinaryConnections = 8;
inline constexpr std::uint64_t kOrdinaryBytes = 5'000'000'000;
inline constexpr std::uint64_t kOrdinaryRequests = 20'000;
// By the measure in which the site is heaviest, rounded up, and at least a tenth of an ordinary
// site: so the sum of a shard's weights bounds the sum of each measure. Of a site of which nothing
// is known, an ordinary one's.
[[nodiscard]] std::uint64_t weight_of(Measures const& measures);

// Is there room for `more` beside what is `taken`? No overflow, whatever the numbers.
[[nodiscard]] bool fits(Load const& taken, Load const& more, Load const& capacity);

// How full, in millionths, by the fuller of slots and weight; rounded down. Where the capacity is
// 0, that measure is full.
inline constexpr std::uint64_t kFull = 1'000'000;
[[nodiscard]] std::uint64_t fill_of(Load const& taken, Load const& capacity);

// "49 of 50 slots, 48.2 of 50 in weight".
[[nodiscard]] std::string describe(Load const& taken, Load const& capacity);

}  // namespace aipress::fleet

#include "fleet/placement.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace aipress::fleet {
namespace {

constexpr std::array<std::string_view, 8> kReasons{"home",        "home_full",    "home_heavy",
                                                   "home_closed", "home_missing", "spilled",
                                                   "pinned",      "imported"};

// Why it did not stay at home, as the end of a sentence that began with the home.
std::string what_was_with_home(Placement const& placement) {
    auto const room = describe(placement.home_taken, placement.home_capacity);
    switch (placement.reason) {
        case PlacementReason::HomeFull:
            return fmt::format("had no slot left ({})", room);
        case PlacementReason::HomeHeavy:
            return fmt::format("had no room for its weight ({})", room);
        case PlacementReason::HomeClosed:
            return fmt::format("was {}", to_string(placement.home_state));
        case PlacementReason::HomeMissing:
            return "is no shard of this fleet";
        case PlacementReason::Spilled:
            return fmt::format(
                "had no room for every tenant of its batch ({}), and the largest stay", room);
        default:
            return "was not asked";
    }
}

std::string how_chosen(Placement const& placement) {
    auto text = fmt::format("Of {} active shards with room it was the least loaded ({})",
                            placement.candidates,
                            describe(placement.shard_taken, placement.shard_capacity));
    if (placement.equals > 1) {
        text +=
            fmt::format(", by highest random weight among {} as little loaded", placement.equals);
    }
    return text + ".";
}

}  // namespace

std::string_view to_string(PlacementReason reason) {
    return kReasons.at(static_cast<std::size_t>(reason));
}

std::string why(Placement const& placement) {
    auto const home =
        fmt::format("{} (sha256 of its name, first 8 digits, modulo the {} shards of epoch {})",
                    placement.home, placement.epoch.shards, placement.epoch.number);
    auto const lives = fmt::format("{} lives on {}", placement.tenant, placement.shard);
    auto const away = placement.displaced() ? fmt::format(" Its home is {}.", home)
                                            : std::string(" That is its home.");
    switch (placement.reason) {
        case PlacementReason::Home:
            return fmt::format("{}, its home: {}. There was room ({}).", lives, home,
                               describe(placement.shard_taken, placement.shard_capacity));
        case PlacementReason::Pinned:
            return fmt::format("{} because an operator pinned it there.{}", lives, away);
        case PlacementReason::Imported:
            return fmt::format("{} because it was imported as living there.{}", lives, away);
        default:
            return fmt::format("{} because its home, {}, {}. {}", lives, home,
                               what_was_with_home(placement), how_chosen(placement));
    }
}

}  // namespace aipress::fleet

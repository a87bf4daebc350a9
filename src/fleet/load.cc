#include "fleet/load.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/assert.h"

namespace aipress::fleet {
namespace {

__extension__ using Wide = unsigned __int128;  // no product of two numbers overflows it

constexpr std::uint64_t kLeastWeight = kOrdinaryWeight / 10;

bool fits_one(std::uint64_t taken, std::uint64_t more, std::uint64_t capacity) {
    return taken <= capacity && more <= capacity - taken;
}

std::uint64_t share(std::uint64_t part, std::uint64_t whole, std::uint64_t unit) {
    return static_cast<std::uint64_t>(std::min<Wide>(Wide{part} * unit / whole, UINT64_MAX));
}

std::uint64_t fill_of_one(std::uint64_t taken, std::uint64_t capacity) {
    return capacity == 0 ? kFull : share(taken, capacity, kFull);
}

double ordinary_sites(std::uint64_t weight) {
    return static_cast<double>(weight) / static_cast<double>(kOrdinaryWeight);
}

}  // namespace

Load& Load::operator+=(Load const& more) {
    slots += more.slots;
    weight += more.weight;
    return *this;
}

Load& Load::operator-=(Load const& less) {
    ASSERT(less.slots <= slots && less.weight <= weight);
    slots -= less.slots;
    weight -= less.weight;
    return *this;
}

Load capacity_of(std::uint64_t slots) {
    return {.slots = slots, .weight = slots * kOrdinaryWeight};
}

std::uint64_t weight_of(Measures const& measures) {
    if (!measures.connections && !measures.bytes && !measures.requests) return kOrdinaryWeight;
    auto const one = [](std::optional<std::uint64_t> measure, std::uint64_t ordinary) {
        auto const rounded_up = Wide{measure.value_or(0)} * kOrdinaryWeight + ordinary - 1;
        return static_cast<std::uint64_t>(std::min<Wide>(rounded_up / ordinary, UINT64_MAX));
    };
    return std::max({kLeastWeight, one(measures.connections, kOrdinaryConnections),
                     one(measures.bytes, kOrdinaryBytes),
                     one(measures.requests, kOrdinaryRequests)});
}

bool fits(Load const& taken, Load const& more, Load const& capacity) {
    return fits_one(taken.slots, more.slots, capacity.slots) &&
           fits_one(taken.weight, more.weight, capacity.weight);
}

std::uint64_t fill_of(Load const& taken, Load const& capacity) {
    return std::max(fill_of_one(taken.slots, capacity.slots),
                    fill_of_one(taken.weight, capacity.weight));
}

std::string describe(Load const& taken, Load const& capacity) {
    return fmt::format("{} of {} slots, {} of {} in weight", taken.slots, capacity.slots,
                       ordinary_sites(taken.weight), ordinary_sites(capacity.weight));
}

}  // namespace aipress::fleet

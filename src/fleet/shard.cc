#include "fleet/shard.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace aipress::fleet {
namespace {

constexpr std::array<std::pair<ShardState, std::string_view>, 5> kStates{{
    {ShardState::Active, "active"},
    {ShardState::Cordoned, "cordoned"},
    {ShardState::Draining, "draining"},
    {ShardState::Full, "full"},
    {ShardState::Retired, "retired"},
}};

}  // namespace

std::string_view to_string(ShardState state) {
    return kStates.at(static_cast<std::size_t>(state)).second;
}

std::optional<ShardState> shard_state_of(std::string_view text) {
    auto const* const found = std::find_if(kStates.begin(), kStates.end(),
                                           [text](auto const& one) { return one.second == text; });
    if (found == kStates.end()) return std::nullopt;
    return found->first;
}

std::string Shard::prefix(std::string_view tenant) {
    return fmt::format("tenants/{}/", tenant);
}

std::string Shard::ingress(std::string_view domain) const {
    return fmt::format("{}.{}", project, domain);
}

std::string shard_name(unsigned number) {
    return fmt::format("aipress-shard-{:03}", number);
}

}  // namespace aipress::fleet

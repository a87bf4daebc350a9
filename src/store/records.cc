#include "store/records.h"

#include <array>
#include <utility>

#include "base/assert.h"

namespace aipress::store {
namespace {

template <typename Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<ProjectRole, 4> kRoles{{{ProjectRole::Meta, "meta"},
                                        {ProjectRole::Shared, "shared"},
                                        {ProjectRole::Shard, "shard"},
                                        {ProjectRole::Poc, "poc"}}};
constexpr Names<TenantState, 5> kTenantStates{{{TenantState::Legacy, "legacy"},
                                               {TenantState::Placed, "placed"},
                                               {TenantState::Moving, "moving"},
                                               {TenantState::Suspended, "suspended"},
                                               {TenantState::Deleted, "deleted"}}};
constexpr Names<RouteState, 3> kRouteStates{{{RouteState::Active, "active"},
                                             {RouteState::Fenced, "fenced"},
                                             {RouteState::Suspended, "suspended"}}};

template <typename Enum, std::size_t N>
std::string_view name_of(Names<Enum, N> const& names, Enum value) {
    for (auto const& [known, name] : names) {
        if (known == value) return name;
    }
    ASSERT(false);
}

template <typename Enum, std::size_t N>
std::optional<Enum> value_of(Names<Enum, N> const& names, std::string_view text) {
    for (auto const& [known, name] : names) {
        if (name == text) return known;
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(ProjectRole role) {
    return name_of(kRoles, role);
}
std::optional<ProjectRole> project_role_of(std::string_view text) {
    return value_of(kRoles, text);
}
std::string_view to_string(TenantState state) {
    return name_of(kTenantStates, state);
}
std::optional<TenantState> tenant_state_of(std::string_view text) {
    return value_of(kTenantStates, text);
}
std::string_view to_string(RouteState state) {
    return name_of(kRouteStates, state);
}
std::optional<RouteState> route_state_of(std::string_view text) {
    return value_of(kRouteStates, text);
}

}  // namespace aipress::store

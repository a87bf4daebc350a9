// A shard: a project of up to 50 sites with one shared Cloud SQL instance and one shared bucket.
// Its parts are named after it; what it is good for is said by its project's labels, until a store
// of the fleet's says it:
//
//     aipress-role      "shard"
//     aipress-state     "active", "cordoned", "draining", "full" or "retired"
//     aipress-capacity  sites: "50"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aipress::fleet {

inline constexpr std::string_view kRoleLabel = "aipress-role";
inline constexpr std::string_view kShardRole = "shard";
inline constexpr std::string_view kStateLabel = "aipress-state";
inline constexpr std::string_view kCapacityLabel = "aipress-capacity";
inline constexpr unsigned kShardCapacity = 50;

enum class ShardState {
    Active,    // takes tenants
    Cordoned,  // keeps those that it has
    Draining,  // gives them away
    Full,
    Retired,
};
[[nodiscard]] std::string_view to_string(ShardState state);
[[nodiscard]] std::optional<ShardState> shard_state_of(std::string_view text);

struct Shard {
    std::string project = {};  // "aipress-shard-001", its name too
    std::string region = "us-central1";

    [[nodiscard]] std::string instance() const { return project + "-db"; }
    [[nodiscard]] std::string bucket() const { return project + "-media"; }
    // Of a tenant's objects in the bucket.
    [[nodiscard]] static std::string prefix(std::string_view tenant);
    // The name that its tenants' host names point to: one record moves them all to another front.
    [[nodiscard]] std::string ingress(std::string_view domain) const;
};

// 1: "aipress-shard-001".
[[nodiscard]] std::string shard_name(unsigned number);

}  // namespace aipress::fleet

// The fleet as the store keeps it: a struct a table, a field a column (tables.h), in that order.
//
// `version` begins at 1 and grows with every change of the row: a change names the version that it
// was decided on, and is refused when there is another by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fleet/shard.h"
#include "sql/value.h"

namespace aipress::store {

using sql::Timestamp;

// What a project is for.
enum class ProjectRole { Meta, Shared, Shard, Poc };
[[nodiscard]] std::string_view to_string(ProjectRole role);
[[nodiscard]] std::optional<ProjectRole> project_role_of(std::string_view text);

struct Project {
    std::string id = {};  // Google's: "aipress-shard-001"
    ProjectRole role = ProjectRole::Shard;
    std::string region = {};
    std::string attributes = "{}";  // a JSON object: what else is known of it
    Timestamp created_at = {};
    std::int64_t version = 1;
};

// Homes are computed with the number of shards that was there when their epoch began; it is frozen.
struct Epoch {
    std::int64_t epoch = 0;
    std::int64_t num_shards = 0;
    Timestamp created_at = {};
};

// The database refuses a row with more tenants than slots: used + reserved <= cap_slots, and the
// same for weight.
struct Shard {
    std::string id = {};  // "aipress-shard-001"
    std::int64_t number = 0;
    std::string project = {};
    std::string region = {};
    fleet::ShardState state = fleet::ShardState::Active;
    std::int64_t cap_slots = fleet::kShardCapacity;
    std::int64_t used = 0;      // slots of tenants that are there
    std::int64_t reserved = 0;  // slots of tenants that are on their way
    // In thousandths of an ordinary site.
    std::int64_t cap_weight = 1000 * std::int64_t{fleet::kShardCapacity};
    std::int64_t weight = 0;  // of both
    Timestamp updated_at = {};
    std::int64_t version = 1;
};

enum class TenantState {
    Legacy,  // still in a project of its own kind, not in a shard
    Placed,  // has its slot
    Moving,  // holds slots in two shards
    Suspended,
    Deleted,  // its name stays taken
};
[[nodiscard]] std::string_view to_string(TenantState state);
[[nodiscard]] std::optional<TenantState> tenant_state_of(std::string_view text);

struct Tenant {
    std::string id = {};  // "tenant-001"
    std::int64_t epoch = 0;
    std::string home_shard = {};                 // what the formula of its epoch says
    std::optional<std::string> shard = {};       // where it is; none: nowhere yet
    std::optional<std::string> next_shard = {};  // where it is going
    std::optional<std::string> pinned_to = {};   // never moved away from there by a rebalance
    TenantState state = TenantState::Legacy;
    std::int64_t weight = 1000;  // in thousandths of an ordinary site
    std::int64_t bytes = 0;      // of its database and files
    std::string placed_by = {};  // why it is where it is: "home", "least-loaded", "pinned", …
    Timestamp created_at = {};
    Timestamp updated_at = {};
    std::int64_t version = 1;
};

enum class RouteState { Active, Fenced, Suspended };
[[nodiscard]] std::string_view to_string(RouteState state);
[[nodiscard]] std::optional<RouteState> route_state_of(std::string_view text);

// Where a tenant's visitors go; `version` is the route's.
struct Route {
    std::string tenant = {};
    std::optional<std::string> shard = {};  // none: the project that it came from
    std::string home_shard = {};
    RouteState state = RouteState::Active;
    std::string endpoint = {};  // "https://tenant-001-abc.a.run.app"
    Timestamp changed_at = {};
    std::int64_t version = 1;
};

// Every state that a route has had, the latest too.
struct PastRoute {
    std::string tenant = {};
    std::int64_t version = 1;
    std::optional<std::string> shard = {};
    std::string home_shard = {};
    RouteState state = RouteState::Active;
    std::string endpoint = {};
    Timestamp changed_at = {};
};

struct Migration {
    std::string id = {};  // "20261130-163000-1f2e3d4c"
    std::string tenant = {};
    std::string from_project = {};
    std::string to_shard = {};
    std::string state = {};  // migration::State, as it is written
    std::string reason = {};
    std::string relocation = "{}";  // JSON
    std::string options = "{}";     // JSON
    std::int64_t entries = 0;       // of its journal
    Timestamp begun_at = {};
    Timestamp updated_at = {};
    std::int64_t version = 1;
};

// An entry of a migration's journal. Never changed.
struct Step {
    std::string migration = {};
    std::int64_t sequence = 0;  // 1, 2, 3, …
    Timestamp at = {};
    std::string action = {};  // "provision/database"; "" of a change of state
    std::string event = {};   // migration::Event, as it is written
    std::optional<std::string> state = {};
    std::string reason = {};
    std::string facts = "{}";  // JSON
};

// Who may work on something, until when. The row stays for ever, so a token never comes again.
struct LeaseRow {
    std::string name = {};    // "migration/20261130-163000-1f2e3d4c"
    std::string holder = {};  // "host:pid"; "": nobody
    std::int64_t token = 0;
    Timestamp expires_at = {};
    std::int64_t writes = 0;  // under any token
};

// A mutation that was carried out, so that asking for it again answers the same.
struct Operation {
    std::string id = {};        // the client's
    std::string kind = {};      // "shards.cordon"
    std::string target = {};    // "aipress-shard-001"
    std::string request = {};   // SHA-256 of what was asked
    std::string answer = "{}";  // JSON
    std::string actor = {};
    Timestamp at = {};
};

// For the audit: who changed what, from what to what. Never changed.
struct Event {
    std::string id = {};  // begins with its time, in milliseconds, so that ids are in that order
    Timestamp at = {};
    std::string operation = {};
    std::string actor = {};
    std::string kind = {};
    std::string target = {};
    std::string before = "{}";  // JSON
    std::string after = "{}";   // JSON
};

}  // namespace aipress::store

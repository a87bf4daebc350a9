// Files that say what a fleet consists of: its shards, its tenants (columns below; the first is
// needed, the others may be missing or empty).
//
//     shard     "aipress-shard-001"          tenant       "tenant-001"
//     state     active, cordoned, …          shard        where it lives; else it is placed
//     slots     50                           state        placed, or legacy: still in a project of
//     weight    50: in ordinary sites                     its own, its slot is reserved
//     region    "us-central1"                weight       1.5: in ordinary sites; or else
//     project   else the shard's name        connections, bytes, requests   it follows from these
//                                            endpoint     "https://tenant-001-abc.a.run.app"
//
// Pure. All faults at once, in the order of their lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/load.h"
#include "fleet/shard.h"
#include "placement/file_rows.h"
#include "store/records.h"

namespace aipress::placement {

struct ShardRow {
    std::size_t line = 0;
    std::string shard = {};
    unsigned number = 0;
    std::optional<fleet::ShardState> state = {};
    std::optional<std::uint64_t> slots = {};
    std::optional<std::uint64_t> weight = {};  // in thousandths
    std::optional<std::string> region = {};
    std::optional<std::string> project = {};
};
struct ShardFile {
    std::vector<ShardRow> rows = {};
    std::vector<Fault> faults = {};
};
[[nodiscard]] ShardFile read_shard_file(std::string_view text);

struct TenantRow {
    std::size_t line = 0;
    std::string tenant = {};
    std::optional<std::string> shard = {};
    std::optional<store::TenantState> state = {};  // Placed or Legacy
    std::optional<std::uint64_t> weight = {};      // in thousandths; of the measures, too
    std::optional<std::uint64_t> bytes = {};
    std::optional<std::string> endpoint = {};
};
struct TenantFile {
    std::vector<TenantRow> rows = {};
    std::vector<Fault> faults = {};
};
[[nodiscard]] TenantFile read_tenant_file(std::string_view text);

}  // namespace aipress::placement

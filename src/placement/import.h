// A fleet is loaded into the store, without migrating anything: its shards first, then its tenants.
//
// Whole or not at all: every fault is found before the first row is written. What is there already
// as the file says is left alone, so the same file again changes nothing; what is there otherwise
// is a fault. Tenants without a shard are placed as one batch (fleet/batch.h). One transaction; on
// Cloud Spanner, which limits them, one for kSpannerRows rows (killed in between, the same file
// again brings the rest).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.h"
#include "fleet/rooms.h"
#include "placement/fleet_files.h"
#include "store/store.h"

namespace aipress::placement {

inline constexpr std::size_t kSpannerRows = 1'000;

struct ImportOrder {
    std::string operation = {};  // the client's id
    std::string actor = {};
    fleet::Spare spare = fleet::Spare::Keep;  // for tenants that are placed
};

struct ImportReport {
    std::uint64_t added = 0;
    std::uint64_t unchanged = 0;
    std::uint64_t placed = 0;     // of those added: by the rule
    std::uint64_t displaced = 0;  // of those placed: not at home
    // Not empty: nothing was imported.
    std::vector<Fault> faults = {};
};

// With more shards than the formula knows of, the next epoch begins: homes of tenants that are
// there stay what they are. REQUIRES: no faults in the file. Errors: AlreadyExists when the
// operation's id was used for something else; those of the store.
[[nodiscard]] Result<ImportReport> import_shards(Context const& context, store::Store& store,
                                                 std::vector<ShardRow> const& rows,
                                                 ImportOrder const& order);
[[nodiscard]] Result<ImportReport> import_tenants(Context const& context, store::Store& store,
                                                  std::vector<TenantRow> const& rows,
                                                  ImportOrder const& order);

}  // namespace aipress::placement

// WordPress-like databases made from a seed: the same seed and size give the same rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "testing/database_server.h"

namespace aipress::bench {

inline constexpr char kTenantUser[] = "wp";
inline constexpr char kTenantPassword[] = "wp-secret";

struct TableSize {
    std::string table;
    std::uint64_t rows = 0;
};

// How many rows each table gets for `size_bytes` of row data: posts hold about half of it.
[[nodiscard]] std::vector<TableSize> table_sizes(std::uint64_t size_bytes);

// Makes the database `name` with wp_posts, wp_postmeta, wp_comments, wp_options and
// wp_term_relationships, and fills it. Not logged in the binary log.
Result<void> make_tenant(Context const& context, testing::DatabaseServer const& server,
                         std::string const& name, std::uint64_t size_bytes, std::uint64_t seed);

// The account that the tenant's own writes use, with a grant on each database.
Result<void> make_tenant_account(Context const& context, testing::DatabaseServer const& server,
                                 std::vector<std::string> const& databases);

// Rows of all tables together, counted.
[[nodiscard]] Result<std::uint64_t> count_rows(Context const& context,
                                               testing::DatabaseServer const& server,
                                               std::string const& database);

}  // namespace aipress::bench

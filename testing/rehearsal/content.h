// What is in the sites before the visitors come: years of posts, pages, comments, media, options,
// and the tables that plugins of a kind of site make for themselves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"
#include "testing/rehearsal/site.h"

namespace aipress::rehearsal {

struct ContentOptions {
    SiteKind kind = SiteKind::Blog;
    std::uint64_t target_bytes = 1 << 20;  // of data, about
    std::uint64_t seed = 1;
};

struct Content {
    std::vector<std::string> post_paths;  // "/slug/", open for comments
    std::vector<std::uint64_t> post_ids;  // in the same order
};

// Into an installed site's database. Not thread safe with itself on one connection.
[[nodiscard]] Result<Content> generate_content(Context const& context,
                                               mysql::Connection& connection,
                                               ContentOptions const& options);

// The tables that visits write to; all others must stay equal on both sides.
enum class Visited {
    Grows,   // rows are added and changed, never removed
    Churns,  // rows are removed, too
};
[[nodiscard]] std::map<std::string, Visited> visited_tables(SiteKind kind);
// The table and column that hold, for every accepted comment, a row written by the site's plugin.
struct CompanionTable {
    std::string table;
    std::string comment_id_column;
};
[[nodiscard]] CompanionTable companion_table(SiteKind kind);

}  // namespace aipress::rehearsal

// How many rows each table holds and what they add up to, asked of the server itself: independent
// of the mover and of its own verification.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"
#include "testing/rehearsal/content.h"

namespace aipress::rehearsal {

struct TableCensus {
    std::uint64_t rows = 0;
    std::string checksum;  // CHECKSUM TABLE: comparable between servers of one version
};
using Census = std::map<std::string, TableCensus>;

// Of the connection's default database.
[[nodiscard]] Result<Census> take_census(Context const& context, mysql::Connection& connection);

struct CensusComparison {
    std::uint64_t lost_rows = 0;
    std::vector<std::string> faults;  // "wp_posts: 12 rows fewer"
};
// `before`: on the source, before the move. Visited tables may not have shrunk; all others must be
// the same to the byte.
[[nodiscard]] CensusComparison compare(Census const& before, Census const& after,
                                       std::map<std::string, Visited> const& visited);

}  // namespace aipress::rehearsal

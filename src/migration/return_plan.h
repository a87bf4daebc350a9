// How a rollback behind the switch brings the old database back, and what that costs.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "mover/way_back.h"

namespace aipress::migration {

enum class ReturnBy {
    Stream,       // every write comes back
    OldDatabase,  // the stream is broken: the old database serves as it was left
    Backup,       // the old database is not proven to be what it was left as: it is restored
};
[[nodiscard]] std::string_view to_string(ReturnBy by);  // "old-database"

struct KnownBackup {
    std::string id = {};
    std::string taken_at = {};
};

struct ReturnPlan {
    ReturnBy by = ReturnBy::Stream;
    std::string cause = {};  // why it is not by the stream
    // Changed rows that are lost: at least so many. 0 by the stream.
    std::uint64_t lost_rows = 0;
    bool is_counted = true;  // false: how many more there are is unknown
    KnownBackup backup = {};

    // "at least 3 changed rows of the new home are lost; the old database serves as it was when …";
    // "" when nothing is.
    [[nodiscard]] std::string loss() const;
};

// The old database as of the break has more of the customer's writes than any backup, so it is
// preferred wherever it is proven whole. `changed_rows`: carried by the mover since the backup.
// `difference`: of the two sides, when a rollback by the stream has met one; "": none is known.
[[nodiscard]] ReturnPlan plan_return(mover::WayBack const& found, std::uint64_t changed_rows,
                                     KnownBackup const& backup, std::string const& difference = {});

[[nodiscard]] boost::json::object to_json(ReturnPlan const& plan);
// Errors: DataLoss.
[[nodiscard]] Result<ReturnPlan> return_plan_of(boost::json::object const& object);

}  // namespace aipress::migration

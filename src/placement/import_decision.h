// Where every tenant of a file goes, or why not: the first half of import_tenants().
#pragma once

#include <vector>

#include "fleet/placement.h"
#include "placement/import.h"

namespace aipress::placement {

// One that is to be added, and where.
struct Newcomer {
    TenantRow const* row = nullptr;
    fleet::Placement placement = {};
};

struct Decision {
    std::vector<Newcomer> newcomers = {};
    ImportReport report = {};
};

// Reads, and writes nothing. `rows` outlives the answer. Errors: FailedPrecondition without an
// epoch; those of sql::Transaction. What is wrong with the file is in the report.
[[nodiscard]] Result<Decision> decide(sql::Transaction& transaction,
                                      std::vector<TenantRow> const& rows, fleet::Spare spare);

}  // namespace aipress::placement

// What both imports have in common: one transaction with the record of it, or nothing for a fault.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "placement/import.h"

namespace aipress::placement {

// `work` answers with faults: all that it did is undone, and nothing is recorded.
[[nodiscard]] Result<ImportReport> record_import(
    Context const& context, store::Store& store, std::string const& kind, ImportOrder const& order,
    std::size_t rows, std::function<Result<ImportReport>(sql::Transaction&)> const& work);

}  // namespace aipress::placement

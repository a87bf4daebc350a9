// A relocation as JSON, for the journal and the reports.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.h"
#include "fleet/home.h"

namespace aipress::migration {

[[nodiscard]] boost::json::object to_json(fleet::Relocation const& relocation);
// Errors: InvalidArgument, with the field.
[[nodiscard]] Result<fleet::Relocation> relocation_of(boost::json::object const& object);

}  // namespace aipress::migration

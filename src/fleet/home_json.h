// A home as JSON, for manifests and journals: a member a field, all of them text.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.h"
#include "fleet/home.h"

namespace aipress::fleet {

[[nodiscard]] boost::json::object to_json(Home const& home);
// What to_json() wrote. Errors: InvalidArgument, with the field.
[[nodiscard]] Result<Home> read_home(boost::json::object const& fields);

}  // namespace aipress::fleet

// Schema objects in the journal: once dropped on a side, its text is all that is left of a trigger.
#pragma once

#include <boost/json/object.hpp>
#include <vector>

#include "base/result.h"
#include "mysql/schema.h"

namespace aipress::mover {

[[nodiscard]] boost::json::object objects_to_json(std::vector<mysql::SchemaObject> const& objects);
[[nodiscard]] Result<std::vector<mysql::SchemaObject>> objects_from_json(
    boost::json::object const& json);

}  // namespace aipress::mover

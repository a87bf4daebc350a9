// What a Terraform resource of the Google provider says, in the words of the live one.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "inventory/resource.h"

namespace aipress::inventory {

// nullopt: it is of a type that is not compared, or of another project. Errors: InvalidArgument,
// naming the attribute.
[[nodiscard]] Result<std::optional<Resource>> read_declared(std::string_view type,
                                                            boost::json::object const& attributes,
                                                            std::string_view project);

}  // namespace aipress::inventory

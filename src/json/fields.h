// Typed reading of a JSON object; an error names the field's path ("$.target.port: expected an
// integer").
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::json {

// Errors: InvalidArgument when the field is missing or of another type.
[[nodiscard]] Result<std::string> get_string(boost::json::object const& object,
                                             std::string_view field);
[[nodiscard]] Result<std::int64_t> get_integer(boost::json::object const& object,
                                               std::string_view field);
[[nodiscard]] Result<bool> get_bool(boost::json::object const& object, std::string_view field);

// One JSON object, nothing behind it. Errors: InvalidArgument with the place.
[[nodiscard]] Result<boost::json::object> parse_object(std::string_view text);

}  // namespace aipress::json

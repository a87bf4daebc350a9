// Enumerators by their numbers: `$alt=json;enum-encoding=int`, as Google's Go and Python clients
// ask.
#pragma once

#include <boost/json/value.hpp>

#include "http/request.h"
#include "sandbox/shape.h"

namespace aipress::sandbox {

[[nodiscard]] bool wants_numbers(http::Request const& request);

// Names that are of the shape become their numbers; all else stays. `shapes`: what references refer
// to.
void number_enumerators(Shapes const& shapes, Shape const& shape, boost::json::value& value);

}  // namespace aipress::sandbox

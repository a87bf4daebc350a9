// A list as it was a while ago: without what has been made since. It is told by the times that the
// resources themselves say; what has been changed or deleted since is shown as it is.
#pragma once

#include <boost/json/value.hpp>

#include "sandbox/catalogue.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {

// Whether the method answers with resources that say when they were made.
[[nodiscard]] bool lists_with_times(Method const& method);
// Takes out of the lists in an answer what was made after that time. Whether there was any.
bool drop_newer(boost::json::value& answer, Nanoseconds time);

}  // namespace aipress::sandbox

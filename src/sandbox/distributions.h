// Values in buckets: google.api.Distribution.
#pragma once

#include <boost/json/object.hpp>
#include <vector>

namespace aipress::sandbox {

// The percentile (0 to 100) of the distributions of some points, which have the same buckets;
// within its bucket a value is taken to lie evenly. 0 when they hold no value.
[[nodiscard]] double percentile_of(std::vector<boost::json::object const*> const& points,
                                   double percentile);

}  // namespace aipress::sandbox

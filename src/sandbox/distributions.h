// Values in buckets: google.api.Distribution.
#pragma once

#include <boost/json/object.hpp>
#include <vector>

namespace aipress::sandbox {

using Distributions = std::vector<boost::json::object const*>;

// The percentile (0 to 100) of all their values; they have the same buckets. Within its bucket a
// value is taken to lie evenly. 0 when they hold no value.
[[nodiscard]] double percentile_of(Distributions const& distributions, double percentile);
// Of all their values; 0 when they hold none.
[[nodiscard]] double mean_of(Distributions const& distributions);
// Of all their values. REQUIRES: the same buckets, at least one distribution.
[[nodiscard]] boost::json::object merged_distribution(Distributions const& distributions);

// Of values in buckets whose bounds are scale * growth ^ 0 to `finite`.
struct ExponentialBuckets {
    int finite = 0;
    double growth = 0;
    double scale = 0;
};
[[nodiscard]] boost::json::object distribution_of(std::vector<double> const& values,
                                                  ExponentialBuckets const& buckets);

}  // namespace aipress::sandbox

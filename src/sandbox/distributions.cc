#include "sandbox/distributions.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string_view>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

// int64 may be written as a number or as a string.
double count_of(json::value const& value) {
    if (value.is_number()) return value.to_number<double>();
    return std::strtod(value.as_string().c_str(), nullptr);
}

// The bounds between a distribution's buckets, of which there is one more than bounds.
std::vector<double> bounds_of(json::object const& options) {
    std::vector<double> bounds;
    auto const number = [](json::object const& from, std::string_view name) {
        auto const* const value = from.if_contains(name);
        return value == nullptr ? 0.0 : value->to_number<double>();
    };
    if (auto const* const given = options.if_contains("explicitBuckets")) {
        if (auto const* const list = given->as_object().if_contains("bounds")) {
            for (auto const& bound : list->as_array()) bounds.push_back(bound.to_number<double>());
        }
    } else if (auto const* const linear = options.if_contains("linearBuckets")) {
        auto const& fields = linear->as_object();
        for (int index = 0; index <= static_cast<int>(number(fields, "numFiniteBuckets"));
             ++index) {
            bounds.push_back(number(fields, "offset") + number(fields, "width") * index);
        }
    } else if (auto const* const powers = options.if_contains("exponentialBuckets")) {
        auto const& fields = powers->as_object();
        for (int index = 0; index <= static_cast<int>(number(fields, "numFiniteBuckets"));
             ++index) {
            bounds.push_back(number(fields, "scale") *
                             std::pow(number(fields, "growthFactor"), index));
        }
    }
    return bounds;
}

}  // namespace

double percentile_of(std::vector<json::object const*> const& points, double percentile) {
    std::vector<double> bounds;
    std::vector<double> counts;
    for (auto const* const point : points) {
        auto const& distribution =
            point->at("value").as_object().at("distributionValue").as_object();
        auto const* const options = distribution.if_contains("bucketOptions");
        auto const* const own = distribution.if_contains("bucketCounts");
        if (options == nullptr || own == nullptr) continue;
        bounds = bounds_of(options->as_object());
        counts.resize(std::max(counts.size(), own->as_array().size()));
        for (std::size_t index = 0; index < own->as_array().size(); ++index) {
            counts[index] += count_of(own->as_array()[index]);
        }
    }
    auto const wanted = std::accumulate(counts.begin(), counts.end(), 0.0) * percentile / 100;
    double below = 0;
    for (std::size_t index = 0; index < counts.size() && !bounds.empty(); ++index) {
        if (counts[index] == 0 || below + counts[index] < wanted) {
            below += counts[index];
            continue;
        }
        if (index >= bounds.size()) return bounds.back();
        auto const floor = index == 0 ? std::min(0.0, bounds.front()) : bounds[index - 1];
        return floor + (bounds[index] - floor) * (wanted - below) / counts[index];
    }
    return 0;
}

}  // namespace aipress::sandbox

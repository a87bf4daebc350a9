#include "sandbox/distributions.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <numeric>
#include <string_view>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

// An int64 may be written as a number or as a string.
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

void add_counts(json::object const& distribution, std::vector<double>& counts) {
    auto const* const own = distribution.if_contains("bucketCounts");
    if (own == nullptr) return;
    auto const& list = own->as_array();
    counts.resize(std::max(counts.size(), list.size()));
    for (std::size_t index = 0; index < list.size(); ++index)
        counts[index] += count_of(list[index]);
}

// What can be merged of values.
struct Moments {
    double count = 0;
    double mean = 0;
    double deviation = 0;  // the sum of the squared ones

    // https://en.wikipedia.org/wiki/Algorithms_for_calculating_variance#Parallel_algorithm
    void add(Moments const& other) {
        if (other.count == 0) return;
        auto const sum = count + other.count;
        auto const distance = other.mean - mean;
        mean += distance * other.count / sum;
        deviation += other.deviation + distance * distance * count * other.count / sum;
        count = sum;
    }
};

Moments moments_of(json::object const& distribution) {
    auto const number = [&](std::string_view name) {
        auto const* const value = distribution.if_contains(name);
        return value == nullptr ? 0.0 : count_of(*value);
    };
    return {number("count"), number("mean"), number("sumOfSquaredDeviation")};
}

json::object make_distribution(Moments const& moments, json::value options,
                               std::vector<double> const& counts) {
    json::array written;
    for (auto const count : counts) written.emplace_back(fmt::format("{:.0f}", count));
    json::object distribution{{"count", fmt::format("{:.0f}", moments.count)},
                              {"mean", moments.mean},
                              {"sumOfSquaredDeviation", moments.deviation}};
    if (!options.is_null()) distribution["bucketOptions"] = std::move(options);
    if (!written.empty()) distribution["bucketCounts"] = std::move(written);
    return distribution;
}

}  // namespace

double mean_of(Distributions const& distributions) {
    Moments all;
    for (auto const* const one : distributions) all.add(moments_of(*one));
    return all.mean;
}

json::object merged_distribution(Distributions const& distributions) {
    Moments moments;
    std::vector<double> counts;
    json::value options;
    for (auto const* const one : distributions) {
        moments.add(moments_of(*one));
        add_counts(*one, counts);
        if (auto const* const given = one->if_contains("bucketOptions")) options = *given;
    }
    return make_distribution(moments, std::move(options), counts);
}

json::object distribution_of(std::vector<double> const& values, ExponentialBuckets const& buckets) {
    json::object options{{"exponentialBuckets", json::object{{"numFiniteBuckets", buckets.finite},
                                                             {"growthFactor", buckets.growth},
                                                             {"scale", buckets.scale}}}};
    auto const bounds = bounds_of(options);
    Moments moments;
    std::vector<double> counts(bounds.size() + 1);
    for (auto const value : values) {
        moments.add({.count = 1, .mean = value});
        // A bucket holds its lower bound, not its upper one.
        auto const above = std::upper_bound(bounds.begin(), bounds.end(), value);
        counts[static_cast<std::size_t>(above - bounds.begin())] += 1;
    }
    return make_distribution(moments, std::move(options), counts);
}

double percentile_of(Distributions const& distributions, double percentile) {
    std::vector<double> bounds;
    std::vector<double> counts;
    for (auto const* const distribution : distributions) {
        auto const* const options = distribution->if_contains("bucketOptions");
        if (options == nullptr || !distribution->contains("bucketCounts")) continue;
        bounds = bounds_of(options->as_object());
        add_counts(*distribution, counts);
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

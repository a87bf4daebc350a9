#include "sandbox/metric_reducers.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <numeric>
#include <optional>

#include "sandbox/distributions.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

struct Reducer {
    double (*combine)(std::vector<double> const&) = nullptr;  // of numbers
    std::optional<double> percentile = {};
    bool keeps_type = false;
    bool takes_distributions = false;
};

double how_many(std::vector<double> const& values) {
    return static_cast<double>(values.size());
}

std::map<std::string_view, Reducer> const& reducers() {
    static std::map<std::string_view, Reducer> const all{
        {"REDUCE_SUM", {.combine = sum, .keeps_type = true, .takes_distributions = true}},
        {"REDUCE_MEAN", {.combine = mean, .takes_distributions = true}},
        {"REDUCE_MAX", {.combine = largest, .keeps_type = true}},
        {"REDUCE_MIN", {.combine = smallest, .keeps_type = true}},
        {"REDUCE_COUNT", {.combine = how_many, .takes_distributions = true}},
        {"REDUCE_PERCENTILE_05", {.percentile = 5.0, .takes_distributions = true}},
        {"REDUCE_PERCENTILE_50", {.percentile = 50.0, .takes_distributions = true}},
        {"REDUCE_PERCENTILE_95", {.percentile = 95.0, .takes_distributions = true}},
        {"REDUCE_PERCENTILE_99", {.percentile = 99.0, .takes_distributions = true}}};
    return all;
}

// Between the two values that it lies between.
double percentile_of_numbers(std::vector<double> values, double percentile) {
    std::sort(values.begin(), values.end());
    auto const rank = percentile / 100 * static_cast<double>(values.size() - 1);
    auto const below = static_cast<std::size_t>(rank);
    auto const above = std::min(below + 1, values.size() - 1);
    return values[below] + (values[above] - values[below]) * (rank - std::floor(rank));
}

}  // namespace

double sum(std::vector<double> const& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}
double mean(std::vector<double> const& values) {
    return sum(values) / static_cast<double>(values.size());
}
double largest(std::vector<double> const& values) {
    return *std::max_element(values.begin(), values.end());
}
double smallest(std::vector<double> const& values) {
    return *std::min_element(values.begin(), values.end());
}

double number_in(json::object const& value) {
    if (auto const* const real = value.if_contains("doubleValue")) return real->to_number<double>();
    if (auto const* const flag = value.if_contains("boolValue")) return flag->as_bool() ? 1 : 0;
    auto const* const whole = value.if_contains("int64Value");
    if (whole == nullptr) return 0;
    if (whole->is_number()) return whole->to_number<double>();
    return std::strtod(whole->as_string().c_str(), nullptr);
}

json::object typed_value(double value, std::string_view type) {
    if (type != "INT64") return {{"doubleValue", value}};
    return {{"int64Value", fmt::format("{}", std::llround(value))}};
}

bool is_reducer(std::string_view name) {
    return reducers().contains(name);
}

std::string reduced_type(std::string_view name, std::string_view type) {
    auto const& reducer = reducers().at(name);
    if (type == "DISTRIBUTION" && !reducer.takes_distributions) return "";
    if (name == "REDUCE_COUNT") return "INT64";
    return std::string(reducer.keeps_type ? type : "DOUBLE");
}

json::object reduced_value(std::string_view name, std::vector<json::object const*> const& values) {
    auto const& reducer = reducers().at(name);
    Distributions distributions;
    std::vector<double> numbers;
    for (auto const* const value : values) {
        if (auto const* const distribution = value->if_contains("distributionValue")) {
            distributions.push_back(&distribution->as_object());
        }
        numbers.push_back(number_in(*value));
    }
    if (name == "REDUCE_COUNT" || distributions.empty()) {
        auto const number = reducer.percentile ? percentile_of_numbers(numbers, *reducer.percentile)
                                               : reducer.combine(numbers);
        auto const type = values.front()->contains("int64Value") ? "INT64" : "DOUBLE";
        return typed_value(number, reduced_type(name, type));
    }
    if (reducer.percentile) {
        return {{"doubleValue", percentile_of(distributions, *reducer.percentile)}};
    }
    if (name == "REDUCE_MEAN") return {{"doubleValue", mean_of(distributions)}};
    return {{"distributionValue", merged_distribution(distributions)}};
}

}  // namespace aipress::sandbox

#include "fleet/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/assert.h"

namespace aipress::fleet {
namespace {

double as_double(std::uint64_t number) {
    return static_cast<double>(number);
}

// The share of a standard normal distribution that lies at z or above.
double upper_tail(double z) {
    return 0.5 * std::erfc(z / std::sqrt(2.0));
}

}  // namespace

Interval wilson_interval(std::uint64_t hits, std::uint64_t trials, double z) {
    ASSERT(hits <= trials);
    if (trials == 0) return {};
    double const n = as_double(trials);
    double const p = as_double(hits) / n;
    double const square = z * z;
    double const middle = p + square / (2 * n);
    double const half = z * std::sqrt(p * (1 - p) / n + square / (4 * n * n));
    double const scale = 1 + square / n;
    // At the ends the bound is exact; rounding must not put it beyond.
    return {.lower = hits == 0 ? 0 : std::max(0.0, (middle - half) / scale),
            .upper = hits == trials ? 1 : std::min(1.0, (middle + half) / scale)};
}

MannWhitney mann_whitney(std::span<double const> sample, std::span<double const> reference) {
    if (sample.empty() || reference.empty()) return {};
    struct Value {
        double value;
        bool is_sample;
    };
    std::vector<Value> all;
    all.reserve(sample.size() + reference.size());
    for (double const value : sample) all.push_back({value, true});
    for (double const value : reference) all.push_back({value, false});
    std::sort(all.begin(), all.end(),
              [](auto const& a, auto const& b) { return a.value < b.value; });
    double ranks = 0;  // of the sample; equal values share the mean of their ranks
    double ties = 0;   // the sum of t^3 - t over groups of t equal values
    for (std::size_t begin = 0; begin < all.size();) {
        std::size_t end = begin;
        std::size_t of_sample = 0;
        while (end < all.size() && all[end].value == all[begin].value) {
            of_sample += all[end++].is_sample ? 1 : 0;
        }
        double const mean_rank = as_double(begin + 1 + end) / 2;
        double const count = as_double(end - begin);
        ranks += as_double(of_sample) * mean_rank;
        ties += count * count * count - count;
        begin = end;
    }
    double const n = as_double(sample.size());
    double const m = as_double(reference.size());
    MannWhitney result{.u = ranks - n * (n + 1) / 2};
    double const variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
    if (variance <= 0) return result;
    result.z = (result.u - n * m / 2 - 0.5) / std::sqrt(variance);
    result.p_greater = upper_tail(result.z);
    return result;
}

std::optional<double> quantile(std::span<double const> values, double q) {
    ASSERT(q >= 0 && q <= 1);
    if (values.empty()) return std::nullopt;
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    double const place = q * as_double(sorted.size() - 1);
    auto const below = static_cast<std::size_t>(place);
    auto const above = std::min(below + 1, sorted.size() - 1);
    double const share = place - as_double(below);
    return sorted[below] + share * (sorted[above] - sorted[below]);
}

double noise_of_medians(std::span<double const> values, std::size_t count) {
    if (values.size() < 4 || count == 0) return 0;
    double squares = 0;
    double splits = 0;
    // A block of a quarter still gives each hand two.
    for (std::size_t block = 1; block <= values.size() / 4; ++block) {
        std::array<std::vector<double>, 2> hands;
        for (std::size_t i = 0; i < values.size(); ++i) {
            hands.at(i / block % 2).push_back(values[i]);
        }
        auto const one = *median(hands[0]);
        auto const other = *median(hands[1]);
        if (one <= 0 || other <= 0) continue;
        squares += std::pow(std::log(one / other), 2);
        ++splits;
    }
    if (splits == 0) return 0;
    double const half = as_double(values.size()) / 2;
    return std::sqrt(squares / splits * half / as_double(count));
}

}  // namespace aipress::fleet

// The statistics that verdicts are made of. Pure, thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace aipress::fleet {

// 97.5 % of the standard normal distribution lie below it: a two-sided 95 %.
inline constexpr double kZ95 = 1.959963984540054;

struct Interval {
    double lower = 0;
    double upper = 1;
};
// Wilson's score interval of a proportion, without a correction for continuity: E. B. Wilson,
// "Probable inference, the law of succession, and statistical inference", J. Am. Stat. Assoc. 22
// (1927) 209-212; method 3 of R. G. Newcombe, "Two-sided confidence intervals for the single
// proportion", Statist. Med. 17 (1998) 857-872. Of no trials: [0, 1].
// REQUIRES: hits <= trials.
[[nodiscard]] Interval wilson_interval(std::uint64_t hits, std::uint64_t trials, double z = kZ95);

struct MannWhitney {
    double u = 0;          // pairs in which the sample's value is the larger, ties a half each
    double z = 0;          // how far that is above what chance gives, continuity corrected
    double p_greater = 1;  // by chance at least as far above: one-sided
};
// Mann and Whitney's test that `sample` is larger than `reference`: H. B. Mann, D. R. Whitney, "On
// a test of whether one of two random variables is stochastically larger than the other", Ann.
// Math. Stat. 18 (1947) 50-60. Normal approximation with the variance corrected for ties, as
// wilcox.test(exact = FALSE) of R and mannwhitneyu(method = "asymptotic") of SciPy: good from
// about 8 values a side on. An empty side, or all values equal: z = 0, p = 1.
[[nodiscard]] MannWhitney mann_whitney(std::span<double const> sample,
                                       std::span<double const> reference);

// The value below which the share `q` in [0, 1] lies, interpolated between neighbours: R's default,
// type 7 of R. J. Hyndman, Y. Fan, "Sample quantiles in statistical packages", Am. Stat. 50 (1996)
// 361-365. nullopt of nothing.
[[nodiscard]] std::optional<double> quantile(std::span<double const> values, double q);
[[nodiscard]] inline std::optional<double> median(std::span<double const> values) {
    return quantile(values, 0.5);
}

// How far apart the medians of two samples of one and the same thing are, from values in the order
// in which they were taken: these are dealt out to two hands in blocks of 1, 2, 3, ... in turn (so
// that a burst falls to one hand, and a drift to both), and the logarithms of the hands' ratios
// give their root mean square. For samples of `count` each: it shrinks with the root of their
// number. 0 of fewer than 4 values.
[[nodiscard]] double noise_of_medians(std::span<double const> values, std::size_t count);

}  // namespace aipress::fleet

#include "fleet/statistics.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace aipress::fleet {
namespace {

TEST(StatisticsTest, WilsonsIntervalIsThePublishedOne) {
    struct Case {
        std::uint64_t hits;
        std::uint64_t trials;
        double lower;
        double upper;
    };
    // Newcombe (1998), table I, method 3; the last is that of R's prop.test(1, 20, correct =
    // FALSE).
    for (auto const& [hits, trials, lower, upper] : {Case{81, 263, .2553, .3662},
                                                     {15, 148, .0624, .1605},
                                                     {0, 20, .0000, .1611},
                                                     {1, 29, .0061, .1718},
                                                     {1, 20, .0089, .2361}}) {
        auto const interval = wilson_interval(hits, trials);
        EXPECT_NEAR(interval.lower, lower, .00005) << hits << "/" << trials;
        EXPECT_NEAR(interval.upper, upper, .00005) << hits << "/" << trials;
    }
    EXPECT_EQ(wilson_interval(0, 0).lower, 0);
    EXPECT_EQ(wilson_interval(0, 0).upper, 1);
}

// Its ends solve the equation that it comes from: |p - x/n| = z * sqrt(p (1 - p) / n).
TEST(StatisticsTest, WilsonsIntervalInvertsTheScoreTest) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 2'000; ++i) {
        std::uint64_t const trials = 1 + random() % 5'000;
        std::uint64_t const hits = random() % (trials + 1);
        auto const interval = wilson_interval(hits, trials);
        double const n = static_cast<double>(trials);
        double const share = static_cast<double>(hits) / n;
        ASSERT_LE(0, interval.lower);
        ASSERT_LE(interval.lower, share);
        ASSERT_LE(share, interval.upper);
        ASSERT_LE(interval.upper, 1);
        auto const distance = [&](double p) {
            return std::abs(std::abs(p - share) - kZ95 * std::sqrt(p * (1 - p) / n));
        };
        ASSERT_LT(distance(interval.lower), 1e-9) << hits << "/" << trials;
        ASSERT_LT(distance(interval.upper), 1e-9) << hits << "/" << trials;
        // The same share of more trials is known better.
        auto const more = wilson_interval(hits * 4, trials * 4);
        ASSERT_GE(more.lower, interval.lower);
        ASSERT_LE(more.upper, interval.upper);
    }
}

TEST(StatisticsTest, MannAndWhitneysTestIsThatOfSciPyAndR) {
    // The example of scipy.stats.mannwhitneyu: U = 17, two-sided p = 0.11134688653314041.
    std::vector<double> const men{19, 22, 16, 29, 24};
    std::vector<double> const women{20, 11, 17, 12};
    auto const scipy = mann_whitney(men, women);
    EXPECT_EQ(scipy.u, 17);
    EXPECT_NEAR(2 * scipy.p_greater, 0.11134688653314041, 1e-12);

    // The example of wilcox.test with ties: Ozone in airquality, May and August, W = 127.5,
    // two-sided p = 0.0001208.
    std::vector<double> const may{41, 36, 12, 18, 28, 23, 19, 8, 7,  16, 11, 14,  18,
                                  14, 34, 6,  30, 11, 1,  11, 4, 32, 23, 45, 115, 37};
    std::vector<double> const august{39, 9,  16, 78, 35, 66, 122, 89,  110, 44, 28,  65, 22,
                                     59, 23, 31, 44, 21, 9,  45,  168, 73,  76, 118, 84, 85};
    EXPECT_EQ(mann_whitney(may, august).u, 127.5);
    auto const r = mann_whitney(august, may);
    EXPECT_EQ(r.u, 26 * 26 - 127.5);
    EXPECT_NEAR(2 * r.p_greater, 0.0001208, 0.00000005);

    // Hollander and Wolfe (1973), 69f, in the same place: W = 35.
    std::vector<double> const at_term{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    std::vector<double> const earlier{1.15, 0.88, 0.90, 0.74, 1.21};
    EXPECT_EQ(mann_whitney(at_term, earlier).u, 35);
    EXPECT_NEAR(mann_whitney(at_term, earlier).p_greater, 0.1223, 0.00005);
}

TEST(StatisticsTest, MannAndWhitneysTestSeesOrderAlone) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 500; ++i) {
        std::vector<double> sample;
        std::vector<double> reference;
        for (auto n = 1 + random() % 30; n > 0; --n) {
            sample.push_back(static_cast<double>(random() % 40));
        }
        for (auto n = 1 + random() % 30; n > 0; --n) {
            reference.push_back(static_cast<double>(random() % 40));
        }
        auto const one = mann_whitney(sample, reference);
        auto const other = mann_whitney(reference, sample);
        double const pairs = static_cast<double>(sample.size() * reference.size());
        ASSERT_EQ(one.u + other.u, pairs);
        ASSERT_GE(one.p_greater, 0);
        ASSERT_LE(one.p_greater, 1);
        double counted = 0;
        for (double const a : sample) {
            for (double const b : reference) counted += a > b ? 1 : (a == b ? 0.5 : 0);
        }
        ASSERT_EQ(one.u, counted);
        for (auto* const values : {&sample, &reference}) {
            for (double& value : *values) value = std::exp(value / 10);
        }
        ASSERT_EQ(mann_whitney(sample, reference).p_greater, one.p_greater);
    }
}

TEST(StatisticsTest, NothingAndEqualsSayNothing) {
    std::vector<double> const same(10, 7.0);
    EXPECT_EQ(mann_whitney({}, same).p_greater, 1);
    EXPECT_EQ(mann_whitney(same, {}).p_greater, 1);
    EXPECT_EQ(mann_whitney(same, same).p_greater, 1);
    EXPECT_EQ(mann_whitney(same, same).u, 50);
    EXPECT_EQ(median({}), std::nullopt);
}

TEST(StatisticsTest, QuantilesAreRsDefault) {
    std::vector<double> twenty;
    for (int i = 20; i > 0; --i) twenty.push_back(i);
    EXPECT_DOUBLE_EQ(*median(twenty), 10.5);
    EXPECT_DOUBLE_EQ(*quantile(twenty, .95), 19.05);
    EXPECT_DOUBLE_EQ(*quantile(std::vector<double>{4, 1, 3, 2}, .25), 1.75);
    EXPECT_DOUBLE_EQ(*quantile(std::vector<double>{3}, .95), 3);
    EXPECT_DOUBLE_EQ(*quantile(twenty, 1), 20);
    EXPECT_DOUBLE_EQ(*quantile(twenty, 0), 1);
}

TEST(StatisticsTest, TheNoiseOfMediansIsWhatTwoSamplesOfOneThingDiffer) {
    std::mt19937_64 random(4);
    auto const sample = [&](std::size_t count) {
        std::vector<double> values;
        for (; count > 0; --count) {
            values.push_back(100 * std::exp(0.4 * std::normal_distribution<>()(random)));
        }
        return values;
    };
    // What it says on the mean is what samples of as many differ.
    for (std::size_t const count : {10u, 40u}) {
        double said = 0;
        double differ = 0;
        constexpr int kTries = 2'000;
        for (int i = 0; i < kTries; ++i) {
            said += std::pow(noise_of_medians(sample(40), count), 2);
            differ += std::pow(std::log(*median(sample(count)) / *median(sample(count))), 2);
        }
        EXPECT_NEAR(std::sqrt(said / kTries), std::sqrt(differ / kTries), 0.03) << count;
    }
    EXPECT_EQ(noise_of_medians(std::vector<double>(20, 7.0), 10), 0);
    EXPECT_EQ(noise_of_medians(std::vector<double>{1, 9, 1}, 10), 0);
    // A drift falls to both hands.
    std::vector<double> drift;
    for (int i = 0; i < 40; ++i) drift.push_back(100 + i);
    EXPECT_LT(noise_of_medians(drift, 20), 0.1);
}

}  // namespace
}  // namespace aipress::fleet

#include "sandbox/monitoring.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/metric_aggregation.h"
#include "sandbox/time_series.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using testing::SandboxHost;

constexpr auto kMetric = "custom.googleapis.com/sites/load";

std::string at(int second) {
    return format_timestamp(std::chrono::seconds(second));
}

// The clock stands at one hour past 1970.
class MonitoringTest : public ::testing::Test {
protected:
    MonitoringTest() { clock_.advance(std::chrono::hours(1) - std::chrono::seconds(1)); }

    testing::FakeClock clock_;
    SandboxHost host_{clock_};
    std::string const api_ = "//monitoring.googleapis.com/v3/projects/sandbox-project/";

    static json::object series(std::string const& site, int second, json::object value,
                               std::string const& metric = kMetric) {
        return {{"metric", {{"type", metric}, {"labels", {{"site", site}}}}},
                {"resource", {{"type", "global"}, {"labels", {{"project_id", "sandbox-project"}}}}},
                {"points", {{{"interval", {{"endTime", at(second)}}}, {"value", value}}}}};
    }
    static json::object counter(std::string const& site, int start, int second, int value) {
        auto one = series(site, second, {{"int64Value", fmt::format("{}", value)}},
                          "custom.googleapis.com/requests");
        one["metricKind"] = "CUMULATIVE";
        one["points"].as_array()[0].as_object()["interval"].as_object()["startTime"] = at(start);
        return one;
    }
    testing::HttpAnswer create(json::array const& all) {
        return host_.post(api_ + "timeSeries", {{"timeSeries", all}});
    }
    testing::HttpAnswer list(std::string const& more, std::string const& metric = kMetric) {
        return host_.get(api_ + "timeSeries?filter=metric.type%3D%22" + metric + "%22" + more);
    }
    // "END=VALUE" of the points of one series.
    static std::vector<std::string> points(testing::HttpAnswer const& answer,
                                           std::size_t index = 0) {
        EXPECT_EQ(answer.status, 200) << answer.text;
        std::vector<std::string> found;
        auto const* const all = answer.body.as_object().if_contains("timeSeries");
        if (all == nullptr || all->as_array().size() <= index) return found;
        for (auto const& point : all->as_array()[index].at("points").as_array()) {
            auto const& value = point.at("value").as_object();
            auto const number = value.contains("int64Value")
                                    ? std::stod(value.at("int64Value").as_string().c_str())
                                    : value.at("doubleValue").to_number<double>();
            auto const end = parse_timestamp(point.at_pointer("/interval/endTime").as_string());
            found.push_back(fmt::format("{}={}", end->count() / 1'000'000'000, number));
        }
        return found;
    }
};

std::string const kHour =
    "&interval.startTime=1970-01-01T00:30:00Z&interval.endTime="
    "1970-01-01T01:00:00Z";
std::string const kMinute = "&aggregation.alignmentPeriod=60s&aggregation.perSeriesAligner=";

TEST_F(MonitoringTest, PointsAreReadBackTheNewestFirst) {
    for (int const second : {3000, 3030, 3540}) {
        ASSERT_EQ(create({series("a", second, {{"doubleValue", second / 10.0}})}).status, 200);
    }
    ASSERT_EQ(create({series("b", 3000, {{"doubleValue", 1}})}).status, 200);
    host_.restart();
    EXPECT_THAT(points(list(kHour)), ElementsAre("3540=354", "3030=303", "3000=300"));
    EXPECT_THAT(points(list(kHour), 1), ElementsAre("3000=1"));
    EXPECT_THAT(points(list("&interval.startTime=1970-01-01T00:50:00Z"
                            "&interval.endTime=1970-01-01T00:50:30Z")),
                ElementsAre("3030=303"));
    EXPECT_THAT(points(list("&interval.endTime=1970-01-01T00:50:00Z")), ElementsAre("3000=300"));
    auto const filtered = list("%20AND%20metric.labels.site%3D%22b%22" + kHour);
    EXPECT_THAT(points(filtered), ElementsAre("3000=1"));
    auto const others = list("%20AND%20resource.type%3D%22gce_instance%22" + kHour);
    EXPECT_THAT(points(others), ElementsAre());
    auto const headers = list("&view=HEADERS" + kHour);
    EXPECT_FALSE(headers.body.at_pointer("/timeSeries/0").as_object().contains("points"));
}

TEST_F(MonitoringTest, ListsPage) {
    for (auto const* const site : {"a", "b", "c"}) {
        ASSERT_EQ(create({series(site, 3000, {{"int64Value", "7"}})}).status, 200);
    }
    auto const first = list("&pageSize=2" + kHour);
    EXPECT_EQ(first.body.at("timeSeries").as_array().size(), 2U);
    auto const second = list(
        "&pageSize=2&pageToken=" + std::string(first.body.at("nextPageToken").as_string()) + kHour);
    EXPECT_EQ(second.body.at("timeSeries").as_array().size(), 1U);
    EXPECT_EQ(second.body.at_pointer("/timeSeries/0/metric/labels/site"), "c");
    EXPECT_FALSE(second.body.as_object().contains("nextPageToken"));
}

TEST_F(MonitoringTest, GaugesAreAlignedAndReduced) {
    for (auto const& [site, second, value] :
         {std::tuple("a", 3010, 1), std::tuple("a", 3020, 3), std::tuple("a", 3100, 5),
          std::tuple("b", 3030, 10)}) {
        ASSERT_EQ(create({series(site, second, {{"int64Value", fmt::format("{}", value)}})}).status,
                  200);
    }
    for (auto const& [aligner, expected] :
         {std::pair("ALIGN_MEAN", std::vector<std::string>{"3120=5", "3060=2"}),
          std::pair("ALIGN_MAX", std::vector<std::string>{"3120=5", "3060=3"}),
          std::pair("ALIGN_MIN", std::vector<std::string>{"3120=5", "3060=1"}),
          std::pair("ALIGN_SUM", std::vector<std::string>{"3120=5", "3060=4"}),
          std::pair("ALIGN_COUNT", std::vector<std::string>{"3120=1", "3060=2"})}) {
        EXPECT_EQ(points(list(kHour + kMinute + aligner)), expected) << aligner;
    }
    auto const total =
        list(kHour + kMinute + "ALIGN_MAX&aggregation.crossSeriesReducer=REDUCE_SUM");
    EXPECT_THAT(points(total), ElementsAre("3120=5", "3060=13"));
    EXPECT_EQ(total.body.at_pointer("/timeSeries/0/valueType"), "INT64");
    auto const by_site = list(kHour + kMinute +
                              "ALIGN_MAX&aggregation.crossSeriesReducer=REDUCE_MEAN"
                              "&aggregation.groupByFields=metric.labels.site");
    EXPECT_THAT(points(by_site, 1), ElementsAre("3060=10"));
    EXPECT_EQ(by_site.body.at_pointer("/timeSeries/1/metric/labels/site"), "b");
    EXPECT_EQ(list(kHour + kMinute + "ALIGN_RATE").status, 400);
    EXPECT_EQ(list(kHour + kMinute + "ALIGN_PERCENTILE_99").status, 400);
}

TEST_F(MonitoringTest, CountersHaveRatesAndDeltasAndMayBeginAnew) {
    ASSERT_EQ(create({counter("a", 2000, 2990, 100)}).status, 200);
    ASSERT_EQ(create({counter("a", 2000, 3050, 160)}).status, 200);
    ASSERT_EQ(create({counter("a", 3060, 3110, 30)}).status, 200);
    std::string const metric = "custom.googleapis.com/requests";
    std::string const span =
        "&interval.startTime=1970-01-01T00:50:00Z&interval.endTime="
        "1970-01-01T00:52:00Z";
    EXPECT_THAT(points(list(span + kMinute + "ALIGN_DELTA", metric)),
                ElementsAre("3120=30", "3060=60"));
    EXPECT_THAT(points(list(span + kMinute + "ALIGN_RATE", metric)),
                ElementsAre("3120=0.5", "3060=1"));
    EXPECT_EQ(list(span + kMinute + "ALIGN_MEAN", metric).status, 400);
}

TEST_F(MonitoringTest, PercentilesAreThoseOfDistributions) {
    json::object const distribution{
        {"count", "100"},
        {"bucketOptions", {{"explicitBuckets", {{"bounds", json::array{0, 100, 200}}}}}},
        {"bucketCounts", json::array{"0", "50", "50", "0"}}};
    ASSERT_EQ(create({series("a", 3010, {{"distributionValue", distribution}})}).status, 200);
    EXPECT_THAT(points(list(kHour + kMinute + "ALIGN_PERCENTILE_50")), ElementsAre("3060=100"));
    EXPECT_THAT(points(list(kHour + kMinute + "ALIGN_PERCENTILE_95")), ElementsAre("3060=190"));
    EXPECT_EQ(list(kHour + kMinute + "ALIGN_MEAN").status, 400);
}

// As dashboards ask: the 95th of a hundred values in two series, and of numbers.
TEST_F(MonitoringTest, DistributionsAreMergedAndReduced) {
    for (auto const* const site : {"a", "b"}) {
        bool const is_slow = *site == 'b';
        json::object const distribution{
            {"count", "50"},
            {"mean", is_slow ? 150 : 50},
            {"bucketOptions", {{"explicitBuckets", {{"bounds", json::array{0, 100, 200}}}}}},
            {"bucketCounts",
             is_slow ? json::array{"0", "0", "50", "0"} : json::array{"0", "50", "0", "0"}}};
        ASSERT_EQ(create({series(site, 3010, {{"distributionValue", distribution}})}).status, 200);
    }
    auto const query = kHour + kMinute + "ALIGN_SUM&aggregation.crossSeriesReducer=";
    EXPECT_THAT(points(list(query + "REDUCE_PERCENTILE_95")), ElementsAre("3060=190"));
    EXPECT_THAT(points(list(query + "REDUCE_MEAN")), ElementsAre("3060=100"));
    EXPECT_THAT(points(list(query + "REDUCE_COUNT")), ElementsAre("3060=2"));
    auto const merged = list(query + "REDUCE_SUM");
    auto const value = merged.body.at_pointer("/timeSeries/0/points/0/value/distributionValue");
    EXPECT_EQ(value.at("count"), "100");
    EXPECT_EQ(value.at("mean"), 100.0);
    EXPECT_EQ(value.at("bucketCounts"), (json::array{"0", "50", "50", "0"}));
    EXPECT_EQ(list(query + "REDUCE_MAX").status, 400);
}

TEST_F(MonitoringTest, FiltersMayLeaveOutAndAndQuoteLabels) {
    ASSERT_EQ(create({series("a", 3000, {{"doubleValue", 1}})}).status, 200);
    ASSERT_EQ(create({series("b", 3000, {{"doubleValue", 2}})}).status, 200);
    EXPECT_THAT(
        points(list("%20resource.type%3D%22global%22%20metric.label.%22site%22%3D%22b%22" + kHour)),
        ElementsAre("3000=2"));
}

// Google's own are there before the first point, and page before those of the users.
TEST_F(MonitoringTest, TheMetricsOfGooglesServicesAreDescribed) {
    ASSERT_EQ(create({series("a", 3000, {{"doubleValue", 1}})}).status, 200);
    auto const descriptors = api_ + "metricDescriptors";
    auto const latencies = host_.get(descriptors + "/run.googleapis.com/request_latencies").body;
    EXPECT_EQ(latencies.at("metricKind"), "DELTA");
    EXPECT_EQ(latencies.at("valueType"), "DISTRIBUTION");
    EXPECT_EQ(latencies.at("unit"), "ms");
    EXPECT_EQ(latencies.at("launchStage"), "GA");
    EXPECT_EQ(latencies.at_pointer("/labels/1/key"), "response_code_class");
    EXPECT_EQ(host_.remove(descriptors + "/run.googleapis.com/request_latencies").status, 400);
    auto const all = host_.get(descriptors).body.at("metricDescriptors").as_array();
    json::array paged;
    std::string token;
    do {
        auto const page = host_.get(descriptors + "?pageSize=7&pageToken=" + token).body;
        auto const& shown = page.at("metricDescriptors").as_array();
        paged.insert(paged.end(), shown.begin(), shown.end());
        auto const* const next = page.as_object().if_contains("nextPageToken");
        token = next == nullptr ? "" : std::string(next->as_string());
    } while (!token.empty());
    EXPECT_EQ(paged, all);
    EXPECT_EQ(paged.back().at("type"), kMetric);
}

TEST_F(MonitoringTest, WhatCannotBeWrittenIsNamedAndTheRestIsWritten) {
    auto const answer =
        create({series("a", 3000, {{"doubleValue", 1}}), series("b", 9000, {{"doubleValue", 1}}),
                series("c", 3000, {{"doubleValue", 1}}, "run.googleapis.com/x"),
                series("d", 3000, {{"int64Value", "1"}})});
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body.at_pointer("/error/details/0/successPointCount"), 1);
    EXPECT_THAT(points(list(kHour)), ElementsAre("3000=1"));
    EXPECT_EQ(create({series("a", 3000, {{"doubleValue", 2}})}).status, 400);
    EXPECT_EQ(create({}).status, 400);
    EXPECT_EQ(create({counter("a", 3000, 3000, 1)}).status, 400);
}

TEST_F(MonitoringTest, QueriesThatAreNotUnderstoodAreRefused) {
    std::string const base = api_ + "timeSeries?filter=";
    for (auto const* const filter :
         {"", "resource.type%3D%22global%22", "metric.type%3Dx%20OR%20metric.type%3Dy",
          "metric.type%3Dx%20AND%20group.id%3D1",
          "metric.type%3Dmonitoring.regex.full_match(%22a%22)", "metric.type%3D%22x"}) {
        EXPECT_EQ(host_.get(base + filter + kHour).status, 400) << filter;
    }
    EXPECT_EQ(list("").status, 400);
    EXPECT_EQ(list(kHour + "&aggregation.alignmentPeriod=30s&aggregation.perSeriesAligner="
                           "ALIGN_MEAN")
                  .status,
              400);
    EXPECT_EQ(list(kHour + "&aggregation.crossSeriesReducer=REDUCE_SUM").status, 400);
    EXPECT_EQ(list(kHour + kMinute + "ALIGN_STDDEV").status, 400);
}

TEST_F(MonitoringTest, DescriptorsAreMadeByHandOrByThePoint) {
    ASSERT_EQ(create({series("a", 3000, {{"doubleValue", 1}})}).status, 200);
    auto const descriptors = api_ + "metricDescriptors";
    auto const made = host_.get(descriptors + "/" + kMetric);
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("metricKind"), "GAUGE");
    EXPECT_EQ(made.body.at("valueType"), "DOUBLE");
    EXPECT_EQ(made.body.at_pointer("/labels/0/key"), "site");
    auto const by_hand = host_.post(descriptors, {{"type", "custom.googleapis.com/other"},
                                                  {"metricKind", "CUMULATIVE"},
                                                  {"valueType", "INT64"}});
    EXPECT_EQ(by_hand.status, 200) << by_hand.text;
    auto const own =
        host_.get(descriptors + "?filter=metric.type%3Dstarts_with(%22custom.googleapis.com/%22)");
    EXPECT_EQ(own.body.at("metricDescriptors").as_array().size(), 2U);
    auto const filtered =
        host_.get(descriptors + "?filter=metric.type%3Dstarts_with(%22custom.googleapis.com/o%22)");
    EXPECT_EQ(filtered.body.at("metricDescriptors").as_array().size(), 1U) << filtered.text;
    EXPECT_EQ(host_.remove(descriptors + "/" + kMetric).status, 200);
    EXPECT_EQ(host_.get(descriptors + "/" + kMetric).status, 404);
    EXPECT_THAT(points(list(kHour)), ElementsAre());
    EXPECT_EQ(host_
                  .post(descriptors, {{"type", "run.googleapis.com/x"},
                                      {"metricKind", "GAUGE"},
                                      {"valueType", "INT64"}})
                  .status,
              400);
}

}  // namespace
}  // namespace aipress::sandbox

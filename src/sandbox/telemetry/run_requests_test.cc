#include "sandbox/telemetry/run_requests.h"

#include <gtest/gtest.h>

#include "sandbox/distributions.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using run::ServedRequest;

constexpr auto* kService = "projects/shop-project/locations/europe-west1/services/shop";

// `second`: since the minute 100 past 1970.
ServedRequest request(int second, int status, double latency_seconds) {
    return {.id = "00112233445566778899aabbccddeeff",
            .time = WallTime(std::chrono::seconds(6000 + second)),
            .service = kService,
            .revision = "shop-00001-abc",
            .host = "shop-x-uc.a.run.app",
            .method = "POST",
            .path = "/cart?item=1",
            .protocol = "HTTP/1.1",
            .status = status,
            .latency_seconds = latency_seconds,
            .received_bytes = 321,
            .bytes = 1234,
            .remote = "127.0.0.1",
            .agent = "curl/8"};
}

TEST(RunRequestsTest, AnEntrySaysWhatWasAskedAndAnswered) {
    Project const project{.id = "shop-project", .number = "200000000002"};
    auto const entry = request_entry(project, request(3, 503, 0.1234));
    EXPECT_EQ(entry.at("logName"), "projects/shop-project/logs/run.googleapis.com%2Frequests");
    EXPECT_EQ(entry.at("severity"), "ERROR");
    EXPECT_EQ(entry.at("timestamp"), "1970-01-01T01:40:03Z");
    EXPECT_EQ(entry.at("insertId"), "00112233445566778899aabbccddeeff");
    EXPECT_EQ(entry.at("trace"), "projects/shop-project/traces/00112233445566778899aabbccddeeff");
    EXPECT_EQ(entry.at("resource"), (json::object{{"type", "cloud_run_revision"},
                                                  {"labels",
                                                   {{"project_id", "shop-project"},
                                                    {"location", "europe-west1"},
                                                    {"service_name", "shop"},
                                                    {"revision_name", "shop-00001-abc"},
                                                    {"configuration_name", "shop"}}}}));
    EXPECT_EQ(entry.at("httpRequest"),
              (json::object{{"requestMethod", "POST"},
                            {"requestUrl", "https://shop-x-uc.a.run.app/cart?item=1"},
                            {"requestSize", "321"},
                            {"status", 503},
                            {"responseSize", "1234"},
                            {"remoteIp", "127.0.0.1"},
                            {"latency", "0.123s"},
                            {"protocol", "HTTP/1.1"},
                            {"userAgent", "curl/8"}}));
}

TEST(RunRequestsTest, SeverityFollowsTheStatusAndATraceTheClient) {
    Project const project{.id = "p", .number = "1"};
    EXPECT_EQ(request_entry(project, request(0, 302, 0)).at("severity"), "INFO");
    EXPECT_EQ(request_entry(project, request(0, 404, 0)).at("severity"), "WARNING");
    auto traced = request(0, 200, 0);
    traced.trace = "0123456789abcdef0123456789abcdef/1;o=1";
    EXPECT_EQ(request_entry(project, traced).at("trace"),
              "projects/p/traces/0123456789abcdef0123456789abcdef");
    traced.trace = "no trace";
    EXPECT_EQ(request_entry(project, traced).at("trace"),
              "projects/p/traces/00112233445566778899aabbccddeeff");
}

TEST(RunRequestsTest, RequestsAreCountedByCodeAndMinute) {
    auto const measured = request_measurements({request(0, 200, 0.010), request(59, 200, 0.030),
                                                request(60, 200, 0.010), request(30, 404, 0.010)});
    ASSERT_EQ(measured.size(), 6U);
    auto const& count = measured[0];
    EXPECT_EQ(count.metric, "run.googleapis.com/request_count");
    EXPECT_EQ(count.project, "shop-project");
    EXPECT_EQ(count.from, std::chrono::seconds(6000));
    EXPECT_EQ(count.to, std::chrono::seconds(6060));
    EXPECT_EQ(count.value, whole_value(2));
    EXPECT_EQ(count.metric_labels,
              (json::object{{"response_code", "200"}, {"response_code_class", "2xx"}}));
    EXPECT_EQ(measured[2].from, std::chrono::seconds(6060));
    EXPECT_EQ(measured[4].metric_labels.at("response_code_class"), "4xx");
    auto const& latencies = measured[1].value.at("distributionValue").as_object();
    EXPECT_EQ(latencies.at("count"), "2");
    EXPECT_EQ(latencies.at("mean"), 20.0);
    EXPECT_EQ(latencies.at("sumOfSquaredDeviation"), 200.0);
    // 1.4 ^ 6 to 1.4 ^ 7 is 7.5 to 10.5 ms: the first finite bucket is number 1.
    auto const& counts = latencies.at("bucketCounts").as_array();
    EXPECT_EQ(counts.size(), 68U);
    EXPECT_EQ(counts[7], "1");
    EXPECT_EQ(counts[11], "1");  // 28.9 to 40.5 ms
}

TEST(RunRequestsTest, MergedDistributionsAreThoseOfAllValues) {
    ExponentialBuckets const buckets{.finite = 5, .growth = 2, .scale = 1};
    std::vector<double> const left{0.5, 1, 3, 1000};
    std::vector<double> const right{2, 7};
    auto all = left;
    all.insert(all.end(), right.begin(), right.end());
    auto const first = distribution_of(left, buckets);
    auto const second = distribution_of(right, buckets);
    auto const merged = merged_distribution({&first, &second});
    auto const expected = distribution_of(all, buckets);
    EXPECT_EQ(merged.at("bucketCounts"), expected.at("bucketCounts"));
    EXPECT_EQ(merged.at("bucketCounts"), (json::array{"1", "1", "2", "1", "0", "0", "1"}));
    EXPECT_EQ(merged.at("count"), "6");
    EXPECT_NEAR(merged.at("mean").as_double(), expected.at("mean").as_double(), 1e-9);
    EXPECT_NEAR(merged.at("sumOfSquaredDeviation").as_double(),
                expected.at("sumOfSquaredDeviation").as_double(), 1e-6);
}

}  // namespace
}  // namespace aipress::sandbox

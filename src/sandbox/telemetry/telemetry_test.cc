// What really happens in Cloud Run, Cloud SQL and Cloud Storage is in Cloud Monitoring and Cloud
// Logging, as a dashboard or a canary asks for it.
#include "sandbox/telemetry/telemetry.h"

#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "sandbox/run/web_server.h"
#include "sandbox/sql/server.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HttpAnswer;
using testing::HttpClient;
using testing::SandboxHost;

constexpr milliseconds kPatience{20'000};
constexpr auto* kRequestCount =
    "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\"";

std::string escaped(std::string_view text) {
    std::string result;
    for (char const letter : text) {
        result += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
    return result;
}

double number(json::object const& value) {
    if (auto const* const whole = value.if_contains("int64Value")) {
        return std::strtod(whole->as_string().c_str(), nullptr);
    }
    return value.at("doubleValue").to_number<double>();
}

// Time series of a sandbox.
class Metrics {
public:
    Metrics(SandboxHost& host, Clock const& clock) : host_(host), clock_(clock) {}

    // Of the hour before, and of the minute that has not ended.
    json::array series(std::string const& filter, std::string const& aggregation = "") {
        auto const now = nanoseconds_of(clock_.wall_now());
        auto const answer = host_.get(
            fmt::format("//monitoring.googleapis.com/v3/projects/sandbox-project/timeSeries"
                        "?filter={}&interval.startTime={}&interval.endTime={}{}",
                        escaped(filter),
                        format_timestamp(std::max(now - std::chrono::hours(1), Nanoseconds(0))),
                        format_timestamp(now + std::chrono::minutes(1)), aggregation));
        EXPECT_EQ(answer.status, 200) << answer.text;
        auto const* const found = answer.body.as_object().if_contains("timeSeries");
        return found == nullptr ? json::array() : found->as_array();
    }
    // All points of all series, added up.
    double total(std::string const& filter, std::string const& aggregation = "") {
        double sum = 0;
        for (auto const& one : series(filter, aggregation)) {
            for (auto const& point : one.at("points").as_array()) {
                sum += number(point.at("value").as_object());
            }
        }
        return sum;
    }
    // The newest point of the one series of a metric.
    double newest(std::string const& metric) {
        auto const found = series(fmt::format("metric.type=\"{}\"", metric));
        EXPECT_EQ(found.size(), 1U) << metric;
        return found.empty() ? -1 : number(found[0].at_pointer("/points/0/value").as_object());
    }

private:
    SandboxHost& host_;
    Clock const& clock_;
};

class TelemetryRunTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto const programs = run::find_web_programs();
        if (!programs.ok()) GTEST_SKIP() << programs.error().message();
        host_.emplace(clock_, SandboxOptions{.run_idle_time = milliseconds(1000)});
        json::object const service{
            {"template",
             {{"containers",
               json::array{json::object{{"image", "us-docker.pkg.dev/p/sites/wordpress:6"}}}}}}};
        auto const path =
            std::string("/v2/projects/sandbox-project/locations/us-central1/services");
        host_->post(path + "?serviceId=shop", service);
        auto const uri = host_->get(path + "/shop").body.at("uri");
        site_ = std::string(uri.as_string()).substr(std::string("https://").size());
    }
    int visit(std::string const& path) {
        auto const url = fmt::format("http://127.0.0.1:{}{}", host_->sandbox().web_port(), path);
        return client_.send({.verb = "GET", .url = url, .headers = {{"Host", site_}}}).status;
    }
    double count(std::string const& more = "") { return metrics().total(kRequestCount + more); }
    Metrics metrics() { return {*host_, clock_}; }
    // nginx writes a request down when it has answered it. More than that many are seen at once.
    void wait_for_requests(int expected) {
        auto const deadline = Deadline::after(clock_, kPatience);
        do {
            host_->sandbox().measure();
        } while (count() < expected && !deadline.passed(clock_));
        EXPECT_EQ(count(), expected);
    }
    json::array entries(std::string const& filter) {
        auto const answer = host_->post("//logging.googleapis.com/v2/entries:list",
                                        {{"resourceNames", json::array{"projects/sandbox-project"}},
                                         {"filter", filter},
                                         {"pageSize", 1000}});
        EXPECT_EQ(answer.status, 200) << answer.text;
        auto const* const found = answer.body.as_object().if_contains("entries");
        return found == nullptr ? json::array() : found->as_array();
    }

    SystemClock clock_;
    HttpClient client_;
    std::optional<SandboxHost> host_;
    std::string site_;
};

TEST_F(TelemetryRunTest, RequestsAreCountedOnceAndLogged) {
    for (int i = 0; i < 12; ++i) ASSERT_EQ(visit("/readme.html"), 200);
    for (int i = 0; i < 5; ++i) ASSERT_EQ(visit("/none.php"), 404);
    // WordPress has no database.
    for (int i = 0; i < 3; ++i) ASSERT_EQ(visit("/?p=1"), 500);
    wait_for_requests(20);
    host_->restart();
    ASSERT_EQ(visit("/readme.html"), 200);
    wait_for_requests(21);
    EXPECT_EQ(count(" AND metric.labels.response_code=\"200\""), 13);
    EXPECT_EQ(count(" AND metric.labels.response_code=\"404\""), 5);
    EXPECT_EQ(count(" AND metric.labels.response_code_class=\"5xx\""), 3);
    std::string const log =
        "logName=\"projects/sandbox-project/logs/run.googleapis.com%2Frequests\"";
    EXPECT_EQ(entries(log).size(), 21U);
    auto const missing =
        entries(log + " AND resource.labels.service_name=\"shop\" AND httpRequest.status=404");
    ASSERT_EQ(missing.size(), 5U);
    EXPECT_EQ(missing[0].at("severity"), "WARNING");
    EXPECT_EQ(missing[0].at_pointer("/httpRequest/requestUrl").as_string(),
              "https://" + site_ + "/none.php");
    EXPECT_EQ(entries(log + " AND severity>=ERROR").size(), 3U);
}

TEST_F(TelemetryRunTest, ACanaryAsksForItsErrorRateAndItsLatency) {
    for (int i = 0; i < 15; ++i) ASSERT_EQ(visit("/readme.html"), 200);
    for (int i = 0; i < 6; ++i) ASSERT_EQ(visit("/?p=1"), 500);
    wait_for_requests(21);
    std::string const five_minutes =
        "&aggregation.alignmentPeriod=300s&aggregation.groupByFields=resource.labels.service_name";
    std::string const sum = five_minutes +
                            "&aggregation.perSeriesAligner=ALIGN_RATE"
                            "&aggregation.crossSeriesReducer=REDUCE_SUM";
    std::string const errors = " AND metric.labels.response_code_class=\"5xx\"";
    auto const rate = metrics().series(kRequestCount + errors, sum);
    ASSERT_EQ(rate.size(), 1U);
    EXPECT_EQ(rate[0].at_pointer("/resource/labels/service_name"), "shop");
    EXPECT_DOUBLE_EQ(metrics().total(kRequestCount + errors, sum), 6.0 / 300);
    EXPECT_DOUBLE_EQ(metrics().total(kRequestCount, sum), 21.0 / 300);
    std::string const latencies =
        "metric.type=\"run.googleapis.com/request_latencies\" AND "
        "resource.labels.service_name=\"shop\"";
    for (auto const* const way : {"&aggregation.perSeriesAligner=ALIGN_PERCENTILE_95"
                                  "&aggregation.crossSeriesReducer=REDUCE_MAX",
                                  "&aggregation.perSeriesAligner=ALIGN_DELTA"
                                  "&aggregation.crossSeriesReducer=REDUCE_PERCENTILE_95"}) {
        auto const found = metrics().series(latencies, five_minutes + way);
        ASSERT_EQ(found.size(), 1U) << way;
        EXPECT_GT(number(found[0].at_pointer("/points/0/value").as_object()), 0) << way;
    }
    // The six went through PHP, which still runs: an instance that has just worked.
    EXPECT_GE(metrics().total("metric.type=\"run.googleapis.com/container/instance_count\" AND "
                              "metric.labels.state=\"active\""),
              1);
}

TEST_F(TelemetryRunTest, WhatPhpComplainsOfIsLogged) {
    auto const root = host_->data() / "run/revisions/r1/root";
    ASSERT_TRUE(fs::is_directory(root));
    std::ofstream(root / "complain.php") << "<?php error_log(\"one caf\\xe9\");"
                                            "error_log('two');";
    ASSERT_EQ(visit("/complain.php"), 200);
    wait_for_requests(1);
    host_->restart();
    host_->sandbox().measure();
    auto const found = entries(
        "logName=\"projects/sandbox-project/logs/run.googleapis.com%2Fstderr\" AND "
        "resource.labels.service_name=\"shop\"");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_THAT(std::string(found[0].at("textPayload").as_string()),
                ::testing::HasSubstr("one caf?"));
    EXPECT_THAT(std::string(found[1].at("textPayload").as_string()), ::testing::HasSubstr("two"));
}

// A full log is begun anew, and no request is lost or counted twice by that.
TEST_F(TelemetryRunTest, TheLogOfRequestsIsBounded) {
    ASSERT_EQ(visit("/readme.html"), 200);
    wait_for_requests(1);
    auto const log = host_->data() / "run/requests.jsonl";
    {
        std::ofstream file(log, std::ios::app);
        std::string const filler = std::string((1U << 20) - 1, ' ') + "\n";
        for (int i = 0; i < 65; ++i) file << filler;
    }
    ASSERT_EQ(visit("/readme.html"), 200);
    wait_for_requests(2);
    auto const deadline = Deadline::after(clock_, kPatience);
    int visits = 2;
    // nginx follows in its own time.
    while ((!fs::exists(log) || fs::file_size(log) == 0) && !deadline.passed(clock_)) {
        ASSERT_EQ(visit("/readme.html"), 200);
        ++visits;
        host_->sandbox().measure();
    }
    EXPECT_GT(fs::file_size(log), 0U);
    EXPECT_LT(fs::file_size(log), 1U << 20);
    wait_for_requests(visits);
}

TEST(TelemetryTest, BucketsAreMeasured) {
    testing::FakeClock clock;
    SandboxHost host(clock);
    Metrics metrics(host, clock);
    host.post("/storage/v1/b?project=sandbox-project",
              {{"name", "media"}, {"location", "us-central1"}});
    for (auto const* const name : {"a", "b"}) {
        host.call("POST",
                  fmt::format("/upload/storage/v1/b/media/o?uploadType=media&name={}", name),
                  "hello", {{"Content-Type", "text/plain"}});
    }
    host.sandbox().measure();
    EXPECT_EQ(metrics.newest("storage.googleapis.com/storage/object_count"), 2);
    EXPECT_EQ(metrics.newest("storage.googleapis.com/storage/total_bytes"), 10);
    auto const shown =
        metrics.series("metric.type=\"storage.googleapis.com/storage/total_bytes\"")[0];
    EXPECT_EQ(shown.at("resource"), (json::value{{"type", "gcs_bucket"},
                                                 {"labels",
                                                  {{"project_id", "sandbox-project"},
                                                   {"bucket_name", "media"},
                                                   {"location", "us-central1"}}}}));
    EXPECT_EQ(shown.at_pointer("/metric/labels/storage_class"), "STANDARD");
}

// By itself: the clock is all that moves.
TEST(TelemetryTest, EachMinuteIsSampled) {
    testing::FakeClock clock;
    SandboxHost host(clock);
    host.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    host.call("POST", "/upload/storage/v1/b/media/o?uploadType=media&name=a", "hello",
              {{"Content-Type", "text/plain"}});
    clock.advance(std::chrono::minutes(1));
    SystemClock real_time;
    auto const deadline = Deadline::after(real_time, kPatience);
    Metrics metrics(host, clock);
    std::string const filter = "metric.type=\"storage.googleapis.com/storage/object_count\"";
    while (metrics.series(filter).empty() && !deadline.passed(real_time)) {
    }
    auto const found = metrics.series(filter);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].at_pointer("/points/0/interval/endTime"), "1970-01-01T00:01:00Z");
}

TEST(TelemetryTest, ARunningInstanceOfCloudSqlSaysWhatItUsesAndAStoppedOneThatItIsDown) {
    if (!find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
    testing::FakeClock clock;
    SandboxHost host(clock);
    Metrics metrics(host, clock);
    std::string const instances = "/sql/v1beta4/projects/sandbox-project/instances";
    SystemClock real_time;
    auto const done = [&](HttpAnswer const& begun) {
        ASSERT_EQ(begun.status, 200) << begun.text;
        auto const path = "/sql/v1beta4/projects/sandbox-project/operations/" +
                          std::string(begun.body.at("name").as_string());
        auto const deadline = Deadline::after(real_time, milliseconds(60'000));
        while (host.get(path).body.at("status") != "DONE" && !deadline.passed(real_time)) {
            real_time.sleep_for(milliseconds(10), {});
        }
        ASSERT_EQ(host.get(path).body.at("status"), "DONE");
    };
    done(host.post(instances, {{"name", "wp-db"},
                               {"databaseVersion", "MYSQL_8_0"},
                               {"settings", {{"tier", "db-n1-standard-2"}}}}));
    clock.advance(std::chrono::seconds(30));
    host.sandbox().measure();
    std::string const prefix = "cloudsql.googleapis.com/database/";
    EXPECT_EQ(metrics.newest(prefix + "up"), 1);
    EXPECT_EQ(metrics.newest(prefix + "cpu/reserved_cores"), 2);
    EXPECT_GT(metrics.newest(prefix + "cpu/utilization"), 0);
    EXPECT_GT(metrics.newest(prefix + "memory/usage"), 1 << 20);
    EXPECT_GT(metrics.newest(prefix + "disk/bytes_used"), 1 << 20);
    EXPECT_GT(metrics.newest(prefix + "disk/utilization"), 0);
    EXPECT_GT(metrics.newest(prefix + "mysql/innodb_buffer_pool_pages_total"), 0);
    auto const first_questions = metrics.newest(prefix + "mysql/questions");
    EXPECT_GT(first_questions, 0);
    clock.advance(std::chrono::seconds(10));
    host.sandbox().measure();
    // Of the second sample only what was asked since the first: by the sampler, for it is alone.
    EXPECT_LT(metrics.newest(prefix + "mysql/questions"), 10);
    auto const shown = metrics.series("metric.type=\"" + prefix + "mysql/questions\"")[0];
    EXPECT_EQ(shown.at_pointer("/resource/labels/database_id"), "sandbox-project:wp-db");
    EXPECT_EQ(shown.at_pointer("/points/0/interval/startTime"),
              shown.at_pointer("/points/1/interval/endTime"));
    done(host.patch(instances + "/wp-db", {{"settings", {{"activationPolicy", "NEVER"}}}}));
    clock.advance(std::chrono::seconds(10));
    host.sandbox().measure();
    EXPECT_EQ(metrics.newest(prefix + "up"), 0);
}

}  // namespace
}  // namespace aipress::sandbox

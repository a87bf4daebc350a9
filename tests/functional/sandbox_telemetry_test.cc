// The requests of a site in Cloud Logging and Cloud Monitoring, when the sandbox is killed between
// them, and as gcloud reads them.
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/subprocess.h"
#include "sandbox/run/request_log.h"
#include "sandbox/run/serving.h"
#include "sandbox/run/web_server.h"
#include "sandbox/timestamps.h"
#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HttpClient;
using testing::must;
using testing::SandboxProcess;

constexpr milliseconds kPatience{20'000};
constexpr milliseconds kClientTime{120'000};
constexpr auto* kServices = "/v2/projects/sandbox-project/locations/us-central1/services";

std::pair<std::string, std::string> const kCredentials{"Authorization", "Bearer ya29.test"};

class SandboxTelemetryTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto const programs = sandbox::run::find_web_programs();
        if (!programs.ok()) GTEST_SKIP() << programs.error().message();
        auto const made = client_.send(
            {.verb = "POST",
             .url = sandbox_.url() + kServices + "?serviceId=shop",
             .body =
                 R"({"template":{"containers":[{"image":"us-docker.pkg.dev/p/s/wordpress:6"}]}})",
             .headers = {{"Content-Type", "application/json"}, kCredentials}});
        ASSERT_EQ(made.status, 200) << made.text;
        auto const service = get(std::string(kServices) + "/shop");
        site_ = std::string(service.at("uri").as_string()).substr(std::string("https://").size());
    }
    json::object get(std::string const& path) {
        auto const answer =
            client_.send({.verb = "GET", .url = sandbox_.url() + path, .headers = {kCredentials}});
        EXPECT_EQ(answer.status, 200) << answer.text;
        return answer.body.is_object() ? answer.body.as_object() : json::object();
    }
    int visit(std::string const& path) {
        auto const port = sandbox_.announcement().web_port;
        return client_
            .send({.verb = "GET",
                   .url = fmt::format("http://127.0.0.1:{}{}", port, path),
                   .headers = {{"Host", site_}}})
            .status;
    }
    // What nginx has written down.
    [[nodiscard]] std::size_t logged() const {
        auto const folder = sandbox::run::serving_folder(sandbox_.data());
        return sandbox::run::read_requests_since(folder, {}).requests.size();
    }
    // What Cloud Monitoring knows of, the minute that has not ended included.
    std::size_t counted() {
        auto const now = sandbox::nanoseconds_of(clock_.wall_now());
        auto const found = get(fmt::format(
            "/v3/projects/sandbox-project/timeSeries?filter=metric.type%3D%22run.googleapis.com/"
            "request_count%22&interval.startTime={}&interval.endTime={}",
            sandbox::format_timestamp(now - std::chrono::hours(1)),
            sandbox::format_timestamp(now + std::chrono::minutes(1))));
        std::size_t count = 0;
        auto const* const all = found.if_contains("timeSeries");
        if (all == nullptr) return 0;
        for (auto const& series : all->as_array()) {
            for (auto const& point : series.at("points").as_array()) {
                auto const& value = point.at_pointer("/value/int64Value").as_string();
                count += std::strtoul(value.c_str(), nullptr, 10);
            }
        }
        return count;
    }
    void wait_until_all_is_counted() {
        auto const deadline = Deadline::after(clock_, kPatience);
        while (counted() < logged() && !deadline.passed(clock_)) {
            clock_.sleep_for(milliseconds(20), {});
        }
        EXPECT_EQ(counted(), logged());
    }

    SystemClock clock_;
    SandboxProcess sandbox_;
    HttpClient client_;
    std::string site_;
};

TEST_F(SandboxTelemetryTest, KillsLoseNoRequestAndDoubleNone) {
    constexpr int kKills = 4;
    constexpr int kVisits = 60;
    std::size_t answered = 0;
    for (int kill = 0; kill < kKills; ++kill) {
        for (int i = 0; i < kVisits; ++i) {
            if (visit("/readme.html") == 200) ++answered;
        }
        sandbox_.kill();  // what was asked last is not in the store yet
        sandbox_.start();
    }
    EXPECT_EQ(answered, kKills * kVisits);
    wait_until_all_is_counted();
    // nginx is killed too, and may not have written its last line.
    EXPECT_LE(logged(), answered);
    EXPECT_GE(logged() + kKills, answered);
}

TEST_F(SandboxTelemetryTest, GcloudReadsTheLogOfRequests) {
    if (!fs::exists("/usr/bin/gcloud")) GTEST_SKIP() << "gcloud is not installed";
    ASSERT_EQ(visit("/readme.html"), 200);
    ASSERT_EQ(visit("/none.php"), 404);
    auto const deadline = Deadline::after(clock_, kPatience);
    while (counted() < 2 && !deadline.passed(clock_)) clock_.sleep_for(milliseconds(20), {});
    std::string const filter =
        "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"shop\" AND "
        "httpRequest.status=404";
    ProcessOptions options;
    options.arguments = {"gcloud", "logging", "read", filter,
                         "--format=value(severity,httpRequest.requestUrl)"};
    options.environment =
        sandbox_.environment(sandbox::Client::Gcloud, sandbox::ClientMode::Overrides);
    Context const context(clock_, Deadline::after(clock_, kClientTime), std::stop_token());
    auto const read = must(run_process(context, options));
    EXPECT_TRUE(read.status.success()) << read.standard_error;
    EXPECT_EQ(read.standard_output, "WARNING\thttps://" + site_ + "/none.php\n");
}

}  // namespace
}  // namespace aipress

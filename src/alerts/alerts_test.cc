#include "alerts/alerts.h"

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <mutex>
#include <sstream>
#include <thread>

#include "alerts/limits.h"
#include "base/free_port.h"
#include "http/server.h"
#include "testing/fake_clock.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::alerts {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;
using testing::test_context;

constexpr char const* kSecret = "T0001-xoxb-secret";

Alert rolled_back() {
    return {.id = "tenant-001/rollback/7",
            .severity = Severity::Critical,
            .tenant = "tenant-001",
            .what = "rolled back",
            .why = "error rate: 30 of 100 requests failed – limit 5 %",
            .next_command = "aipress tenant why tenant-001"};
}

class AlertsTest : public ::testing::Test {
protected:
    // Answers with each of these once, and then with the last.
    void start_webhook(std::vector<int> statuses) {
        statuses_ = std::move(statuses);
        server_.emplace(must(http::Server::start(
            {}, nullptr, [this](http::Request const& request, http::BodyReader& body) {
                std::lock_guard const lock(mutex_);
                keys_.emplace_back(request.headers.find("Idempotency-Key").value_or(""));
                bodies_.push_back(must(body.read_all(1u << 20)));
                http::Response response;
                response.status = statuses_[std::min(bodies_.size(), statuses_.size()) - 1];
                if (response.status == 0) {
                    response.status = 200;
                    response.cut.emplace();
                }
                return response;
            })));
    }
    [[nodiscard]] std::string webhook() const {
        return fmt::format("http://127.0.0.1:{}/services/{}", server_->port(), kSecret);
    }
    [[nodiscard]] Alerts open(std::string webhook) const {
        return must(Alerts::open({.file = file_, .webhook = std::move(webhook)}));
    }
    // Time costs none: only the pauses between attempts take it.
    [[nodiscard]] Context context() {
        return {clock_, Deadline::after(clock_, milliseconds(600'000)), {}};
    }
    [[nodiscard]] std::string text() const {
        std::stringstream all;
        all << std::ifstream(file_).rdbuf();
        return all.str();
    }
    [[nodiscard]] std::vector<json::object> lines() const {
        std::vector<json::object> all;
        std::ifstream file(file_);
        for (std::string line; std::getline(file, line);) {
            all.push_back(json::parse(line).as_object());
        }
        return all;
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    std::filesystem::path file_ = folder_ / "alerts.jsonl";
    testing::FakeClock clock_;
    std::mutex mutex_;  // of what follows
    std::vector<int> statuses_;
    std::vector<std::string> keys_;
    std::vector<std::string> bodies_;
    std::optional<http::Server> server_;
};

TEST_F(AlertsTest, AnAlertIsWrittenAndPosted) {
    start_webhook({204});
    auto alerts = open(webhook());
    auto const delivery = alerts.raise(context(), rolled_back());
    EXPECT_EQ(delivery.webhook, Delivery::Webhook::Taken);
    EXPECT_EQ(delivery.attempts, 1u);
    EXPECT_EQ(delivery.problem, "");
    ASSERT_EQ(bodies_.size(), 1u);
    auto const posted = json::parse(bodies_[0]).as_object();
    EXPECT_EQ(posted, (json::object{{"id", "tenant-001/rollback/7"},
                                    {"time", "1970-01-01T00:00:01.000Z"},
                                    {"severity", "critical"},
                                    {"tenant", "tenant-001"},
                                    {"what", "rolled back"},
                                    {"why", rolled_back().why},
                                    {"next_command", "aipress tenant why tenant-001"}}));
    EXPECT_THAT(keys_, ElementsAre("tenant-001/rollback/7"));
    auto const written = lines();
    ASSERT_EQ(written.size(), 2u);
    EXPECT_EQ(written[0], posted);
    EXPECT_EQ(written[1].at("webhook"), "taken");
}

TEST_F(AlertsTest, ALostAnswerIsAskedForAgainWithTheSameId) {
    start_webhook({0, 503, 429, 200});
    auto alerts = open(webhook());
    auto const delivery = alerts.raise(context(), rolled_back());
    EXPECT_EQ(delivery.webhook, Delivery::Webhook::Taken) << delivery.problem;
    EXPECT_EQ(delivery.attempts, 4u);
    ASSERT_EQ(bodies_.size(), 4u);
    for (std::size_t i = 1; i < bodies_.size(); ++i) {
        EXPECT_EQ(bodies_[i], bodies_[0]);
        EXPECT_EQ(keys_[i], keys_[0]);
    }
    // 250, 500 and 1,000 ms of pauses.
    EXPECT_EQ(clock_.now().time_since_epoch(), milliseconds(1'000 + 1'750));
}

TEST_F(AlertsTest, AWebhookThatFailsIsReportedWithoutItsSecret) {
    start_webhook({503});
    auto alerts = open(webhook());
    auto const delivery = alerts.raise(context(), rolled_back());
    EXPECT_EQ(delivery.webhook, Delivery::Webhook::Failed);
    EXPECT_EQ(delivery.attempts, limits::kAttempts);
    EXPECT_THAT(delivery.problem, HasSubstr("127.0.0.1"));
    EXPECT_THAT(delivery.problem, HasSubstr("answers 503"));
    auto const written = lines();
    ASSERT_EQ(written.size(), 2u);
    EXPECT_EQ(written[0].at("what"), "rolled back");
    EXPECT_EQ(written[1].at("webhook"), "failed");
    EXPECT_EQ(written[1].at("why"), json::string(delivery.problem));
    EXPECT_THAT(text() + delivery.problem, Not(HasSubstr(kSecret)));
}

TEST_F(AlertsTest, ARefusalIsNotRepeated) {
    start_webhook({404});
    auto alerts = open(webhook());
    EXPECT_EQ(alerts.raise(context(), rolled_back()).attempts, 1u);
}

TEST_F(AlertsTest, NobodyAtTheWebhookFailsNobody) {
    auto const port = must(free_port());
    auto alerts = open(fmt::format("http://user:{0}@127.0.0.1:{1}/{0}", kSecret, port));
    auto const delivery = alerts.raise(context(), rolled_back());
    EXPECT_EQ(delivery.webhook, Delivery::Webhook::Failed);
    EXPECT_EQ(delivery.problem, fmt::format("127.0.0.1:{}: UNAVAILABLE", port));
    EXPECT_THAT(text(), Not(HasSubstr(kSecret)));
}

TEST_F(AlertsTest, IsOnDiskAlsoWhenTheContextIsOver) {
    start_webhook({200});
    std::stop_source stop;
    stop.request_stop();
    auto alerts = open(webhook());
    auto const delivery =
        alerts.raise({clock_, Deadline::never(), stop.get_token()}, rolled_back());
    EXPECT_EQ(delivery.webhook, Delivery::Webhook::Failed);
    EXPECT_THAT(bodies_, ElementsAre());
    EXPECT_EQ(lines().at(0).at("id"), "tenant-001/rollback/7");
}

TEST_F(AlertsTest, AFullDiskIsReported) {
    auto alerts = must(Alerts::open({.file = "/dev/full"}));
    auto const delivery = alerts.raise(context(), rolled_back());
    EXPECT_THAT(delivery.problem, HasSubstr("writing the alerts' file /dev/full"));
    EXPECT_EQ(delivery.webhook, Delivery::Webhook::None);
}

TEST_F(AlertsTest, LinesOfSeveralStayWhole) {
    auto first = open("");
    auto second = open("");
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            auto alert = rolled_back();
            alert.why = std::string(9'000, 'x');
            for (int n = 0; n < 10; ++n) {
                alert.id = fmt::format("{}-{}", i, n);
                EXPECT_EQ((i % 2 == 0 ? first : second).raise(test_context(), alert).problem, "");
            }
        });
    }
    threads.clear();
    auto const written = lines();
    EXPECT_EQ(written.size(), 40u);
    EXPECT_EQ(written[0].at("why").as_string().size(), limits::kTextBytes + 3);
}

TEST_F(AlertsTest, WhatCannotBeIsRefused) {
    EXPECT_THAT(Alerts::open({.webhook = "hooks.test/x"}), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(Alerts::open({.webhook = "https://"}), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(Alerts::open({.file = folder_ / "no" / "such"}), HasCode(ErrorCode::NotFound));
}

}  // namespace
}  // namespace aipress::alerts

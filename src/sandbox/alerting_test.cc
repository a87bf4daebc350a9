// Alert policies, notification channels and uptime checks, as clients keep them here.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::SandboxHost;

class AlertingTest : public ::testing::Test {
protected:
    static json::object policy(std::string const& name) {
        json::object const condition{{"displayName", "5xx"},
                                     {"conditionThreshold",
                                      {{"filter",
                                        "resource.type=\"cloud_run_revision\" AND "
                                        "metric.type=\"run.googleapis.com/request_count\""},
                                       {"comparison", "COMPARISON_GT"},
                                       {"thresholdValue", 1},
                                       {"duration", "300s"}}}};
        return {{"displayName", name}, {"conditions", json::array{condition}}};
    }
    static json::object uptime() {
        return {{"displayName", "site"},
                {"monitoredResource",
                 {{"type", "uptime_url"}, {"labels", {{"host", "tenant-001.aipress.io"}}}}},
                {"httpCheck", {{"path", "/"}, {"useSsl", true}}}};
    }
    static std::string name_of(testing::HttpAnswer const& answer) {
        EXPECT_EQ(answer.status, 200) << answer.text;
        return std::string(answer.body.at("name").as_string());
    }

    testing::FakeClock clock_;
    SandboxHost host_{clock_};
    std::string const root_ = "//monitoring.googleapis.com/v3/";
    std::string const project_ = root_ + "projects/sandbox-project/";
};

TEST_F(AlertingTest, APolicyIsKeptChangedAndDeleted) {
    auto const made = host_.post(project_ + "alertPolicies", policy("errors"));
    auto const name = name_of(made);
    EXPECT_TRUE(name.starts_with("projects/sandbox-project/alertPolicies/")) << name;
    EXPECT_EQ(made.body.at("combiner"), "OR");
    EXPECT_EQ(made.body.at("enabled"), true);
    EXPECT_EQ(made.body.at_pointer("/conditions/0/name").as_string(), name + "/conditions/1");
    auto const created = made.body.at("creationRecord");
    host_.restart();
    clock_.advance(std::chrono::seconds(5));
    auto const changed = host_.patch(root_ + name + "?updateMask=enabled,user_labels",
                                     {{"enabled", false},
                                      {"displayName", "not in the mask"},
                                      {"userLabels", {{"tenant", "1"}}}});
    EXPECT_EQ(changed.status, 200) << changed.text;
    auto const read = host_.get(root_ + name).body;
    EXPECT_EQ(read, changed.body);
    EXPECT_EQ(read.at("enabled"), false);
    EXPECT_EQ(read.at("displayName"), "errors");
    EXPECT_EQ(read.at_pointer("/userLabels/tenant"), "1");
    EXPECT_EQ(read.at("creationRecord"), created);
    EXPECT_NE(read.at("mutationRecord"), created);
    EXPECT_EQ(host_.remove(root_ + name).status, 200);
    EXPECT_EQ(host_.get(root_ + name).status, 404);
    EXPECT_EQ(host_.remove(root_ + name).status, 404);
}

TEST_F(AlertingTest, ListsFilterAndPage) {
    for (auto const* const name : {"a", "b", "c"}) {
        name_of(host_.post(project_ + "alertPolicies", policy(name)));
    }
    auto const first = host_.get(project_ + "alertPolicies?pageSize=2").body;
    EXPECT_EQ(first.at("alertPolicies").as_array().size(), 2U);
    EXPECT_EQ(first.at("totalSize"), 3);
    auto const token = std::string(first.at("nextPageToken").as_string());
    auto const second = host_.get(project_ + "alertPolicies?pageSize=2&pageToken=" + token).body;
    EXPECT_EQ(second.at_pointer("/alertPolicies/0/displayName"), "c");
    EXPECT_FALSE(second.as_object().contains("nextPageToken"));
    auto const filtered = host_.get(project_ + "alertPolicies?filter=displayName%3D%22b%22").body;
    EXPECT_EQ(filtered.at("alertPolicies").as_array().size(), 1U);
    EXPECT_FALSE(
        host_.get(project_ + "notificationChannels").body.as_object().contains("alertPolicies"));
}

TEST_F(AlertingTest, ChannelsAndUptimeChecksAreKept) {
    auto const channel = name_of(host_.post(
        project_ + "notificationChannels",
        {{"type", "email"}, {"displayName", "ops"}, {"labels", {{"email_address", "o@x.test"}}}}));
    auto const changed =
        host_.patch(root_ + channel + "?updateMask=displayName", {{"displayName", "night"}}).body;
    EXPECT_EQ(changed.at("displayName"), "night");
    EXPECT_EQ(changed.at_pointer("/labels/email_address"), "o@x.test");
    EXPECT_EQ(changed.at("mutationRecords").as_array().size(), 1U);
    auto const made = host_.post(project_ + "uptimeCheckConfigs", uptime());
    auto const check = name_of(made);
    EXPECT_EQ(made.body.at("period"), "60s");
    EXPECT_EQ(made.body.at("timeout"), "10s");
    host_.patch(root_ + check + "?updateMask=period", json::object{{"period", "300s"}});
    EXPECT_EQ(host_.get(root_ + check).body.at("period"), "300s");
    EXPECT_EQ(host_.get(project_ + "uptimeCheckConfigs").body.at_pointer("/totalSize"), 1);
    EXPECT_EQ(host_.remove(root_ + check).status, 200);
    EXPECT_EQ(host_.get(root_ + check).status, 404);
    EXPECT_EQ(host_.get(root_ + channel).status, 200);
    EXPECT_EQ(host_.remove(root_ + channel).status, 200);
    EXPECT_EQ(host_.get(root_ + channel).status, 404);
}

TEST_F(AlertingTest, WhatIsNoPolicyChannelOrCheckIsRefused) {
    auto without_conditions = policy("x");
    without_conditions.erase("conditions");
    auto odd_period = uptime();
    odd_period["period"] = "61s";
    auto two_checks = uptime();
    two_checks["tcpCheck"] = json::object{{"port", 80}};
    for (auto const& [kind, record] :
         {std::pair("alertPolicies", without_conditions), std::pair("alertPolicies", policy("")),
          std::pair("notificationChannels", json::object{{"displayName", "no type"}}),
          std::pair("uptimeCheckConfigs", odd_period),
          std::pair("uptimeCheckConfigs", two_checks)}) {
        EXPECT_EQ(host_.post(project_ + kind, record).status, 400) << record;
    }
    auto const name = name_of(host_.post(project_ + "alertPolicies", policy("x")));
    EXPECT_EQ(host_.patch(root_ + name + "?updateMask=conditions", json::object()).status, 400);
    EXPECT_EQ(host_.get(root_ + name).body.at("conditions").as_array().size(), 1U);
}

}  // namespace
}  // namespace aipress::sandbox

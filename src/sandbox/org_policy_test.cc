#include "sandbox/org_policy.h"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "sandbox/projects.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::SandboxHost;

constexpr auto kKeys = "iam.disableServiceAccountKeyCreation";

json::object enforce(bool enforced) {
    return {{"rules", {{{"enforce", enforced}}}}};
}

class OrgPolicyTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const root_ = "//orgpolicy.googleapis.com/v2/";
    std::string const project_ = "projects/sandbox-project";
    std::string const organization_{kOrganization};

    testing::HttpAnswer set(std::string const& parent, std::string const& constraint,
                            json::object const& spec) {
        return host_.post(root_ + parent + "/policies",
                          {{"name", parent + "/policies/" + constraint}, {"spec", spec}});
    }
    // The effective rule.
    std::string effective(std::string const& constraint) {
        auto const answer =
            host_.get(root_ + project_ + "/policies/" + constraint + ":getEffectivePolicy");
        EXPECT_EQ(answer.status, 200) << answer.text;
        return json::serialize(answer.body.at_pointer("/spec/rules/0"));
    }
};

TEST_F(OrgPolicyTest, APolicyIsMadeReadChangedAndDeleted) {
    auto const path = root_ + project_ + "/policies/" + kKeys;
    EXPECT_EQ(host_.get(path).status, 404);
    auto const made = set(project_, kKeys, enforce(false));
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("etag"), made.body.at_pointer("/spec/etag"));
    EXPECT_TRUE(made.body.at("spec").as_object().contains("updateTime"));
    EXPECT_EQ(set(project_, kKeys, enforce(false)).status, 409);
    host_.restart();
    EXPECT_EQ(host_.get(path).body, made.body);

    auto const changed = host_.patch(path + "?updateMask=policy.spec", {{"spec", enforce(true)}});
    ASSERT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.body.at_pointer("/spec/rules/0/enforce"), true);
    auto const stale = host_.patch(path, made.body);
    EXPECT_EQ(stale.status, 409);
    EXPECT_EQ(stale.body.at_pointer("/error/status"), "ABORTED");
    auto const old_etag = std::string(made.body.at("etag").as_string());
    EXPECT_EQ(host_.remove(path + "?etag=" + old_etag.substr(0, 3)).status, 409);
    EXPECT_EQ(host_.remove(path).status, 200);
    EXPECT_EQ(host_.remove(path).status, 404);
}

TEST_F(OrgPolicyTest, AMaskedPatchLeavesTheOtherSpec) {
    ASSERT_EQ(set(project_, kKeys, enforce(true)).status, 200);
    auto const path = root_ + project_ + "/policies/" + kKeys;
    auto const changed =
        host_.patch(path + "?updateMask=policy.dryRunSpec", {{"dryRunSpec", enforce(false)}});
    ASSERT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.body.at_pointer("/spec/rules/0/enforce"), true);
    EXPECT_EQ(changed.body.at_pointer("/dryRunSpec/rules/0/enforce"), false);
    auto const whole = host_.patch(path, {{"spec", enforce(true)}});
    EXPECT_FALSE(whole.body.as_object().contains("dryRunSpec"));
}

TEST_F(OrgPolicyTest, TheNearestPolicyIsEffective) {
    EXPECT_EQ(effective(kKeys), R"({"enforce":false})");
    ASSERT_EQ(set(organization_, kKeys, enforce(true)).status, 200);
    EXPECT_EQ(effective(kKeys), R"({"enforce":true})");
    ASSERT_EQ(set(project_, kKeys, {{"reset", true}}).status, 200);
    EXPECT_EQ(effective(kKeys), R"({"enforce":false})");

    auto const* const places = "gcp.resourceLocations";
    EXPECT_EQ(effective(places), R"({"allowAll":true})");
    ASSERT_EQ(set(organization_, places,
                  {{"rules", {{{"values", {{"allowedValues", json::array{"in:eu-locations"}}}}}}}})
                  .status,
              200);
    ASSERT_EQ(set(project_, places,
                  {{"inheritFromParent", true},
                   {"rules", {{{"values", {{"deniedValues", json::array{"europe-west9"}}}}}}}})
                  .status,
              200);
    EXPECT_EQ(
        effective(places),
        R"({"values":{"allowedValues":["in:eu-locations"],"deniedValues":["europe-west9"]}})");
}

TEST_F(OrgPolicyTest, AnEnforcedConstraintStopsKeys) {
    ASSERT_EQ(set(organization_, kKeys, enforce(true)).status, 200);
    auto const refused = host_.post(
        "//iam.googleapis.com/v1/projects/-/serviceAccounts/"
        "default@sandbox-project.iam.gserviceaccount.com/keys",
        json::object());
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.body.at_pointer("/error/message"),
              "Key creation is not allowed on this service account.");
}

TEST_F(OrgPolicyTest, ListsPage) {
    for (auto const* const name : {"custom.a", "custom.b", "custom.c"}) {
        ASSERT_EQ(set(project_, name, enforce(true)).status, 200);
    }
    auto const path = root_ + project_ + "/policies?pageSize=2";
    auto const first = host_.get(path);
    EXPECT_EQ(first.body.at("policies").as_array().size(), 2U);
    auto const second =
        host_.get(path + "&pageToken=" + std::string(first.body.at("nextPageToken").as_string()));
    EXPECT_EQ(second.body.at("policies").as_array().size(), 1U);
    EXPECT_FALSE(second.body.as_object().contains("nextPageToken"));
    std::size_t constraints = 0;
    std::string token;
    do {
        auto const page =
            host_.get(root_ + project_ + "/constraints?pageSize=5&pageToken=" + token);
        ASSERT_EQ(page.status, 200) << page.text;
        constraints += page.body.at("constraints").as_array().size();
        auto const* const next = page.body.as_object().if_contains("nextPageToken");
        token = next == nullptr ? "" : std::string(next->as_string());
    } while (!token.empty());
    EXPECT_EQ(constraints, 16U);
}

TEST_F(OrgPolicyTest, WhatAConstraintDoesNotAllowIsRefused) {
    EXPECT_EQ(set(project_, "no.suchConstraint", enforce(true)).status, 404);
    EXPECT_EQ(set("projects/no-such", kKeys, enforce(true)).status, 403);
    EXPECT_EQ(set("folders/12", kKeys, enforce(true)).status, 403);
    EXPECT_EQ(set(project_, kKeys, {{"rules", {{{"allowAll", true}}}}}).status, 400);
    EXPECT_EQ(set(project_, kKeys, json::object()).status, 400);
    EXPECT_EQ(set(project_, "gcp.resourceLocations", enforce(true)).status, 400);
    EXPECT_EQ(set(project_, kKeys, {{"reset", true}, {"rules", {{{"enforce", true}}}}}).status,
              400);
}

}  // namespace
}  // namespace aipress::sandbox

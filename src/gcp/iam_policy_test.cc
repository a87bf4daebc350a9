#include "gcp/iam_policy.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include "testing/fake_clock.h"
#include "testing/scripted_transport.h"
#include "testing/status_matchers.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;
using testing::HasCode;
using testing::IsOk;

IamBinding const kReader{.role = "roles/r", .member = "user:a"};

IamBinding conditional(IamBinding binding) {
    binding.condition = {{"title", "t"}, {"expression", "e"}};
    return binding;
}

TEST(IamPolicyTest, ABindingIsThereOnceAndGoesWithItsLastMember) {
    auto policy = json::parse(R"({"etag": "x"})").as_object();
    EXPECT_TRUE(add_binding(policy, kReader));
    EXPECT_FALSE(add_binding(policy, kReader));
    EXPECT_TRUE(add_binding(policy, {.role = "roles/r", .member = "user:b"}));
    EXPECT_EQ(policy, json::parse(R"({"etag": "x", "bindings": [
                          {"role": "roles/r", "members": ["user:a", "user:b"]}]})"));
    EXPECT_TRUE(remove_binding(policy, kReader));
    EXPECT_FALSE(remove_binding(policy, kReader));
    EXPECT_TRUE(remove_binding(policy, {.role = "roles/r", .member = "user:b"}));
    EXPECT_EQ(policy, json::parse(R"({"etag": "x", "bindings": []})"));
}

TEST(IamPolicyTest, AnotherConditionIsAnotherBinding) {
    json::object policy;
    EXPECT_TRUE(add_binding(policy, kReader));
    EXPECT_TRUE(add_binding(policy, conditional(kReader)));
    EXPECT_EQ(policy.at("bindings").as_array().size(), 2U);
    EXPECT_EQ(policy.at("version"), 3);
    EXPECT_TRUE(remove_binding(policy, kReader));
    EXPECT_FALSE(add_binding(policy, conditional(kReader)));
}

TEST(IamPolicyTest, WhoeverWasFasterIsNotOverwritten) {
    testing::FakeClock clock;
    testing::ScriptedTransport transport;
    auto const tokens = make_fixed_token("t");
    QuotaBroker quotas(clock);
    Connection const connection(transport, *tokens, quotas, {});
    Context const context(clock, Deadline::after(clock, std::chrono::minutes(10)), {});
    auto const change = [&] {
        return change_policy(connection, context,
                             policy_calls("run.googleapis.com", "/v2/x", "GET"),
                             [](json::object& policy) { return add_binding(policy, kReader); });
    };
    transport.then_answer(200, R"({"etag": "1"})");
    transport.then_answer(409, R"({"error": {"code": 409, "status": "ABORTED"}})");
    transport.then_answer(200, R"({"etag": "2", "bindings": [
        {"role": "roles/r", "members": ["user:b"]}]})");
    transport.then_answer(200);
    EXPECT_THAT(change(), IsOk());
    EXPECT_EQ(json::parse(transport.requests().back().body), json::parse(R"({"policy": {
        "etag": "2", "bindings": [{"role": "roles/r", "members": ["user:b", "user:a"]}]}})"));
    transport.then_answer(200);
    transport.then_answer(403);
    EXPECT_THAT(change(), HasCode(ErrorCode::PermissionDenied));
    EXPECT_EQ(transport.requests().size(), 6U);
}

}  // namespace
}  // namespace aipress::gcp

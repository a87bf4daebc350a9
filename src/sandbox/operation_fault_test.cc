// Operations that go wrong on purpose, as clients of each API see them.
#include "sandbox/operation_fault.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/projects.h"
#include "testing/fake_clock.h"
#include "testing/faulty_sandbox.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::FaultySandbox;
using ::testing::HasSubstr;
using testing::HttpAnswer;

constexpr std::string_view kCompute =
    "//compute.googleapis.com/compute/v1/projects/sandbox-project/global";

std::string rule(std::string_view kind, std::string_view method, std::string_view more = "") {
    return fmt::format(R"({{"kind": "{}", "method": "{}", "at": [1]{}}})", kind, method, more);
}

json::value started(FaultySandbox& sandbox, HttpAnswer const& answer, std::string_view before) {
    EXPECT_EQ(answer.status, 200) << answer.text;
    auto const name = std::string(answer.body.at("name").as_string());
    return sandbox.host().get(fmt::format("{}{}", before, name)).body;
}

TEST(OperationFaultTest, AFailedOperationOfResourceManagerHasDoneNothing) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock, rule("failed_operation", "cloudresourcemanager.projects.create"));
    auto& host = sandbox.host();
    json::object const wanted{{"projectId", "tenant-001"}};
    auto const failed = started(sandbox, host.post("/v3/projects", wanted), "/v3/");
    EXPECT_EQ(failed.at("done"), true);
    EXPECT_EQ(failed.at_pointer("/error/code"), 13);
    EXPECT_FALSE(failed.as_object().contains("response"));
    EXPECT_EQ(host.get("/v3/projects/tenant-001").status, 403);
    auto const made = started(sandbox, host.post("/v3/projects", wanted), "/v3/");
    EXPECT_TRUE(made.as_object().contains("response"));
    EXPECT_EQ(host.get("/v3/projects/tenant-001").status, 200);
    EXPECT_EQ(sandbox.journaled_faults().at(0), "failed_operation");
}

TEST(OperationFaultTest, AProjectTooManyIsAQuotaFailure) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock, rule("project_quota", "cloudresourcemanager.projects.create"));
    auto& host = sandbox.host();
    auto const begun = host.post("/v3/projects", {{"projectId", "tenant-001"}});
    auto const failed = started(sandbox, begun, "/v3/");
    EXPECT_EQ(failed.at_pointer("/error/code"), 8);
    EXPECT_EQ(failed.at_pointer("/error/details/0/@type"),
              "type.googleapis.com/google.rpc.QuotaFailure");
    EXPECT_EQ(host.get("/v3/projects/tenant-001").status, 403);
}

// What is wrong with the request is said as ever: no operation begins.
TEST(OperationFaultTest, ARequestThatIsRefusedMeetsNone) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock, rule("failed_operation", "cloudresourcemanager.projects.create"));
    EXPECT_EQ(sandbox.host().post("/v3/projects", {{"projectId", "X"}}).status, 400);
    EXPECT_THAT(sandbox.journaled_faults(), ::testing::ElementsAre(""));
}

TEST(OperationFaultTest, AProjectIsHalfMade) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock, rule("half_made", "cloudresourcemanager.projects.create"));
    auto& host = sandbox.host();
    auto const begun = host.post("/v3/projects", {{"projectId", "tenant-001"}});
    EXPECT_EQ(started(sandbox, begun, "/v3/").at_pointer("/error/code"), 13);
    EXPECT_EQ(host.get("/v3/projects/tenant-001").body.at("state"), "ACTIVE");
    EXPECT_EQ(host.post("/v3/projects", {{"projectId", "tenant-001"}}).status, 409);
    auto const billing =
        host.put("/v1/projects/tenant-001/billingInfo", {{"billingAccountName", kBillingAccount}});
    EXPECT_EQ(billing.status, 400);
    EXPECT_EQ(billing.body.at_pointer("/error/status"), "FAILED_PRECONDITION");
    for (auto const* const path : {"/v1/projects/tenant-001/services/dns.googleapis.com:enable",
                                   "/v1/projects/tenant-001/services:batchEnable"}) {
        auto const enabled = host.call(
            "POST", path,
            std::string_view(path).ends_with("batchEnable") ? R"({"serviceIds": ["a.b"]})" : "{}");
        EXPECT_EQ(enabled.body.at_pointer("/error/status"), "FAILED_PRECONDITION") << enabled.text;
    }
    EXPECT_EQ(host.remove("/v3/projects/tenant-001").status, 200);
    host.restart();
    EXPECT_EQ(host.get("/v3/projects/tenant-001").body.at("state"), "DELETE_REQUESTED");
}

TEST(OperationFaultTest, ASlowOperationIsDoneLater) {
    testing::FakeClock clock;
    FaultySandbox sandbox(
        clock,
        rule("slow_operation", "cloudresourcemanager.folders.create", R"(, "delay_ms": 5000)") +
            "," + rule("slow_operation", "compute.networks.insert", R"(, "delay_ms": 5000)"));
    auto& host = sandbox.host();
    auto const folder =
        host.post("/v3/folders", {{"displayName", "tenants"}, {"parent", kOrganization}});
    auto const network = host.post(fmt::format("{}/networks", kCompute),
                                   {{"name", "n"}, {"autoCreateSubnetworks", false}});
    auto const operations = fmt::format("{}/operations/", kCompute);
    EXPECT_FALSE(started(sandbox, folder, "/v3/").as_object().contains("done"));
    EXPECT_NE(started(sandbox, network, operations).at("status"), "DONE");
    clock.advance(milliseconds(5'001));
    EXPECT_EQ(started(sandbox, folder, "/v3/").at("done"), true);
    EXPECT_EQ(started(sandbox, network, operations).at("status"), "DONE");
}

TEST(OperationFaultTest, AFailedOperationOfComputeSaysSoWhenItIsDone) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock, rule("failed_operation", "compute.networks.*"));
    auto& host = sandbox.host();
    auto const begun = host.post(fmt::format("{}/networks", kCompute),
                                 {{"name", "n"}, {"autoCreateSubnetworks", false}});
    EXPECT_FALSE(begun.body.as_object().contains("error")) << begun.text;
    auto const failed = started(sandbox, begun, fmt::format("{}/operations/", kCompute));
    EXPECT_EQ(failed.at("status"), "DONE");
    EXPECT_EQ(failed.at_pointer("/error/errors/0/code"), "INTERNAL_ERROR");
    EXPECT_EQ(failed.at("httpErrorStatusCode"), 500);
    EXPECT_EQ(host.get(fmt::format("{}/networks/n", kCompute)).status, 404);
}

TEST(OperationFaultTest, AFailedOperationOfCloudSqlLeavesTheInstanceFree) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock, rule("failed_operation", "sql.instances.insert"));
    auto& host = sandbox.host();
    std::string const sql = "/sql/v1beta4/projects/sandbox-project/";
    auto const begun =
        host.post(sql + "instances", {{"name", "db"}, {"settings", {{"tier", "db-g1-small"}}}});
    auto const failed = started(sandbox, begun, sql + "operations/");
    EXPECT_EQ(failed.at("status"), "DONE");
    EXPECT_EQ(failed.at_pointer("/error/errors/0/code"), "INTERNAL_ERROR");
    EXPECT_EQ(host.get(sql + "instances/db").status, 404);
    EXPECT_THAT(host.get(sql + "operations?instance=db").text, HasSubstr("INTERNAL_ERROR"));
}

TEST(OperationFaultTest, AFailedOperationOfCloudRunHasDoneNothing) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock,
                          rule("failed_operation", "run.projects.locations.services.create"));
    auto& host = sandbox.host();
    std::string const services = "/v2/projects/sandbox-project/locations/us-central1/services";
    json::array const containers{json::object{{"image", "us-docker.pkg.dev/p/sites/wordpress:6"}}};
    auto const begun =
        host.post(services + "?serviceId=shop", {{"template", {{"containers", containers}}}});
    auto const failed = started(sandbox, begun, "/v2/");
    EXPECT_EQ(failed.at_pointer("/error/code"), 13);
    EXPECT_EQ(host.get(services + "/shop").status, 404);
}

TEST(StaleListTest, TheNewestAreMissingForAWhile) {
    testing::FakeClock clock;
    FaultySandbox sandbox(
        clock,
        R"({"kind": "stale_list", "method": "secretmanager.projects.secrets.list", "rate": 1,
            "delay_ms": 3000},
           {"kind": "stale_list", "method": "storage.buckets.list", "rate": 1, "delay_ms": 3000})");
    auto& host = sandbox.host();
    auto const secrets = [&] { return host.get(FaultySandbox::kSecrets); };
    clock.advance(milliseconds(10'000));
    sandbox.make_secret("old");
    host.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    clock.advance(milliseconds(2'000));
    sandbox.make_secret("new");
    EXPECT_EQ(sandbox.status_of_secret("new"), 200);
    EXPECT_THAT(secrets().text, ::testing::Not(HasSubstr("secrets/")));
    EXPECT_THAT(host.get("/storage/v1/b?project=sandbox-project").text,
                ::testing::Not(HasSubstr("media")));
    EXPECT_EQ(sandbox.journaled_faults().back(), "stale_list");
    clock.advance(milliseconds(1'000));
    EXPECT_THAT(secrets().text, HasSubstr("secrets/old"));
    EXPECT_THAT(secrets().text, ::testing::Not(HasSubstr("secrets/new")));
    clock.advance(milliseconds(2'000));
    EXPECT_THAT(secrets().text, HasSubstr("secrets/new"));
    EXPECT_EQ(sandbox.journaled_faults().back(), "");
}

}  // namespace
}  // namespace aipress::sandbox

// Projects, folders, what they may use and who pays: as a client sees them.
#include "sandbox/resource_manager.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;
using testing::SandboxHost;

constexpr char const* kManager = "//cloudresourcemanager.googleapis.com";

class ResourceManagerTest : public ::testing::Test {
protected:
    explicit ResourceManagerTest(OperationTiming timing = OperationTiming::Instant)
        : host_(clock_, {.operations = timing}) {}

    HttpAnswer create(std::string const& id, std::string const& parent = "") {
        json::object project{{"projectId", id}};
        if (!parent.empty()) project["parent"] = parent;
        return host_.post(fmt::format("{}/v3/projects", kManager), project);
    }
    HttpAnswer manager(std::string_view path) { return host_.get(kManager + std::string(path)); }
    HttpAnswer manager_post(std::string_view path, json::value const& body = json::object()) {
        return host_.post(kManager + std::string(path), body);
    }

    testing::FakeClock clock_;
    SandboxHost host_;
};

class RealisticTest : public ResourceManagerTest {
protected:
    RealisticTest() : ResourceManagerTest(OperationTiming::Realistic) {}
};

TEST_F(ResourceManagerTest, AProjectLivesIsDeletedAndComesBack) {
    auto const made = create("wp-shard-1", "organizations/100000000001");
    ASSERT_EQ(made.status, 200) << made.text;
    auto const operation = manager("/v3/" + std::string(made.body.at("name").as_string()));
    EXPECT_EQ(operation.body.at("done"), true);
    EXPECT_EQ(operation.body.at_pointer("/response/projectId"), "wp-shard-1");
    auto const project = manager("/v3/projects/wp-shard-1");
    auto const name = std::string(project.body.at("name").as_string());
    EXPECT_EQ(manager("/v3/" + name).body.at("projectId"), "wp-shard-1");
    EXPECT_EQ(manager("/v1/projects/wp-shard-1").body.at("lifecycleState"), "ACTIVE");

    EXPECT_EQ(create("wp-shard-1").status, 409);
    EXPECT_EQ(create("UPPER").status, 400);
    EXPECT_EQ(create("wp-shard-2", "folders/12345").status, 403);
    EXPECT_EQ(manager("/v3/projects/nobody-has-this").status, 403);

    EXPECT_EQ(host_.remove(kManager + ("/v3/" + name)).status, 200);
    EXPECT_EQ(manager("/v3/projects/wp-shard-1").body.at("state"), "DELETE_REQUESTED");
    EXPECT_EQ(create("wp-shard-1").status, 409);
    auto const gone = host_.get("/v1/projects/wp-shard-1/secrets");
    EXPECT_EQ(gone.status, 403);
    host_.restart();
    EXPECT_EQ(manager_post("/v3/" + name + ":undelete").status, 200);
    EXPECT_EQ(manager("/v3/projects/wp-shard-1").body.at("state"), "ACTIVE");
}

TEST_F(ResourceManagerTest, ListsArePagedAndFiltered) {
    for (int i = 0; i < 7; ++i) create(fmt::format("wp-site-{}", i));
    std::set<std::string> seen;
    std::string token;
    do {
        auto const page = manager("/v1/projects?pageSize=3&pageToken=" + token);
        ASSERT_EQ(page.status, 200) << page.text;
        for (auto const& project : page.body.at("projects").as_array()) {
            EXPECT_TRUE(seen.emplace(project.at("projectId").as_string()).second);
        }
        auto const* const next = page.body.as_object().if_contains("nextPageToken");
        token = next == nullptr ? "" : std::string(next->as_string());
    } while (!token.empty());
    EXPECT_EQ(seen.size(), 8u);
    auto const one = manager("/v3/projects:search?query=projectId:wp-site-3");
    EXPECT_EQ(one.body.at("projects").as_array().size(), 1u);
}

TEST_F(ResourceManagerTest, FoldersNestAndMustBeEmptyToGo) {
    auto const parent_operation = manager_post(
        "/v3/folders", {{"parent", "organizations/100000000001"}, {"displayName", "shards"}});
    ASSERT_EQ(parent_operation.status, 200) << parent_operation.text;
    auto const done = manager("/v3/" + std::string(parent_operation.body.at("name").as_string()));
    auto const folder = std::string(done.body.at_pointer("/response/name").as_string());
    EXPECT_EQ(create("wp-in-folder", folder).status, 200);
    EXPECT_EQ(host_.remove(kManager + ("/v3/" + folder)).status, 400);
    EXPECT_EQ(
        manager_post("/v3/folders", {{"parent", "folders/1"}, {"displayName", "lost"}}).status,
        403);
    auto const listed = manager("/v3/folders?parent=organizations/100000000001");
    EXPECT_EQ(listed.body.at("folders").as_array().size(), 1u);
}

TEST_F(ResourceManagerTest, APolicyIsReplacedOnlyByWhoHasSeenIt) {
    auto const path = std::string("/v1/projects/sandbox-project");
    auto policy = manager_post(path + ":getIamPolicy").body.as_object();
    policy["bindings"] = {{{"role", "roles/viewer"}, {"members", {"user:a@example.com"}}}};
    EXPECT_EQ(manager_post(path + ":setIamPolicy", {{"policy", policy}}).status, 200);
    auto const late = manager_post(path + ":setIamPolicy", {{"policy", policy}});
    EXPECT_EQ(late.status, 409);
    EXPECT_EQ(late.body.at_pointer("/error/status"), "ABORTED");
    auto const permissions = manager_post(path + ":testIamPermissions",
                                          {{"permissions", {"resourcemanager.projects.get"}}});
    EXPECT_EQ(permissions.body.at("permissions").as_array().size(), 1u);
}

TEST_F(ResourceManagerTest, AnApiHasToBeSwitchedOnAndAProjectPaidFor) {
    create("wp-shard-1");
    auto const off = host_.get("/v1/projects/wp-shard-1/secrets");
    EXPECT_EQ(off.status, 403);
    EXPECT_EQ(off.reason(), "SERVICE_DISABLED");
    std::string const services = "//serviceusage.googleapis.com/v1/projects/wp-shard-1/services";
    auto const begun =
        host_.post(services + ":batchEnable",
                   {{"serviceIds", {"secretmanager.googleapis.com", "run.googleapis.com"}}});
    ASSERT_EQ(begun.status, 200) << begun.text;
    auto const operation = host_.get("//serviceusage.googleapis.com/v1/" +
                                     std::string(begun.body.at("name").as_string()));
    EXPECT_EQ(operation.body.at("done"), true) << operation.text;
    EXPECT_EQ(host_.get("/v1/projects/wp-shard-1/secrets").status, 200);
    auto const enabled = host_.get(services + "?filter=state:ENABLED");
    EXPECT_EQ(enabled.body.at("services").as_array().size(), 2u);
    EXPECT_EQ(host_.post(services + "/secretmanager.googleapis.com:disable", json::object()).status,
              200);
    EXPECT_EQ(host_.get("/v1/projects/wp-shard-1/secrets").reason(), "SERVICE_DISABLED");

    std::string const billing = "//cloudbilling.googleapis.com/v1/projects/wp-shard-1/billingInfo";
    EXPECT_EQ(host_.get(billing).body.at("billingEnabled"), false);
    EXPECT_EQ(host_.put(billing, {{"billingAccountName", "billingAccounts/0-0-0"}}).status, 403);
    auto const linked =
        host_.put(billing, {{"billingAccountName", "billingAccounts/000000-AAAAAA-000000"}});
    EXPECT_EQ(linked.body.at("billingEnabled"), true) << linked.text;
    EXPECT_EQ(host_.put(billing, {{"billingAccountName", ""}}).body.at("billingEnabled"), false);
}

TEST_F(RealisticTest, AnOperationTakesItsTime) {
    auto const made = create("wp-shard-1");
    auto const path = "/v3/" + std::string(made.body.at("name").as_string());
    EXPECT_FALSE(manager(path).body.as_object().contains("done"));
    host_.restart();
    EXPECT_FALSE(manager(path).body.as_object().contains("done"));
    clock_.advance(milliseconds(60'000));
    EXPECT_EQ(manager(path).body.at("done"), true);
    EXPECT_EQ(manager("/v3/operations/cp.1").status, 404);
}

}  // namespace
}  // namespace aipress::sandbox

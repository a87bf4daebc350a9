// Folders, and what projects are below: moved, renamed, deleted and restored; who pays for them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/projects.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;

constexpr char const* kManager = "//cloudresourcemanager.googleapis.com";

class HierarchyTest : public ::testing::Test {
protected:
    // What the operation made.
    json::value done(HttpAnswer const& begun) {
        EXPECT_EQ(begun.status, 200) << begun.text;
        auto const name = std::string(begun.body.at("name").as_string());
        auto const operation = host_.get(fmt::format("{}/v3/{}", kManager, name));
        EXPECT_EQ(operation.body.at("done"), true) << operation.text;
        return operation.body.at("response");
    }
    std::string make_folder(std::string const& name, std::string const& parent) {
        auto const made = done(host_.post(fmt::format("{}/v3/folders", kManager),
                                          {{"displayName", name}, {"parent", parent}}));
        return std::string(made.at("name").as_string());
    }
    static std::string at(std::string const& name) { return kManager + ("/v3/" + name); }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
    std::string const organization_{kOrganization};
};

TEST_F(HierarchyTest, AFolderIsRenamedMovedDeletedAndRestored) {
    auto const shards = make_folder("shards", organization_);
    auto const old = make_folder("old", organization_);
    EXPECT_EQ(done(host_.patch(at(shards) + "?updateMask=displayName", {{"displayName", "all"}}))
                  .at("displayName"),
              "all");
    EXPECT_EQ(done(host_.post(at(old) + ":move", {{"destinationParent", shards}})).at("parent"),
              json::value(shards));
    EXPECT_EQ(host_.get(at(old)).body.at("parent"), json::value(shards));
    EXPECT_EQ(host_.post(at(shards) + ":move", {{"destinationParent", old}}).status, 400);
    EXPECT_EQ(host_.remove(at(shards)).status, 400) << "it holds a folder";
    done(host_.remove(at(old)));
    EXPECT_EQ(host_.get(at(old)).body.at("state"), "DELETE_REQUESTED");
    done(host_.post(at(old) + ":undelete", json::object()));
    EXPECT_EQ(host_.get(at(old)).body.at("state"), "ACTIVE");
}

TEST_F(HierarchyTest, AProjectIsMovedAndChanged) {
    auto const folder = make_folder("shards", organization_);
    done(host_.post(at("projects"), {{"projectId", "wp-shard-1"}, {"parent", organization_}}));
    EXPECT_EQ(done(host_.post(at("projects/wp-shard-1") + ":move", {{"destinationParent", folder}}))
                  .at("parent"),
              json::value(folder));
    auto const listed = host_.get(at("projects?parent=") + folder);
    ASSERT_EQ(listed.body.at("projects").as_array().size(), 1u) << listed.text;
    EXPECT_EQ(listed.body.at_pointer("/projects/0/projectId"), "wp-shard-1");
    EXPECT_EQ(done(host_.patch(at("projects/wp-shard-1") + "?updateMask=displayName",
                               {{"displayName", "One"}}))
                  .at("displayName"),
              "One");
    auto project = host_.get(fmt::format("{}/v1/projects/wp-shard-1", kManager)).body.as_object();
    EXPECT_EQ(project.at("name"), "One");
    project["labels"] = json::object{{"env", "test"}};
    auto const updated = host_.put(fmt::format("{}/v1/projects/wp-shard-1", kManager), project);
    ASSERT_EQ(updated.status, 200) << updated.text;
    EXPECT_EQ(host_.get(at("projects/wp-shard-1")).body.at_pointer("/labels/env"), "test");
}

TEST_F(HierarchyTest, TheOrganizationAndWhoPays) {
    for (auto const* const version : {"v1", "v3"}) {
        auto const shown = host_.get(fmt::format("{}/{}/{}", kManager, version, kOrganization));
        EXPECT_EQ(shown.body.at("name"), json::value(kOrganization)) << shown.text;
        EXPECT_EQ(host_.get(fmt::format("{}/{}/organizations/7", kManager, version)).status, 403);
    }
    auto const billing = fmt::format("//cloudbilling.googleapis.com/v1/{}", kBillingAccount);
    EXPECT_EQ(host_.get(billing).body.at("open"), true);
    EXPECT_EQ(host_.get("//cloudbilling.googleapis.com/v1/billingAccounts/none").status, 403);
    auto const projects = host_.get(billing + "/projects");
    ASSERT_EQ(projects.status, 200) << projects.text;
    EXPECT_THAT(projects.text, ::testing::HasSubstr("sandbox-project"));
}

TEST_F(HierarchyTest, ServicesAreToldByOneAndByMany) {
    std::string const services =
        "//serviceusage.googleapis.com/v1/projects/sandbox-project/services";
    auto const one = host_.get(services + "/run.googleapis.com");
    ASSERT_EQ(one.status, 200) << one.text;
    EXPECT_EQ(one.body.at_pointer("/config/name"), "run.googleapis.com");
    auto const number = std::string(one.body.at("parent").as_string());
    auto const both =
        host_.get(services + ":batchGet?names=" + number +
                  "/services/run.googleapis.com&names=" + number + "/services/dns.googleapis.com");
    ASSERT_EQ(both.status, 200) << both.text;
    EXPECT_EQ(both.body.at_pointer("/services/0"), one.body);
    EXPECT_EQ(both.body.at_pointer("/services/1/config/name"), "dns.googleapis.com");
}

}  // namespace
}  // namespace aipress::sandbox

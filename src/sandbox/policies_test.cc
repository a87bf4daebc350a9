// IAM policies: every resource that has one keeps it, and knows a change that comes too late.
#include "sandbox/policies.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/projects.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;

constexpr char const* kManager = "//cloudresourcemanager.googleapis.com";

class PoliciesTest : public ::testing::Test {
protected:
    std::string make_folder(std::string const& name) {
        auto const begun =
            host_.post(fmt::format("{}/v3/folders", kManager),
                       {{"displayName", name}, {"parent", std::string(kOrganization)}});
        EXPECT_EQ(begun.status, 200) << begun.text;
        auto const done =
            host_.get(fmt::format("{}/v3/{}", kManager, begun.body.at("name").as_string().c_str()));
        return std::string(done.body.at_pointer("/response/name").as_string());
    }
    static json::object policy(std::string const& role) {
        return {{"bindings", {{{"role", role}, {"members", json::array{"user:a@example.com"}}}}}};
    }
    static std::string role(HttpAnswer const& answer) {
        boost::system::error_code failure;
        auto const* const found = answer.body.find_pointer("/bindings/0/role", failure);
        return found == nullptr ? answer.text : std::string(found->as_string());
    }
    // `get` asks for the policy: by GET or by POST.
    template <typename Get>
    void expect_kept(std::string const& resource, Get get) {
        SCOPED_TRACE(resource);
        auto const set =
            host_.post(resource + ":setIamPolicy", {{"policy", policy("roles/viewer")}});
        ASSERT_EQ(set.status, 200) << set.text;
        EXPECT_EQ(role(get()), "roles/viewer");
        auto changed = policy("roles/editor");
        changed["etag"] = set.body.at("etag");
        EXPECT_EQ(host_.post(resource + ":setIamPolicy", {{"policy", changed}}).status, 200);
        EXPECT_EQ(host_.post(resource + ":setIamPolicy", {{"policy", changed}}).status, 409);
        EXPECT_EQ(role(get()), "roles/editor");
    }
    void expect_permission(std::string const& resource, std::string const& permission) {
        auto const tested = host_.post(resource + ":testIamPermissions",
                                       {{"permissions", json::array{permission}}});
        ASSERT_EQ(tested.status, 200) << tested.text;
        EXPECT_EQ(tested.body.at_pointer("/permissions/0"), json::value(permission)) << resource;
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(PoliciesTest, TheHierarchyKeepsThem) {
    auto const folder = make_folder("shards");
    for (auto const& name :
         {fmt::format("/v1/{}", kOrganization), fmt::format("/v3/{}", kOrganization),
          "/v3/" + folder, std::string("/v3/projects/sandbox-project")}) {
        auto const resource = kManager + name;
        expect_kept(resource,
                    [&] { return host_.post(resource + ":getIamPolicy", json::object()); });
        expect_permission(resource, "resourcemanager.projects.get");
    }
}

TEST_F(PoliciesTest, SecretsAndServicesKeepThem) {
    std::string const secret = "/v1/projects/sandbox-project/secrets/s";
    host_.post("/v1/projects/sandbox-project/secrets?secretId=s",
               {{"replication", {{"automatic", json::object()}}}});
    expect_kept(secret, [&] { return host_.get(secret + ":getIamPolicy"); });
    expect_permission(secret, "secretmanager.versions.access");

    std::string const services = "/v2/projects/sandbox-project/locations/us-central1/services";
    auto const made =
        host_.post(services + "?serviceId=site",
                   {{"template", {{"containers", {{{"image", "gcr.io/x/wordpress"}}}}}}});
    ASSERT_EQ(made.status, 200) << made.text;
    expect_kept(services + "/site", [&] { return host_.get(services + "/site:getIamPolicy"); });
    expect_permission(
        "//run.googleapis.com/v1/projects/sandbox-project/locations/us-central1/services/site",
        "run.services.get");
}

TEST_F(PoliciesTest, BucketsKeepThemByTheirOwnMethods) {
    ASSERT_EQ(host_.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}}).status, 200);
    std::string const path = "/storage/v1/b/media/iam";
    auto const before = host_.get(path);
    ASSERT_EQ(before.status, 200) << before.text;
    auto changed = policy("roles/storage.objectViewer");
    changed["etag"] = before.body.at("etag");
    EXPECT_EQ(host_.put(path, changed).status, 200);
    EXPECT_EQ(role(host_.get(path)), "roles/storage.objectViewer");
    EXPECT_EQ(host_.put(path, changed).status, 412);
}

TEST_F(PoliciesTest, AnAccountTellsWhatIsPermitted) {
    expect_permission(
        "//iam.googleapis.com/v1/projects/sandbox-project/serviceAccounts/"
        "default@sandbox-project.iam.gserviceaccount.com",
        "iam.serviceAccounts.get");
}

}  // namespace
}  // namespace aipress::sandbox

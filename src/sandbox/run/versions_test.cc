// Cloud Run by the paths of v1 that say where ("projects/P/locations/L"), and what v2 has besides.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/sandbox_host.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;
using aipress::testing::SandboxHost;

std::string const kV1 = "//run.googleapis.com/v1/projects/sandbox-project/locations/us-central1";
std::string const kV2 = "//run.googleapis.com/v2/projects/sandbox-project/locations/us-central1";
std::string const kNamespace =
    "//us-central1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/sandbox-project";

json::object knative_service(std::string const& image) {
    return {{"apiVersion", "serving.knative.dev/v1"},
            {"kind", "Service"},
            {"metadata", {{"name", "shop"}, {"namespace", "sandbox-project"}}},
            {"spec",
             {{"template",
               {{"spec", {{"containers", json::array{json::object{{"image", image}}}}}}}}}}};
}

class RunVersionsTest : public ::testing::Test {
protected:
    std::string first(std::string const& path) {
        auto const listed = host_.get(path);
        boost::system::error_code failure;
        auto const* const name = listed.body.find_pointer("/items/0/metadata/name", failure);
        return name == nullptr ? listed.text : std::string(name->as_string());
    }

    SystemClock clock_;
    SandboxHost host_{clock_};
};

TEST_F(RunVersionsTest, AServiceLivesByV1Alone) {
    auto const made = host_.post(kV1 + "/services", knative_service("gcr.io/x/wordpress:1"));
    ASSERT_EQ(made.status, 200) << made.text;
    auto const path = kV1 + "/services/shop";
    auto shown = host_.get(path);
    EXPECT_EQ(shown.body.at_pointer("/metadata/name"), "shop");
    EXPECT_EQ(host_.get(kV1 + "/configurations/shop").body.at("kind"), "Configuration");
    EXPECT_EQ(first(kV1 + "/configurations"), "shop");
    EXPECT_EQ(first(kNamespace + "/configurations"), "shop");
    EXPECT_EQ(host_.get(kV1 + "/routes/shop").body.at("kind"), "Route");
    EXPECT_EQ(first(kV1 + "/routes"), "shop");
    EXPECT_EQ(first(kNamespace + "/routes"), "shop");

    auto const old = first(kV1 + "/revisions");
    EXPECT_EQ(host_.get(kV1 + "/revisions/" + old).body.at_pointer("/metadata/name"),
              json::value(old));
    ASSERT_EQ(host_.put(path, knative_service("gcr.io/x/wordpress:2")).status, 200);
    auto const second = std::string(
        host_.get(path).body.at_pointer("/status/latestCreatedRevisionName").as_string());
    ASSERT_NE(second, old);
    ASSERT_EQ(host_.put(path, knative_service("gcr.io/x/wordpress:3")).status, 200);
    EXPECT_EQ(host_.remove(kV1 + "/revisions/" + old).status, 200);
    EXPECT_EQ(host_.get(kV1 + "/revisions/" + old).status, 404);
    EXPECT_EQ(host_.remove(kNamespace + "/revisions/" + second).status, 200);
    EXPECT_EQ(host_.get(kNamespace + "/revisions/" + second).status, 404);
    EXPECT_EQ(host_.remove(path).status, 200);
    EXPECT_EQ(host_.get(path).status, 404);
}

TEST_F(RunVersionsTest, ADomainIsMappedByV1) {
    ASSERT_EQ(host_.post(kV1 + "/services", knative_service("gcr.io/x/wordpress")).status, 200);
    auto const mappings = kV1 + "/domainmappings";
    auto const made = host_.post(
        mappings, {{"metadata", {{"name", "www.example.com"}}}, {"spec", {{"routeName", "shop"}}}});
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(first(mappings), "www.example.com");
    EXPECT_EQ(host_.get(mappings + "/www.example.com").body.at_pointer("/spec/routeName"), "shop");
    EXPECT_EQ(host_.remove(mappings + "/www.example.com").status, 200);
    EXPECT_EQ(host_.get(mappings + "/www.example.com").status, 404);
}

TEST_F(RunVersionsTest, OperationsAndRevisionsOfBothVersions) {
    auto const made =
        host_.post(kV2 + "/services?serviceId=shop",
                   {{"template", {{"containers", {{{"image", "gcr.io/x/wordpress"}}}}}}});
    ASSERT_EQ(made.status, 200) << made.text;
    auto const operation = std::string(made.body.at("name").as_string());
    auto const revisions = host_.get(kV2 + "/services/shop/revisions");
    auto const revision = std::string(revisions.body.at_pointer("/revisions/0/name").as_string());
    EXPECT_EQ(host_.get("//run.googleapis.com/v2/" + revision).body.at("name"),
              json::value(revision));
    EXPECT_EQ(host_.get(kV1 + "/operations").status, 200);
    for (std::string const version : {"v1", "v2"}) {
        auto const path = fmt::format("//run.googleapis.com/{}/{}", version, operation);
        EXPECT_EQ(host_.get(path).body.at("name"), json::value(operation)) << version;
        auto const waited = host_.post(path + ":wait", {{"timeout", "1s"}});
        EXPECT_EQ(waited.body.at("done"), true) << waited.text;
    }
    EXPECT_EQ(host_.remove("//run.googleapis.com/v1/" + operation).status, 200);
    EXPECT_EQ(host_.get("//run.googleapis.com/v2/" + operation).status, 404);
    auto const again = host_.remove(kV2 + "/services/shop");
    auto const last = std::string(again.body.at("name").as_string());
    EXPECT_EQ(host_.remove("//run.googleapis.com/v2/" + last).status, 200);
    EXPECT_EQ(host_.get("//run.googleapis.com/v2/" + last).status, 404);
}

}  // namespace
}  // namespace aipress::sandbox::run

// Cloud Run as clients of both versions see it; nothing is run here: see serving_test.cc.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "http/base64.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;
using aipress::testing::HttpAnswer;
using aipress::testing::SandboxHost;

constexpr auto* kImage = "us-docker.pkg.dev/p/sites/wordpress:6";
constexpr auto* kPlace = "/v2/projects/sandbox-project/locations/us-central1";
constexpr auto* kKnative =
    "//us-central1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/sandbox-project";

json::object container(std::string const& image, json::array environment = {}) {
    return {{"image", image}, {"env", std::move(environment)}};
}

json::object variable(std::string const& name, std::string const& value) {
    return {{"name", name}, {"value", value}};
}

json::object service(json::array containers) {
    return {{"template", json::object{{"containers", std::move(containers)}}}};
}

class RunServicesTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const services_ = fmt::format("{}/services", kPlace);

    HttpAnswer create(std::string const& name, json::value const& body) {
        return host_.post(services_ + "?serviceId=" + name, body);
    }
    HttpAnswer create(std::string const& name) {
        return create(name, service({container(kImage, {variable("A", "1")})}));
    }
    json::value operation(HttpAnswer const& started) {
        EXPECT_EQ(started.status, 200) << started.text;
        return host_.get("/v2/" + std::string(started.body.at("name").as_string())).body;
    }
    json::value get(std::string const& name) { return host_.get(services_ + "/" + name).body; }
    std::string latest(std::string const& name) {
        auto const full = std::string(get(name).at("latestCreatedRevision").as_string());
        return full.substr(full.rfind('/') + 1);
    }
    HttpAnswer change_variable(std::string const& name, std::string const& value) {
        return host_.patch(services_ + "/" + name,
                           service({container(kImage, {variable("A", value)})}));
    }
};

TEST_F(RunServicesTest, AServiceIsMadeReadChangedAndDeleted) {
    auto const made = operation(create("shop"));
    EXPECT_EQ(made.at("done"), true);
    EXPECT_EQ(made.at_pointer("/response/@type"),
              "type.googleapis.com/google.cloud.run.v2.Service");
    EXPECT_EQ(create("shop").status, 409);
    auto const shown = get("shop");
    EXPECT_EQ(shown.at("generation"), "1");
    EXPECT_EQ(shown.at("observedGeneration"), "1");
    EXPECT_EQ(shown.at_pointer("/template/timeout"), "300s");
    EXPECT_EQ(shown.at_pointer("/template/containers/0/resources/limits/memory"), "512Mi");
    EXPECT_THAT(std::string(shown.at("uri").as_string()),
                ::testing::MatchesRegex("https://shop-[a-z2-7]{10}-uc\\.a\\.run\\.app"));
    EXPECT_THAT(latest("shop"), ::testing::MatchesRegex("shop-00001-[a-z]{3}"));
    EXPECT_EQ(operation(change_variable("shop", "2")).at("done"), true);
    EXPECT_THAT(latest("shop"), ::testing::MatchesRegex("shop-00002-[a-z]{3}"));
    host_.restart();
    EXPECT_EQ(get("shop").at("generation"), "2");
    EXPECT_EQ(operation(host_.remove(services_ + "/shop")).at("done"), true);
    auto const gone = host_.get(services_ + "/shop");
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(gone.body.at_pointer("/error/message"),
              "service \"projects/sandbox-project/locations/us-central1/services/shop\" not found");
    EXPECT_EQ(host_.get(services_ + "/shop/revisions").status, 404);
}

TEST_F(RunServicesTest, OnlyANewTemplateMakesARevision) {
    create("shop");
    auto const first = latest("shop");
    auto labelled = service({container(kImage, {variable("A", "1")})});
    labelled["labels"] = json::object{{"tier", "gold"}};
    EXPECT_EQ(host_.patch(services_ + "/shop", labelled).status, 200);
    EXPECT_EQ(latest("shop"), first);
    EXPECT_EQ(get("shop").at_pointer("/labels/tier"), "gold");
    // With a mask nothing else is touched.
    EXPECT_EQ(host_
                  .patch(services_ + "/shop?updateMask=labels",
                         json::object{{"labels", json::object{{"tier", "iron"}}}})
                  .status,
              200);
    EXPECT_EQ(get("shop").at_pointer("/labels/tier"), "iron");
    EXPECT_EQ(latest("shop"), first);
    auto named = service({container(kImage)});
    named["template"].as_object()["revision"] = first;
    auto const taken = host_.patch(services_ + "/shop", named);
    EXPECT_EQ(taken.status, 409);
    EXPECT_EQ(taken.body.at_pointer("/error/message"),
              json::value(fmt::format(
                  "Revision named '{}' with different configuration already exists.", first)));
}

TEST_F(RunServicesTest, EtagsValidateOnlyAndAllowMissing) {
    auto const wish = service({container(kImage)});
    EXPECT_EQ(host_.post(services_ + "?serviceId=dry&validateOnly=true", wish).status, 200);
    EXPECT_EQ(host_.get(services_ + "/dry").status, 404);
    EXPECT_EQ(host_.patch(services_ + "/late", wish).status, 404);
    EXPECT_EQ(host_.patch(services_ + "/late?allowMissing=true", wish).status, 200);
    auto stale = wish;
    stale["etag"] = get("late").at("etag");
    EXPECT_EQ(change_variable("late", "2").status, 200);
    auto const conflict = host_.patch(services_ + "/late", stale);
    EXPECT_EQ(conflict.status, 409);
    EXPECT_EQ(conflict.body.at_pointer("/error/status"), "ABORTED");
    EXPECT_EQ(host_.remove(services_ + "/late?etag=%22none%22").status, 409);
}

TEST_F(RunServicesTest, TrafficIsSplitTaggedAndHeldToAHundred) {
    create("shop");
    auto const first = latest("shop");
    change_variable("shop", "2");
    auto const second = latest("shop");
    auto const to = [&](std::string const& revision, int percent, std::string const& tag) {
        json::object target{{"type", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
                            {"revision", revision},
                            {"percent", percent}};
        if (!tag.empty()) target["tag"] = tag;
        return target;
    };
    auto const route = [&](json::array traffic) {
        return host_.patch(services_ + "/shop?updateMask=traffic",
                           json::object{{"traffic", std::move(traffic)}});
    };
    EXPECT_EQ(route({to(first, 50, ""), to(second, 40, "")}).status, 400);
    EXPECT_EQ(operation(route({to(first, 50, "old"), to(second, 50, "")})).at("done"), true);
    auto const shown = get("shop");
    EXPECT_EQ(shown.at_pointer("/trafficStatuses/0/revision"), first.c_str());
    EXPECT_THAT(std::string(shown.at_pointer("/trafficStatuses/0/uri").as_string()),
                ::testing::StartsWith("https://old---shop-"));
    EXPECT_EQ(host_.remove(services_ + "/shop/revisions/" + first).status, 400);
    auto const missing = operation(route({to("shop-none", 100, "")}));
    EXPECT_EQ(missing.at_pointer("/error/code"), 13);
    EXPECT_EQ(missing.at_pointer("/error/message"),
              "Revision 'shop-none' does not exist or is deleted.");
    // What was served before still is.
    EXPECT_EQ(get("shop").at_pointer("/trafficStatuses/0/revision"), first.c_str());
    operation(route({to(second, 100, "")}));
    EXPECT_EQ(operation(host_.remove(services_ + "/shop/revisions/" + first)).at("done"), true);
    EXPECT_EQ(host_.get(services_ + "/shop/revisions/" + first).status, 404);
}

TEST_F(RunServicesTest, ASecretIsNeededWhenARevisionStarts) {
    json::object const reference{
        {"name", "DB_PASSWORD"},
        {"valueSource", {{"secretKeyRef", {{"secret", "db"}, {"version", "latest"}}}}}};
    auto const failed = operation(create("shop", service({container(kImage, {reference})})));
    EXPECT_THAT(std::string(failed.at_pointer("/error/message").as_string()),
                ::testing::HasSubstr("/secrets/db/versions/latest was not found"));
    EXPECT_EQ(get("shop").at_pointer("/terminalCondition/state"), "CONDITION_FAILED");
    EXPECT_EQ(get("shop").at_pointer("/terminalCondition/type"), "Ready");
    auto const secrets = std::string("/v1/projects/sandbox-project/secrets");
    host_.post(secrets + "?secretId=db", {{"replication", {{"automatic", json::object()}}}});
    host_.post(secrets + "/db:addVersion", {{"payload", {{"data", http::encode_base64("pw")}}}});
    auto const mended = operation(host_.patch(
        services_ + "/shop", service({container(kImage, {reference, variable("B", "")})})));
    EXPECT_EQ(mended.at_pointer("/response/latestReadyRevision"),
              mended.at_pointer("/response/latestCreatedRevision"));
}

TEST_F(RunServicesTest, WhatIsNotPossibleIsSaid) {
    EXPECT_EQ(create("Shop").status, 400);
    EXPECT_EQ(create("shop", service({})).status, 400);
    auto const reserved = create("shop", service({container(kImage, {variable("PORT", "1")})}));
    EXPECT_EQ(reserved.status, 400);
    EXPECT_THAT(reserved.text, ::testing::HasSubstr("reserved env names were provided: PORT"));
    // What would become a part of the web server's configuration.
    auto const place = std::string("/v2/projects/sandbox-project/locations/x%22%3B%7D/services");
    EXPECT_EQ(host_.post(place + "?serviceId=shop", service({container(kImage)})).status, 403);
    auto mounted = service({container(kImage)});
    mounted["template"].as_object()["volumes"] =
        json::array{json::object{{"name", "m"}, {"gcs", {{"bucket", "b; }"}}}}};
    EXPECT_EQ(create("shop", mounted).status, 400);
    auto const other = operation(create("hello", service({container("gcr.io/cloudrun/hello")})));
    EXPECT_THAT(std::string(other.at_pointer("/error/message").as_string()),
                ::testing::HasSubstr("'gcr.io/cloudrun/hello' is not run here"));
    EXPECT_FALSE(get("hello").as_object().contains("latestReadyRevision"));
}

TEST_F(RunServicesTest, ListsPage) {
    for (auto const* const name : {"a", "b", "c"}) create(name);
    auto const first = host_.get(services_ + "?pageSize=2").body;
    EXPECT_EQ(first.at("services").as_array().size(), 2);
    auto const token = std::string(first.at("nextPageToken").as_string());
    auto const second = host_.get(services_ + "?pageSize=2&pageToken=" + token).body;
    EXPECT_EQ(second.at("services").as_array().size(), 1);
    EXPECT_FALSE(second.as_object().contains("nextPageToken"));
    auto const operations = host_.get(fmt::format("{}/operations?pageSize=2", kPlace)).body;
    EXPECT_EQ(operations.at("operations").as_array().size(), 2);
    auto const knative = host_.get(fmt::format("{}/services?limit=2", kKnative)).body;
    EXPECT_EQ(knative.at("items").as_array().size(), 2);
    EXPECT_TRUE(knative.at("metadata").as_object().contains("continue"));
}

TEST_F(RunServicesTest, OnePolicyForBothVersions) {
    // gcloud asks whether it may, before it makes the service.
    EXPECT_EQ(host_
                  .post(services_ + "/shop:testIamPermissions",
                        json::object{{"permissions", {"run.services.setIamPolicy"}}})
                  .status,
              200);
    create("shop");
    json::object const policy{
        {"policy",
         {{"bindings",
           json::array{json::object{{"role", "roles/run.invoker"}, {"members", {"allUsers"}}}}}}}};
    EXPECT_EQ(host_.post(services_ + "/shop:setIamPolicy", policy).status, 200);
    auto const v1 = "/v1/projects/sandbox-project/locations/us-central1/services/shop:getIamPolicy";
    EXPECT_EQ(host_.get(v1).body.at_pointer("/bindings/0/members/0"), "allUsers");
    operation(host_.remove(services_ + "/shop"));
    create("shop");
    EXPECT_FALSE(host_.get(v1).body.as_object().contains("bindings"));
}

TEST_F(RunServicesTest, BothVersionsShowTheSameService) {
    json::object const wish{
        {"apiVersion", "serving.knative.dev/v1"},
        {"kind", "Service"},
        {"metadata", {{"name", "wp1"}, {"namespace", "sandbox-project"}}},
        {"spec",
         {{"template",
           {{"metadata",
             {{"annotations",
               {{"autoscaling.knative.dev/maxScale", "3"},
                {"run.googleapis.com/cloudsql-instances", "p:us-central1:db"},
                {"run.googleapis.com/vpc-access-egress", "all-traffic"}}}}},
            {"spec",
             {{"containerConcurrency", 10},
              {"timeoutSeconds", 60},
              {"containers",
               json::array{json::object{{"image", kImage},
                                        {"env", json::array{variable("A", "1")}}}}}}}}}}}};
    auto const made = host_.post(fmt::format("{}/services", kKnative), wish);
    ASSERT_EQ(made.status, 200) << made.text;
    auto const v2 = get("wp1");
    EXPECT_EQ(v2.at_pointer("/template/scaling/maxInstanceCount"), 3);
    EXPECT_EQ(v2.at_pointer("/template/timeout"), "60s");
    EXPECT_EQ(v2.at_pointer("/template/vpcAccess/egress"), "ALL_TRAFFIC");
    EXPECT_EQ(v2.at_pointer("/template/volumes/0/cloudSqlInstance/instances/0"),
              "p:us-central1:db");
    auto const path = fmt::format("{}/services/wp1", kKnative);
    auto v1 = host_.get(path).body;
    EXPECT_EQ(v1.at_pointer("/status/url"), v2.at("uri"));
    EXPECT_EQ(v1.at_pointer("/metadata/uid"), v2.at("uid"));
    EXPECT_EQ(v1.at_pointer("/status/conditions/0/type"), "Ready");
    auto const first = latest("wp1");
    // What was read is sent back, as gcloud does: the same template, hence the same revision.
    auto const same = host_.put(path, v1);
    ASSERT_EQ(same.status, 200) << same.text;
    EXPECT_EQ(latest("wp1"), first);
    auto const stale = host_.put(path, v1);
    EXPECT_EQ(stale.status, 409);
    EXPECT_EQ(stale.body.at_pointer("/error/status"), "ABORTED");
    auto const revisions = host_.get(
        fmt::format("{}/revisions?labelSelector=serving.knative.dev%2Fservice+%3D+wp1", kKnative));
    EXPECT_EQ(revisions.body.at("items").as_array().size(), 1) << revisions.text;
    EXPECT_EQ(host_.get(fmt::format("{}/revisions/{}", kKnative, first)).status, 200);
    EXPECT_EQ(host_.get(fmt::format("{}/configurations/wp1", kKnative)).status, 200);
    EXPECT_EQ(host_.get(fmt::format("{}/routes/wp1", kKnative)).status, 200);
    EXPECT_EQ(host_.get("/v1/projects/sandbox-project/locations/-/services")
                  .body.at("items")
                  .as_array()
                  .size(),
              1);
    EXPECT_EQ(host_.remove(path).body.at("status"), "Success");
    EXPECT_EQ(host_.get(path).status, 404);
    EXPECT_EQ(host_.get(services_ + "/wp1").status, 404);
}

TEST_F(RunServicesTest, ADomainIsMappedOnce) {
    create("shop");
    auto const mappings = std::string(
        "//us-central1-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/"
        "sandbox-project/domainmappings");
    auto const wish = [](std::string const& domain, std::string const& route) {
        return json::object{{"metadata", {{"name", domain}}}, {"spec", {{"routeName", route}}}};
    };
    EXPECT_EQ(host_.post(mappings, wish("www.example.com", "none")).status, 404);
    EXPECT_EQ(host_.post(mappings, wish("not a domain", "shop")).status, 400);
    auto const made = host_.post(mappings, wish("www.example.com", "shop"));
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at_pointer("/status/resourceRecords/0/rrdata"), "ghs.googlehosted.com.");
    EXPECT_EQ(host_.post(mappings, wish("www.example.com", "shop")).status, 409);
    EXPECT_EQ(host_.get(mappings).body.at("items").as_array().size(), 1);
    EXPECT_EQ(host_.get(mappings + "/www.example.com").status, 200);
    EXPECT_EQ(host_.remove(mappings + "/www.example.com").status, 200);
    EXPECT_EQ(host_.get(mappings + "/www.example.com").status, 404);
    EXPECT_GT(
        host_.get("/v1/projects/sandbox-project/locations").body.at("locations").as_array().size(),
        5);
}

TEST_F(RunServicesTest, AnOverriddenDomainSaysSo) {
    create("shop");
    auto const other = std::string("/v2/projects/sandbox-project/locations/europe-west1/services");
    operation(host_.post(other + "?serviceId=moved", service({container(kImage)})));
    auto const mappings = [](std::string const& region) {
        return fmt::format(
            "//{}-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/"
            "sandbox-project/domainmappings",
            region);
    };
    auto const wish = [](std::string const& route, bool is_forced) {
        return json::object{{"metadata", {{"name", "www.example.com"}}},
                            {"spec", {{"routeName", route}, {"forceOverride", is_forced}}}};
    };
    auto const here = mappings("us-central1");
    auto const there = mappings("europe-west1");
    auto const ready = [&](std::string const& place) {
        auto const shown = host_.get(place + "/www.example.com").body;
        auto const& status = shown.at("status").as_object();
        auto const& condition = status.at("conditions").at(0).as_object();
        EXPECT_EQ(condition.at("type"), "Ready");
        bool const is_ready = condition.at("status") == "True";
        EXPECT_EQ(status.contains("resourceRecords"), is_ready);
        EXPECT_EQ(condition.contains("reason"), !is_ready);
        return is_ready;
    };
    EXPECT_EQ(host_.post(here, wish("shop", false)).status, 200);
    // gcloud takes a mapping that is made without records for "already in use elsewhere".
    auto const second = host_.post(there, wish("moved", false));
    ASSERT_EQ(second.status, 200) << second.text;
    EXPECT_EQ(second.body.at_pointer("/status/conditions/0/reason"), "MappingAlreadyExists");
    EXPECT_TRUE(ready(here));
    EXPECT_FALSE(ready(there));
    EXPECT_EQ(host_.post(there, wish("moved", true)).status, 409);
    EXPECT_EQ(host_.remove(there + "/www.example.com").status, 200);
    EXPECT_EQ(host_.post(there, wish("moved", true)).status, 200);
    EXPECT_FALSE(ready(here));
    EXPECT_TRUE(ready(there));
    // And back.
    host_.restart();
    EXPECT_EQ(host_.post(here, wish("shop", true)).status, 409);
    EXPECT_EQ(host_.remove(here + "/www.example.com").status, 200);
    EXPECT_TRUE(ready(there));
    EXPECT_EQ(host_.post(here, wish("shop", true)).status, 200);
    EXPECT_TRUE(ready(here));
    EXPECT_FALSE(ready(there));
}

TEST_F(RunServicesTest, MountOptionsAreTheSameInBothVersions) {
    auto mounted = service({container(kImage)});
    json::array const options{"only-dir=tenants/a", "implicit-dirs", "stat-cache-ttl=1h"};
    mounted["template"].as_object()["volumes"] = json::array{
        json::object{{"name", "m"}, {"gcs", {{"bucket", "media"}, {"mountOptions", options}}}}};
    ASSERT_EQ(create("shop", mounted).status, 200);
    EXPECT_EQ(get("shop").at_pointer("/template/volumes/0/gcs/mountOptions"), options);
    auto const path = fmt::format("{}/services/shop", kKnative);
    auto v1 = host_.get(path).body;
    auto const where = "/spec/template/spec/volumes/0/csi/volumeAttributes";
    EXPECT_EQ(
        v1.at_pointer(where),
        (json::value{{"bucketName", "media"},
                     {"mountOptions", "only-dir=tenants/a,implicit-dirs,stat-cache-ttl=1h"}}));
    v1.at_pointer(where).as_object()["mountOptions"] = "only-dir=b,implicit-dirs";
    ASSERT_EQ(host_.put(path, v1).status, 200);
    EXPECT_EQ(get("shop").at_pointer("/template/volumes/0/gcs/mountOptions"),
              (json::array{"only-dir=b", "implicit-dirs"}));
}

}  // namespace
}  // namespace aipress::sandbox::run

// A tenant's service on its way from its own project to a shard, in a sandbox that serves both:
// what a visitor is shown tells which home answers.
#pragma once

#include <boost/json/parse.hpp>
#include <memory>
#include <string>

#include "gcp/run.h"
#include "testing/lossy_transport.h"
#include "testing/served_sites.h"
#include "testing/status_matchers.h"

namespace aipress::testing {

// The site's uploads have one file, who.txt, which says "old" or "new": nginx serves it without a
// database.
class MovingSiteTest : public ServedSitesTest {
protected:
    static constexpr auto* kProject = "sandbox-project";
    static constexpr auto* kShard = "aipress-shard-001";
    static constexpr auto* kRegion = "us-central1";
    static constexpr auto* kTenant = "tenant-001";

    void SetUp() override {
        ServedSitesTest::SetUp();
        if (IsSkipped()) return;
        connection_.emplace(transport_, *tokens_, quotas_,
                            gcp::ConnectionOptions{.endpoints = {{"", host_->url()}},
                                                   .retry = {.random = [] { return 0.0; }}});
        for (auto const* const secret : {"old-password", "new-password"}) add_secret(secret);
        add_file("old-media", "who.txt", "old");
        add_file("shard-media", "tenants%2Ftenant-001%2Fwho.txt", "new");
        address_ = deploy(kTenant, old_service());
    }

    void add_secret(std::string const& name) {
        auto const secrets = std::string("/v1/projects/sandbox-project/secrets");
        host_->post(secrets + "?secretId=" + name,
                    {{"replication", {{"automatic", boost::json::object()}}}});
        host_->post(secrets + "/" + name + ":addVersion",
                    {{"payload", {{"data", http::encode_base64("hunter2")}}}});
    }
    void add_file(std::string const& bucket, std::string const& name, std::string const& text) {
        host_->post("/storage/v1/b?project=sandbox-project", {{"name", bucket}});
        auto const path =
            fmt::format("/upload/storage/v1/b/{}/o?uploadType=media&name={}", bucket, name);
        EXPECT_EQ(host_->call("POST", path, text, {{"Content-Type", "text/plain"}}).status, 200);
    }
    // With more than what ties it to its home, which a move leaves alone.
    static boost::json::object old_service() {
        return boost::json::parse(R"({
            "labels": {"tenant": "tenant-001"},
            "template": {
                "labels": {"plan": "gold"},
                "timeout": "120s",
                "scaling": {"maxInstanceCount": 2},
                "volumes": [{"name": "uploads", "gcs": {
                    "bucket": "old-media", "mountOptions": ["implicit-dirs"]}}],
                "containers": [{
                    "image": "us-docker.pkg.dev/p/sites/wordpress:6",
                    "env": [{"name": "WP_DEBUG", "value": "1"},
                            {"name": "DB_HOST", "value": "10.0.0.5"},
                            {"name": "DB_NAME", "value": "wordpress"},
                            {"name": "DB_USER", "value": "wordpress"},
                            {"name": "DB_PASSWORD", "valueSource": {"secretKeyRef": {
                                "secret": "old-password", "version": "1"}}},
                            {"name": "TABLE_PREFIX", "value": "wp_"}],
                    "volumeMounts": [{"name": "uploads",
                                      "mountPath": "/var/www/html/wp-content/uploads"}]}]}})")
            .as_object();
    }
    // A project of its own with the tenant's service, as provisioning leaves it.
    void make_shard() {
        ASSERT_EQ(host_->post("/v3/projects", {{"projectId", kShard}}).status, 200);
        ASSERT_EQ(host_
                      ->post(fmt::format("//serviceusage.googleapis.com/v1/projects/{}/services:"
                                         "batchEnable",
                                         kShard),
                             {{"serviceIds", {"run.googleapis.com"}}})
                      .status,
                  200);
        auto service = old_service();
        auto& revision = service["template"].as_object();
        revision["volumes"].as_array()[0].as_object()["gcs"] = boost::json::object{
            {"bucket", "shard-media"}, {"mountOptions", {"only-dir=tenants/tenant-001"}}};
        auto& container = revision["containers"].as_array()[0].as_object();
        container["env"] = boost::json::array();
        gcp::CloudRun const run(*connection_);
        ASSERT_THAT(
            run.create_service(
                context_, {.project = kShard, .location = kRegion, .service = kTenant}, service),
            IsOk());
    }
    std::string who(std::string const& host) {
        auto const answer = visit(host, "/wp-content/uploads/who.txt");
        return answer.status == 200 ? answer.text : fmt::format("status {}", answer.status);
    }
    // The service as the API shows it.
    boost::json::object service() {
        return host_->get(fmt::format("{}/{}", kServicesPath, kTenant)).body.as_object();
    }
    // By somebody else. Waits for the operation.
    void patch_service(std::string const& mask, boost::json::value const& body) {
        change("PATCH", fmt::format("{}/{}?updateMask={}", kServicesPath, kTenant, mask), body);
    }

    LossyTransport transport_;
    std::unique_ptr<gcp::TokenSource> const tokens_ = gcp::make_fixed_token("ya29.test");
    gcp::QuotaBroker quotas_{clock_};
    std::optional<gcp::Connection> connection_;
    Context const context_{clock_, Deadline::after(clock_, milliseconds(60'000)), {}};
    std::string address_;  // of the old service
};

}  // namespace aipress::testing

// Backends, URL maps, proxies and forwarding rules, as a client sees them.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;
using testing::SandboxHost;

constexpr std::string_view kProject =
    "//compute.googleapis.com/compute/v1/projects/sandbox-project";

std::string text_at(HttpAnswer const& answer, std::string_view pointer) {
    boost::system::error_code failure;
    auto const* const found = answer.body.find_pointer(pointer, failure);
    if (found == nullptr) return "";
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

std::string at(std::string_view path) {
    return fmt::format("{}/{}", kProject, path);
}

class LoadBalancingTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};

    HttpAnswer get(std::string_view path) { return host_.get(at(path)); }
    int make(std::string_view collection, json::object const& body) {
        auto const answer = host_.post(at(collection), body);
        return answer.status;
    }
    // A bucket, a service in front of Cloud Run, and a map that has both.
    void make_backends() {
        EXPECT_EQ(make("global/backendBuckets",
                       {{"name", "bb"}, {"bucketName", "b"}, {"enableCdn", true}}),
                  200);
        EXPECT_EQ(make("regions/us-central1/networkEndpointGroups",
                       {{"name", "neg"},
                        {"networkEndpointType", "SERVERLESS"},
                        {"cloudRun", {{"service", "wp"}}}}),
                  200);
        EXPECT_EQ(
            make("global/backendServices",
                 {{"name", "be"},
                  {"enableCDN", true},
                  {"backends", {{{"group", "regions/us-central1/networkEndpointGroups/neg"}}}}}),
            200);
        EXPECT_EQ(make("global/urlMaps",
                       {{"name", "um"}, {"defaultService", "global/backendServices/be"}}),
                  200);
    }
};

// As kcc_compute_v1beta1_computebackendbucket was recorded.
TEST_F(LoadBalancingTest, ABackendBucketIsKeptAndReplaced) {
    auto const none = get("global/backendBuckets/bb");
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(text_at(none, "/error/message"),
              "BackendBucket \"projects/sandbox-project/global/backendBuckets/bb\" not found");
    EXPECT_EQ(make("global/backendBuckets",
                   {{"name", "bb"}, {"bucketName", "b"}, {"description", "one"}}),
              200);
    auto const path = at("global/backendBuckets/bb");
    EXPECT_EQ(host_.put(path, {{"name", "bb"}, {"bucketName", "b"}, {"enableCdn", true}}).status,
              200);
    host_.restart();
    auto const bucket = host_.get(path);
    EXPECT_EQ(text_at(bucket, "/enableCdn"), "true");
    EXPECT_EQ(text_at(bucket, "/description"), "");
    EXPECT_EQ(text_at(bucket, "/kind"), "compute#backendBucket");
    EXPECT_EQ(host_.patch(path, {{"cdnPolicy", {{"defaultTtl", 60}, {"maxTtl", 30}}}}).status, 400);
    EXPECT_EQ(host_.patch(path, {{"cdnPolicy", {{"cacheMode", "SOMETIMES"}}}}).status, 400);
    EXPECT_EQ(host_.patch(path, {{"cdnPolicy", {{"defaultTtl", 60}}}}).status, 200);
    EXPECT_EQ(text_at(host_.get(path), "/cdnPolicy/cacheMode"), "CACHE_ALL_STATIC");
    EXPECT_EQ(text_at(host_.get(path), "/cdnPolicy/maxTtl"), "86400");
    EXPECT_EQ(make("global/backendBuckets", {{"name", "none"}}), 400);
    EXPECT_EQ(host_.remove(path).status, 200);
    EXPECT_EQ(host_.remove(path).status, 404);
}

TEST_F(LoadBalancingTest, AServiceIsChangedByWhoReadItLast) {
    make_backends();
    auto const path = at("global/backendServices/be");
    auto const service = host_.get(path);
    EXPECT_EQ(text_at(service, "/backends/0/group"),
              "https://www.googleapis.com/compute/v1/projects/sandbox-project/regions/us-central1/"
              "networkEndpointGroups/neg");
    EXPECT_EQ(text_at(service, "/sessionAffinity"), "NONE");
    auto changed = service.body.as_object();
    changed["timeoutSec"] = 5;
    EXPECT_EQ(host_.put(path, changed).status, 200);
    auto const late = host_.put(path, changed);
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(late.reason(), "conditionNotMet");
    EXPECT_EQ(host_.patch(path, {{"timeoutSec", 7}}).status, 200);
    EXPECT_EQ(text_at(host_.get(path), "/timeoutSec"), "7");
    EXPECT_EQ(host_.remove(at("regions/us-central1/networkEndpointGroups/neg")).reason(),
              "resourceInUseByAnotherResource");
    EXPECT_EQ(host_.remove(path).reason(), "resourceInUseByAnotherResource");
    EXPECT_EQ(host_.patch(path, {{"backends", json::array()}}).status, 200);
    EXPECT_EQ(host_.remove(at("regions/us-central1/networkEndpointGroups/neg")).status, 200);
}

TEST_F(LoadBalancingTest, AUrlMapLeadsToWhatIsThere) {
    make_backends();
    auto const path = at("global/urlMaps/um");
    EXPECT_EQ(make("global/urlMaps", {{"name", "x"}}), 400);
    EXPECT_EQ(
        make("global/urlMaps", {{"name", "x"}, {"defaultService", "global/backendServices/none"}}),
        404);
    json::object const rules{
        {"hostRules", {{{"hosts", {"a.example.com"}}, {"pathMatcher", "m"}}}},
        {"pathMatchers",
         {{{"name", "m"},
           {"defaultService", "global/backendBuckets/bb"},
           {"pathRules", {{{"paths", {"/app/*"}}, {"service", "global/backendServices/be"}}}}}}}};
    EXPECT_EQ(host_.patch(path, rules).status, 200);
    EXPECT_EQ(text_at(host_.get(path), "/pathMatchers/0/pathRules/0/service"),
              "https://www.googleapis.com/compute/v1/projects/sandbox-project/global/"
              "backendServices/be");
    auto wrong = rules;
    wrong["hostRules"] = json::array();
    EXPECT_EQ(host_.patch(path, wrong).reason(), "invalid");
    wrong = rules;
    wrong.at("pathMatchers").at(0).at("pathRules").at(0).at("paths") = json::array{"app"};
    EXPECT_EQ(host_.patch(path, wrong).reason(), "invalid");
    EXPECT_EQ(host_.remove(at("global/backendBuckets/bb")).status, 400);
    auto const fingerprint = text_at(host_.get(path), "/fingerprint");
    EXPECT_EQ(host_.post(path + "/invalidateCache", {{"path", "/*"}}).status, 200);
    EXPECT_EQ(host_.post(path + "/invalidateCache", {{"path", "x"}}).status, 400);
    EXPECT_EQ(text_at(host_.get(path), "/fingerprint"), fingerprint);
}

TEST_F(LoadBalancingTest, AUrlMapHas64KilobytesAtMost) {
    make_backends();
    auto const describe = [&](std::size_t bytes) {
        return host_.patch(at("global/urlMaps/um"), {{"description", std::string(bytes, 'x')}});
    };
    EXPECT_EQ(describe(60'000).status, 200);
    auto const refused = describe(66'000);
    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(refused.reason(), "fieldSizeTooLarge");
}

TEST_F(LoadBalancingTest, AForwardingRuleTakesAnAddress) {
    make_backends();
    EXPECT_EQ(
        make("global/sslCertificates",
             {{"name", "c"}, {"type", "MANAGED"}, {"managed", {{"domains", {"a.example.com"}}}}}),
        200);
    EXPECT_EQ(make("global/targetHttpsProxies", {{"name", "p"}, {"urlMap", "global/urlMaps/um"}}),
              400);
    EXPECT_EQ(
        make("global/targetHttpsProxies", {{"name", "p"},
                                           {"urlMap", "global/urlMaps/um"},
                                           {"sslCertificates", {"global/sslCertificates/c"}}}),
        200);
    EXPECT_EQ(make("global/addresses", {{"name", "ip"}}), 200);
    json::object rule{{"name", "fr"},
                      {"target", "global/targetHttpsProxies/p"},
                      {"portRange", "443"},
                      {"IPAddress", "203.0.113.1"}};
    EXPECT_EQ(make("global/forwardingRules", rule), 200);
    auto const made = get("global/forwardingRules/fr");
    EXPECT_EQ(text_at(made, "/portRange"), "443-443");
    EXPECT_EQ(text_at(get("global/addresses/ip"), "/status"), "IN_USE");
    EXPECT_EQ(host_.remove(at("global/addresses/ip")).reason(), "resourceInUseByAnotherResource");
    rule["name"] = "second";
    EXPECT_EQ(make("global/forwardingRules", rule), 400);
    rule["portRange"] = "80-90";
    EXPECT_EQ(make("global/forwardingRules", rule), 400);
    rule["portRange"] = "443";
    rule.erase("IPAddress");
    EXPECT_EQ(make("global/forwardingRules", rule), 200);
    EXPECT_EQ(text_at(get("global/forwardingRules/second"), "/IPAddress"), "203.0.113.2");
    EXPECT_EQ(host_.remove(at("global/urlMaps/um")).status, 400);
    EXPECT_EQ(host_.remove(at("global/targetHttpsProxies/p")).status, 400);
    for (auto const* const name : {"fr", "second"}) {
        EXPECT_EQ(host_.remove(at(fmt::format("global/forwardingRules/{}", name))).status, 200);
    }
    EXPECT_EQ(text_at(get("global/addresses/ip"), "/status"), "RESERVED");
    EXPECT_EQ(host_.remove(at("global/targetHttpsProxies/p")).status, 200);
    EXPECT_EQ(host_.remove(at("global/urlMaps/um")).status, 200);
}

TEST(CertificatesTest, AManagedCertificateComesWithTime) {
    testing::FakeClock clock;
    SandboxHost host(clock, {.data = {}, .operations = OperationTiming::Realistic});
    host.post(at("global/sslCertificates"),
              {{"name", "c"}, {"type", "MANAGED"}, {"managed", {{"domains", {"a.example.com"}}}}});
    auto const path = at("global/sslCertificates/c");
    EXPECT_EQ(text_at(host.get(path), "/managed/status"), "PROVISIONING");
    clock.advance(milliseconds(21 * 60'000));
    host.restart();
    EXPECT_EQ(text_at(host.get(path), "/managed/domainStatus/a.example.com"), "ACTIVE");
}

}  // namespace
}  // namespace aipress::sandbox::compute

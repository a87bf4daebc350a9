// What a client finds where it looks for all of a kind, and the methods that change one thing.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/sandbox_host.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

std::string at(std::string_view path) {
    return fmt::format("//compute.googleapis.com/compute/v1/projects/sandbox-project/{}", path);
}

class ComputeListsTest : public ::testing::Test {
protected:
    void make(std::string_view collection, json::object const& body) {
        auto const made = host_.post(at(collection), body);
        EXPECT_EQ(made.status, 200) << collection << made.text;
    }
    void change(std::string const& verb, std::string_view path, json::object const& body) {
        auto const changed = host_.call(verb, at(path), json::serialize(body));
        EXPECT_EQ(changed.status, 200) << verb << " " << path << changed.text;
    }
    std::string shown(std::string_view path, std::string_view pointer) {
        auto const answer = host_.get(at(path));
        boost::system::error_code failure;
        auto const* const found = answer.body.find_pointer(pointer, failure);
        if (found == nullptr) return answer.text;
        return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
    }
    // One of everything that a site's traffic passes.
    void make_all() {
        make("global/networks", {{"name", "n"}, {"autoCreateSubnetworks", true}});
        make("regions/us-central1/subnetworks",
             {{"name", "s"},
              {"ipCidrRange", "172.16.7.0/24"},
              {"network", "projects/sandbox-project/global/networks/n"}});
        make("global/firewalls", {{"name", "f"},
                                  {"network", "global/networks/n"},
                                  {"allowed", {{{"IPProtocol", "tcp"}}}}});
        make("global/addresses", {{"name", "ga"}});
        make("regions/us-central1/addresses", {{"name", "ra"}});
        make("global/backendBuckets", {{"name", "bb"}, {"bucketName", "b"}});
        make("regions/us-central1/networkEndpointGroups", {{"name", "neg"},
                                                           {"networkEndpointType", "SERVERLESS"},
                                                           {"cloudRun", {{"service", "wp"}}}});
        make("global/backendServices", {{"name", "be"}});
        make("global/backendServices", {{"name", "spare"}});
        make("global/urlMaps", {{"name", "um"}, {"defaultService", "global/backendServices/be"}});
        make("global/urlMaps", {{"name", "um2"}, {"defaultService", "global/backendBuckets/bb"}});
        make("global/sslCertificates",
             {{"name", "c"}, {"type", "MANAGED"}, {"managed", {{"domains", {"a.example.com"}}}}});
        make("global/sslCertificates",
             {{"name", "c2"}, {"type", "MANAGED"}, {"managed", {{"domains", {"b.example.com"}}}}});
        make("global/targetHttpProxies", {{"name", "p"}, {"urlMap", "global/urlMaps/um"}});
        make("global/targetHttpsProxies", {{"name", "ps"},
                                           {"urlMap", "global/urlMaps/um"},
                                           {"sslCertificates", {"global/sslCertificates/c"}}});
        make("global/forwardingRules", {{"name", "fr"},
                                        {"target", "global/targetHttpProxies/p"},
                                        {"portRange", "80"},
                                        {"loadBalancingScheme", "EXTERNAL_MANAGED"}});
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(ComputeListsTest, EachKindIsListed) {
    make_all();
    for (auto const& [path, name] : std::vector<std::pair<std::string, std::string>>{
             {"regions/us-central1/addresses", "ra"},
             {"global/addresses", "ga"},
             {"global/backendBuckets", "bb"},
             {"global/backendServices", "be"},
             {"global/firewalls", "f"},
             {"global/forwardingRules", "fr"},
             {"regions/us-central1/networkEndpointGroups", "neg"},
             {"global/sslCertificates", "c"},
             {"regions/us-central1/subnetworks", "s"},
             {"global/targetHttpProxies", "p"},
             {"global/targetHttpsProxies", "ps"},
             {"global/urlMaps", "um"},
             {"regions", "us-central1"}}) {
        auto const filtered = fmt::format("{}?filter=name%3D{}", path, name);
        EXPECT_EQ(shown(filtered, "/items/0/name"), name) << path;
        EXPECT_EQ(shown(fmt::format("{}?filter=name%3Dnone", path), "/items/0/name").find("error"),
                  std::string::npos);
    }
    EXPECT_EQ(host_.get(at("regions/us-central1/forwardingRules")).status, 200);
    EXPECT_EQ(shown("zones/us-central1-a", "/name"), "us-central1-a");
    EXPECT_EQ(shown("regions/us-central1/networkEndpointGroups/neg", "/cloudRun/service"), "wp");
    for (auto const& [kind, name] :
         {std::pair("addresses", "ra"), std::pair("backendServices", "be"),
          std::pair("forwardingRules", "fr"), std::pair("urlMaps", "um"),
          std::pair("operations", "insert")}) {
        auto const all = host_.get(at(fmt::format("aggregated/{}", kind)));
        EXPECT_EQ(all.status, 200) << all.text;
        EXPECT_THAT(all.text, HasSubstr(fmt::format("\"{}\"", name)));
    }
}

TEST_F(ComputeListsTest, OperationsOfARegionAreFound) {
    auto const begun = host_.post(at("regions/us-central1/addresses"), {{"name", "ra"}});
    ASSERT_EQ(begun.status, 200) << begun.text;
    auto const name = std::string(begun.body.at("name").as_string());
    auto const path = "regions/us-central1/operations/" + name;
    EXPECT_EQ(shown(path, "/name"), name);
    auto const waited = host_.call("POST", at(path + "/wait"));
    EXPECT_EQ(waited.body.at("status"), "DONE");
    EXPECT_EQ(shown("regions/us-central1/operations", "/items/0/name"), name);
    EXPECT_EQ(host_.get(at("global/operations")).body.at("kind"), "compute#operationList");
    change("DELETE", "regions/us-central1/addresses/ra", {});
    EXPECT_EQ(host_.get(at("regions/us-central1/addresses/ra")).status, 404);
}

TEST_F(ComputeListsTest, OneThingIsChanged) {
    make_all();
    change("PATCH", "global/networks/n", {{"routingConfig", {{"routingMode", "GLOBAL"}}}});
    EXPECT_EQ(shown("global/networks/n", "/routingConfig/routingMode"), "GLOBAL");
    change("POST", "global/networks/n/switchToCustomMode", {});
    EXPECT_EQ(shown("global/networks/n", "/autoCreateSubnetworks"), "false");
    change(
        "PUT", "global/firewalls/f",
        {{"name", "f"}, {"network", "global/networks/n"}, {"denied", {{{"IPProtocol", "udp"}}}}});
    EXPECT_EQ(shown("global/firewalls/f", "/denied/0/IPProtocol"), "udp");
    for (auto const* const kind : {"addresses/ga", "forwardingRules/fr"}) {
        auto const path = fmt::format("global/{}", kind);
        auto const print = shown(path, "/labelFingerprint");
        change("POST", path + "/setLabels",
               {{"labels", {{"tier", "gold"}}}, {"labelFingerprint", print}});
        EXPECT_EQ(shown(path, "/labels/tier"), "gold");
        EXPECT_EQ(host_
                      .post(at(path + "/setLabels"),
                            {{"labels", json::object()}, {"labelFingerprint", print}})
                      .status,
                  412);
    }
    change("PATCH", "global/forwardingRules/fr", {{"networkTier", "PREMIUM"}});
    change("POST", "global/forwardingRules/fr/setTarget",
           {{"target", "global/targetHttpsProxies/ps"}});
    EXPECT_THAT(shown("global/forwardingRules/fr", "/target"), HasSubstr("targetHttpsProxies/ps"));
    auto map = host_.get(at("global/urlMaps/um")).body.as_object();
    map["description"] = "changed";
    change("PUT", "global/urlMaps/um", map);
    EXPECT_EQ(shown("global/urlMaps/um", "/description"), "changed");
    change("DELETE", "global/backendServices/spare", {});
    EXPECT_EQ(host_.get(at("global/backendServices/spare")).status, 404);
    change("DELETE", "global/firewalls/f", {});
    EXPECT_EQ(host_.get(at("global/firewalls/f")).status, 404);
}

TEST_F(ComputeListsTest, ProxiesLeadElsewhere) {
    make_all();
    change("POST", "targetHttpProxies/p/setUrlMap", {{"urlMap", "global/urlMaps/um2"}});
    EXPECT_THAT(shown("global/targetHttpProxies/p", "/urlMap"), HasSubstr("urlMaps/um2"));
    auto const fingerprint = shown("global/targetHttpProxies/p", "/fingerprint");
    change("PATCH", "global/targetHttpProxies/p",
           {{"urlMap", "global/urlMaps/um"}, {"fingerprint", fingerprint}});
    EXPECT_TRUE(shown("global/targetHttpProxies/p", "/urlMap").ends_with("urlMaps/um"));
    change("POST", "targetHttpsProxies/ps/setUrlMap", {{"urlMap", "global/urlMaps/um2"}});
    EXPECT_THAT(shown("global/targetHttpsProxies/ps", "/urlMap"), HasSubstr("urlMaps/um2"));
    change("POST", "targetHttpsProxies/ps/setSslCertificates",
           {{"sslCertificates", {"global/sslCertificates/c2"}}});
    EXPECT_THAT(shown("global/targetHttpsProxies/ps", "/sslCertificates/0"), HasSubstr("/c2"));
    auto const print = shown("global/targetHttpsProxies/ps", "/fingerprint");
    change("PATCH", "global/targetHttpsProxies/ps",
           {{"quicOverride", "DISABLE"}, {"fingerprint", print}});
    EXPECT_EQ(shown("global/targetHttpsProxies/ps", "/quicOverride"), "DISABLE");
    std::string const certificates =
        "//certificatemanager.googleapis.com/projects/sandbox-project/locations/global/"
        "certificateMaps/m";
    change("POST", "global/targetHttpsProxies/ps/setCertificateMap",
           {{"certificateMap", certificates}});
    EXPECT_EQ(shown("global/targetHttpsProxies/ps", "/certificateMap"), certificates);
    change("DELETE", "global/sslCertificates/c", {});
    EXPECT_EQ(host_.get(at("global/sslCertificates/c")).status, 404);
    EXPECT_EQ(host_.remove(at("global/targetHttpProxies/p")).status, 400) << "a rule leads to it";
    change("DELETE", "global/forwardingRules/fr", {});
    change("DELETE", "global/targetHttpProxies/p", {});
    EXPECT_EQ(host_.get(at("global/targetHttpProxies/p")).status, 404);
}

}  // namespace
}  // namespace aipress::sandbox::compute

// Networks, subnetworks, peerings, firewalls and addresses, as a client sees them.
#include "sandbox/compute/networks.h"

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

std::string message(HttpAnswer const& answer) {
    return text_at(answer, "/error/message");
}

class NetworksTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};

    static std::string at(std::string_view path) { return fmt::format("{}/{}", kProject, path); }
    HttpAnswer get(std::string_view path) { return host_.get(at(path)); }
    HttpAnswer make_network(std::string const& name) {
        return host_.post(at("global/networks"),
                          {{"name", name}, {"autoCreateSubnetworks", false}});
    }
    HttpAnswer make_subnetwork(std::string const& network, std::string const& name,
                               std::string const& range) {
        return host_.post(at("regions/us-central1/subnetworks"),
                          {{"name", name},
                           {"ipCidrRange", range},
                           {"network", "projects/sandbox-project/global/networks/" + network}});
    }
    HttpAnswer peer(std::string const& local, std::string const& name, std::string const& other) {
        return host_.post(at("global/networks/" + local + "/addPeering"),
                          {{"networkPeering",
                            {{"name", name},
                             {"network", "projects/sandbox-project/global/networks/" + other},
                             {"exchangeSubnetRoutes", true}}}});
    }
    std::string peering_state(std::string const& network) {
        return text_at(get("global/networks/" + network), "/peerings/0/state");
    }
};

// As kcc_compute_v1beta1_computenetwork was recorded.
TEST_F(NetworksTest, ANetworkIsMadeAndToldAsGoogleTellsIt) {
    auto const none = get("global/networks/n");
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(message(none),
              "The resource 'projects/sandbox-project/global/networks/n' was not found");
    EXPECT_EQ(none.reason(), "notFound");

    auto const operation = make_network("n");
    ASSERT_EQ(operation.status, 200) << operation.text;
    EXPECT_EQ(text_at(operation, "/status"), "RUNNING");
    EXPECT_EQ(text_at(operation, "/operationType"), "insert");
    EXPECT_EQ(text_at(operation, "/targetLink"),
              "https://www.googleapis.com/compute/v1/projects/sandbox-project/global/networks/n");
    auto const path = "global/operations/" + text_at(operation, "/name");
    EXPECT_EQ(text_at(get(path), "/status"), "DONE");
    EXPECT_EQ(text_at(get(path), "/progress"), "100");

    host_.restart();
    auto const network = get("global/networks/n");
    EXPECT_EQ(text_at(network, "/routingConfig/routingMode"), "REGIONAL");
    EXPECT_EQ(text_at(network, "/kind"), "compute#network");
    EXPECT_EQ(text_at(get(path), "/status"), "DONE");
    auto const again = make_network("n");
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.reason(), "alreadyExists");
    EXPECT_EQ(make_network("Bad_Name").reason(), "invalid");
    EXPECT_EQ(host_.post(at("global/networks"), {{"name", "n"}, {"nope", 1}}).status, 400);
}

TEST_F(NetworksTest, AnAutoModeNetworkHasASubnetworkInEveryRegion) {
    EXPECT_EQ(
        host_.post(at("global/networks"), {{"name", "a"}, {"autoCreateSubnetworks", true}}).status,
        200);
    EXPECT_EQ(text_at(get("regions/us-central1/subnetworks/a"), "/ipCidrRange"), "10.128.0.0/20");
    EXPECT_GT(get("global/networks/a").body.at("subnetworks").as_array().size(), 40u);
    EXPECT_EQ(host_.remove(at("global/networks/a")).status, 200);
    EXPECT_EQ(get("regions/us-central1/subnetworks/a").status, 404);
}

TEST_F(NetworksTest, SubnetworksOfANetworkDoNotOverlap) {
    make_network("n");
    EXPECT_EQ(make_subnetwork("n", "one", "10.2.0.0/16").status, 200);
    auto const clash = make_subnetwork("n", "two", "10.2.5.0/24");
    EXPECT_EQ(clash.status, 400);
    EXPECT_EQ(message(clash),
              "Invalid IPCidrRange: 10.2.5.0/24 conflicts with existing subnetwork 'one' in region "
              "'us-central1'.");
    EXPECT_EQ(make_subnetwork("n", "bad", "10.3.0.1/24").reason(), "invalid");
    EXPECT_EQ(make_subnetwork("n", "bad", "127.0.0.0/24").reason(), "invalid");
    EXPECT_EQ(make_subnetwork("none", "bad", "10.3.0.0/24").status, 404);
    EXPECT_EQ(
        host_.post(at("regions/mars-1/subnetworks"), {{"name", "x"}, {"network", "n"}}).reason(),
        "invalid");
    EXPECT_EQ(text_at(get("regions/us-central1/subnetworks/one"), "/gatewayAddress"), "10.2.0.1");

    auto const used = host_.remove(at("global/networks/n"));
    EXPECT_EQ(used.status, 400);
    EXPECT_EQ(used.reason(), "resourceInUseByAnotherResource");
    EXPECT_EQ(host_.remove(at("regions/us-central1/subnetworks/one")).status, 200);
    EXPECT_EQ(host_.remove(at("global/networks/n")).status, 200);
}

TEST_F(NetworksTest, ASubnetworkIsPatchedWithItsFingerprintOnly) {
    make_network("n");
    make_subnetwork("n", "s", "10.2.0.0/24");
    auto const path = at("regions/us-central1/subnetworks/s");
    auto const fingerprint = text_at(host_.get(path), "/fingerprint");
    EXPECT_EQ(host_.patch(path, {{"privateIpGoogleAccess", true}}).status, 412);
    EXPECT_EQ(
        host_.patch(path, {{"privateIpGoogleAccess", true}, {"fingerprint", "AAAA"}}).reason(),
        "conditionNotMet");
    EXPECT_EQ(
        host_.patch(path, {{"privateIpGoogleAccess", true}, {"fingerprint", fingerprint}}).status,
        200);
    EXPECT_NE(text_at(host_.get(path), "/fingerprint"), fingerprint);
    EXPECT_EQ(
        host_.post(path + "/setPrivateIpGoogleAccess", {{"privateIpGoogleAccess", false}}).status,
        200);
    EXPECT_EQ(text_at(host_.get(path), "/privateIpGoogleAccess"), "false");
    EXPECT_EQ(host_.post(path + "/expandIpCidrRange", {{"ipCidrRange", "10.2.0.0/25"}}).status,
              400);
    EXPECT_EQ(host_.post(path + "/expandIpCidrRange", {{"ipCidrRange", "10.2.0.0/23"}}).status,
              200);
    EXPECT_EQ(text_at(host_.get(path), "/ipCidrRange"), "10.2.0.0/23");
}

TEST_F(NetworksTest, APeeringIsActiveWhenBothSidesHaveIt) {
    make_network("a");
    make_network("b");
    EXPECT_EQ(peer("a", "to-b", "b").status, 200);
    EXPECT_EQ(peering_state("a"), "INACTIVE");
    EXPECT_EQ(peer("b", "to-a", "a").status, 200);
    EXPECT_EQ(peering_state("a"), "ACTIVE");
    EXPECT_EQ(peering_state("b"), "ACTIVE");
    EXPECT_EQ(host_
                  .patch(at("global/networks/a/updatePeering"),
                         {{"networkPeering", {{"name", "to-b"}, {"exportCustomRoutes", true}}}})
                  .status,
              200);
    EXPECT_EQ(text_at(get("global/networks/a"), "/peerings/0/exportCustomRoutes"), "true");
    // What the one has, the other cannot have.
    EXPECT_EQ(make_subnetwork("a", "s", "10.2.0.0/24").status, 200);
    EXPECT_EQ(make_subnetwork("b", "t", "10.2.0.0/25").status, 400);
    host_.restart();
    EXPECT_EQ(host_.post(at("global/networks/b/removePeering"), {{"name", "to-a"}}).status, 200);
    EXPECT_EQ(peering_state("a"), "INACTIVE");
    EXPECT_EQ(host_.remove(at("global/networks/b")).status, 200);
    EXPECT_EQ(host_.post(at("global/networks/a/removePeering"), {{"name", "none"}}).status, 400);
}

TEST_F(NetworksTest, NetworksThatOverlapArePeeredByOneSideAtMost) {
    make_network("a");
    make_network("b");
    make_subnetwork("a", "s", "10.2.0.0/24");
    make_subnetwork("b", "t", "10.2.0.0/25");
    EXPECT_EQ(peer("a", "to-b", "b").status, 200);
    auto const refused = peer("b", "to-a", "a");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(message(refused), ::testing::HasSubstr("overlaps with an IP range in the local"));
    EXPECT_EQ(peering_state("a"), "INACTIVE");
    EXPECT_FALSE(get("global/networks/b").body.as_object().contains("peerings"));
}

TEST_F(NetworksTest, ANetworkHas25PeeringsAtMost) {
    make_network("hub");
    for (int spoke = 0; spoke < 25; ++spoke) {
        EXPECT_EQ(peer("hub", fmt::format("p{}", spoke), fmt::format("spoke{}", spoke)).status,
                  200);
    }
    auto const refused = peer("hub", "p25", "spoke25");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.reason(), "quotaExceeded");
    EXPECT_THAT(message(refused), ::testing::HasSubstr("PEERINGS_PER_NETWORK"));
    EXPECT_EQ(peer("hub", "p24", "spoke9999").status, 400);
}

TEST_F(NetworksTest, FirewallRulesAreCompletedAndChecked) {
    make_network("n");
    json::object const rule{{"name", "f"},
                            {"network", std::string(kLinks) + "projects/sandbox-project/global/"
                                                              "networks/n"},
                            {"allowed", {{{"IPProtocol", "TCP"}, {"ports", {"80", "8000-8080"}}}}}};
    EXPECT_EQ(host_.post(at("global/firewalls"), rule).status, 200);
    auto const made = get("global/firewalls/f");
    EXPECT_EQ(text_at(made, "/sourceRanges"), R"(["0.0.0.0/0"])");
    EXPECT_EQ(text_at(made, "/priority"), "1000");
    EXPECT_EQ(text_at(made, "/allowed/0/IPProtocol"), "tcp");
    auto const refuse = [&](std::string_view field, json::value const& value) {
        auto wrong = rule;
        wrong["name"] = "wrong";
        wrong[field] = value;
        return host_.post(at("global/firewalls"), wrong).status;
    };
    EXPECT_EQ(refuse("allowed", {{{"IPProtocol", "tcp"}, {"ports", {"90-80"}}}}), 400);
    EXPECT_EQ(refuse("sourceRanges", json::array{"10.0.0.300/8"}), 400);
    EXPECT_EQ(refuse("priority", 70'000), 400);
    EXPECT_EQ(refuse("denied", {{{"IPProtocol", "udp"}}}), 400);
    EXPECT_EQ(refuse("network", "projects/sandbox-project/global/networks/none"), 404);
    EXPECT_EQ(host_.patch(at("global/firewalls/f"), {{"priority", 7}, {"description", "d"}}).status,
              200);
    EXPECT_EQ(host_.patch(at("global/firewalls/f"), {{"description", nullptr}}).status, 200);
    auto const patched = get("global/firewalls/f");
    EXPECT_EQ(text_at(patched, "/priority"), "7");
    EXPECT_EQ(text_at(patched, "/description"), "");
    EXPECT_EQ(text_at(patched, "/allowed/0/ports"), R"(["80","8000-8080"])");
}

TEST_F(NetworksTest, AddressesAreGivenOnceAndRangesAreFree) {
    EXPECT_EQ(host_.post(at("global/addresses"), {{"name", "one"}}).status, 200);
    EXPECT_EQ(host_.post(at("regions/us-east1/addresses"), {{"name", "two"}}).status, 200);
    EXPECT_EQ(text_at(get("global/addresses/one"), "/address"), "203.0.113.1");
    EXPECT_EQ(text_at(get("regions/us-east1/addresses/two"), "/address"), "203.0.113.2");
    EXPECT_EQ(host_.remove(at("global/addresses/one")).status, 200);
    host_.restart();
    EXPECT_EQ(host_.post(at("global/addresses"), {{"name", "three"}}).status, 200);
    EXPECT_EQ(text_at(get("global/addresses/three"), "/address"), "203.0.113.1");

    make_network("n");
    make_subnetwork("n", "s", "10.64.0.0/24");
    json::object range{{"name", "r"},
                       {"addressType", "INTERNAL"},
                       {"purpose", "VPC_PEERING"},
                       {"prefixLength", 16},
                       {"network", "global/networks/n"}};
    EXPECT_EQ(host_.post(at("global/addresses"), range).status, 200);
    EXPECT_EQ(text_at(get("global/addresses/r"), "/address"), "10.65.0.0");
    EXPECT_EQ(make_subnetwork("n", "t", "10.65.1.0/24").status, 400);
    range["name"] = "q";
    range["address"] = "10.65.128.0";
    range["prefixLength"] = 20;
    EXPECT_EQ(host_.post(at("global/addresses"), range).status, 400);
    json::object const inner{{"name", "i"},
                             {"addressType", "INTERNAL"},
                             {"subnetwork", "regions/us-central1/subnetworks/s"}};
    EXPECT_EQ(host_.post(at("regions/us-central1/addresses"), inner).status, 200);
    EXPECT_EQ(text_at(get("regions/us-central1/addresses/i"), "/address"), "10.64.0.2");
    auto const path = at("regions/us-central1/addresses/i");
    auto const labels = text_at(host_.get(path), "/labelFingerprint");
    EXPECT_EQ(host_.post(path + "/setLabels", {{"labels", {{"a", "b"}}}}).status, 412);
    EXPECT_EQ(
        host_.post(path + "/setLabels", {{"labels", {{"a", "b"}}}, {"labelFingerprint", labels}})
            .status,
        200);
    EXPECT_EQ(text_at(host_.get(path), "/labels/a"), "b");
}

TEST_F(NetworksTest, ListsArePagedAndFiltered) {
    for (auto const* const name : {"a1", "a2", "a3", "b1"}) make_network(name);
    auto const first = get("global/networks?maxResults=3");
    EXPECT_EQ(first.body.at("items").as_array().size(), 3u);
    auto const token = text_at(first, "/nextPageToken");
    auto const second = get("global/networks?maxResults=3&pageToken=" + token);
    EXPECT_EQ(text_at(second, "/items/0/name"), "b1");
    EXPECT_FALSE(second.body.as_object().contains("nextPageToken"));
    auto const count = [&](std::string const& query) {
        auto const answer = get("global/networks?" + query);
        auto const* const items = answer.body.as_object().if_contains("items");
        return items == nullptr ? 0 : items->as_array().size();
    };
    EXPECT_EQ(count("filter=name+%3D+a*"), 3u);
    EXPECT_EQ(count("filter=(name+%3D+%22b1%22)+(autoCreateSubnetworks+%3D+false)"), 1u);
    EXPECT_EQ(count("filter=name+eq+%22^(a1|b1)$%22"), 2u);
    EXPECT_EQ(count("filter=name+ne+a.*"), 1u);
    EXPECT_EQ(get("global/networks?filter=name+%3C+a").reason(), "invalid");
    EXPECT_EQ(get("global/networks?maxResults=501").reason(), "invalid");
    EXPECT_EQ(get("global/networks?orderBy=colour").reason(), "invalid");
    auto const newest = get("global/networks?maxResults=1&orderBy=creationTimestamp+desc");
    EXPECT_EQ(text_at(newest, "/items/0/name"), "b1");

    make_subnetwork("a1", "s", "10.2.0.0/24");
    make_subnetwork("a1", "t", "10.3.0.0/24");
    auto const all = get("aggregated/subnetworks?maxResults=1");
    EXPECT_EQ(text_at(all, "/items/regions~1us-central1/subnetworks/0/name"), "s");
    EXPECT_EQ(text_at(all, "/items/regions~1us-east1/warning/code"), "NO_RESULTS_ON_PAGE");
    auto const rest =
        get("aggregated/subnetworks?maxResults=1&pageToken=" + text_at(all, "/nextPageToken"));
    EXPECT_EQ(text_at(rest, "/items/regions~1us-central1/subnetworks/0/name"), "t");
    EXPECT_EQ(text_at(rest, "/nextPageToken"), "");
}

TEST_F(NetworksTest, ARequestIdBeginsOneOperation) {
    auto const path = at("global/networks?requestId=0f3c8f0e-1a2b-4c3d-8e9f-000000000001");
    json::object const network{{"name", "n"}, {"autoCreateSubnetworks", false}};
    auto const first = host_.post(path, network);
    auto const second = host_.post(path, network);
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(text_at(first, "/name"), text_at(second, "/name"));
}

TEST_F(NetworksTest, TheProjectAndItsRegionsAreThere) {
    EXPECT_EQ(text_at(host_.get(std::string(kProject)), "/kind"), "compute#project");
    EXPECT_EQ(text_at(get("regions/us-central1"), "/status"), "UP");
    EXPECT_GT(get("zones").body.at("items").as_array().size(), 100u);
    EXPECT_EQ(get("regions/none").status, 404);
}

// A clock that the test moves, and operations that take their time.
class SlowNetworksTest : public ::testing::Test {
protected:
    static SandboxOptions slow() { return {.data = {}, .operations = OperationTiming::Realistic}; }
    testing::FakeClock clock_;
    SandboxHost host_{clock_, slow()};
};

TEST_F(SlowNetworksTest, AnOperationWaitsRunsAndIsDone) {
    auto const at = [](std::string_view path) { return fmt::format("{}/{}", kProject, path); };
    auto const operation =
        host_.post(at("global/networks"), {{"name", "n"}, {"autoCreateSubnetworks", false}});
    EXPECT_EQ(text_at(operation, "/status"), "PENDING");
    auto const path = at("global/operations/" + text_at(operation, "/name"));
    clock_.advance(milliseconds(1'000));
    EXPECT_EQ(text_at(host_.get(path), "/status"), "RUNNING");
    json::object const subnetwork{
        {"name", "s"}, {"ipCidrRange", "10.2.0.0/24"}, {"network", "global/networks/n"}};
    auto const early = host_.post(at("regions/us-central1/subnetworks"), subnetwork);
    EXPECT_EQ(early.status, 400);
    EXPECT_EQ(early.reason(), "resourceNotReady");
    host_.restart();
    EXPECT_EQ(text_at(host_.get(path), "/status"), "RUNNING");
    // The clock moves while the server waits: it gives up once, and clients ask again.
    auto waited = host_.post(path + "/wait", json::object());
    for (int more = 0; more < 5 && text_at(waited, "/status") != "DONE"; ++more) {
        waited = host_.post(path + "/wait", json::object());
    }
    EXPECT_EQ(text_at(waited, "/status"), "DONE");
    EXPECT_EQ(host_.post(at("regions/us-central1/subnetworks"), subnetwork).status, 200);
}

TEST_F(SlowNetworksTest, OnePeeringOfANetworkIsMadeAtATime) {
    auto const at = [](std::string_view path) { return fmt::format("{}/{}", kProject, path); };
    for (auto const* const name : {"a", "b", "c"}) {
        host_.post(at("global/networks"), {{"name", name}, {"autoCreateSubnetworks", false}});
    }
    clock_.advance(milliseconds(60'000));
    auto const peer = [&](std::string const& local, std::string const& other) {
        return host_.post(at("global/networks/" + local + "/addPeering"),
                          {{"networkPeering",
                            {{"name", "to-" + other},
                             {"network", "global/networks/" + other},
                             {"exchangeSubnetRoutes", true}}}});
    };
    EXPECT_EQ(peer("a", "b").status, 200);
    auto const refused = peer("b", "c");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(message(refused),
              "There is a peering operation in progress on the local or peer network. Try again "
              "later.");
    clock_.advance(milliseconds(60'000));
    EXPECT_EQ(peer("b", "c").status, 200);
}

}  // namespace
}  // namespace aipress::sandbox::compute

#include "sandbox/compute/service_networking.h"

#include <gmock/gmock.h>

#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;
using testing::SandboxHost;

constexpr std::string_view kConnections =
    "//servicenetworking.googleapis.com/v1/services/servicenetworking.googleapis.com/connections";
std::string const kCompute = "//compute.googleapis.com/compute/v1/projects/sandbox-project/";
std::string const kNetwork = "projects/sandbox-project/global/networks/n";

class ServiceNetworkingTest : public ::testing::Test {
protected:
    void SetUp() override {
        host_.post(kCompute + "global/networks", {{"name", "n"}, {"autoCreateSubnetworks", false}});
        for (auto const* const name : {"one", "two"}) {
            auto const made =
                host_.post(kCompute + "global/addresses", {{"name", name},
                                                           {"addressType", "INTERNAL"},
                                                           {"purpose", "VPC_PEERING"},
                                                           {"prefixLength", 20},
                                                           {"network", kNetwork}});
            ASSERT_EQ(made.status, 200) << made.text;
        }
    }
    HttpAnswer connect(json::array const& ranges) {
        return host_.post(kConnections, {{"network", kNetwork}, {"reservedPeeringRanges", ranges}});
    }
    HttpAnswer list() { return host_.get(std::string(kConnections) + "?network=" + kNetwork); }
    bool has_peering() {
        auto const network = host_.get(kCompute + "global/networks/n");
        auto const* const peerings = network.body.as_object().if_contains("peerings");
        return peerings != nullptr &&
               peerings->at(0).at("name") == "servicenetworking-googleapis-com" &&
               peerings->at(0).at("state") == "ACTIVE";
    }

    SystemClock clock_;
    SandboxHost host_{clock_};
};

TEST_F(ServiceNetworkingTest, AConnectionPeersTheNetwork) {
    EXPECT_TRUE(list().body.as_object().empty());
    auto const operation = connect({"one"});
    ASSERT_EQ(operation.status, 200) << operation.text;
    auto const name = std::string(operation.body.at("name").as_string());
    auto const done = host_.get("//servicenetworking.googleapis.com/v1/" + name);
    EXPECT_EQ(done.body.at("done"), true);
    EXPECT_EQ(done.body.at("response").at("peering"), "servicenetworking-googleapis-com");
    EXPECT_TRUE(has_peering());
    host_.restart();
    EXPECT_EQ(list().body.at("connections").at(0).at("reservedPeeringRanges"), json::array{"one"});

    auto const other = connect({"two"});
    EXPECT_EQ(other.status, 400);
    EXPECT_EQ(other.body.at("error").at("message"),
              "Cannot modify allocated ranges in CreateConnection. Please use UpdateConnection.");
    EXPECT_EQ(connect({"one"}).status, 200);
}

TEST_F(ServiceNetworkingTest, RangesAreTakenAwayWithForceOnly) {
    EXPECT_EQ(connect({"one"}).status, 200);
    auto const path = std::string(kConnections) + "/-?updateMask=reservedPeeringRanges";
    json::object const two{{"network", kNetwork}, {"reservedPeeringRanges", {"two"}}};
    EXPECT_EQ(host_.patch(path, two).status, 400);
    EXPECT_EQ(host_.patch(path + "&force=true", two).status, 200);
    EXPECT_EQ(list().body.at("connections").at(0).at("reservedPeeringRanges"), json::array{"two"});
    auto const removed =
        host_.post(std::string(kConnections) + "/-", {{"consumerNetwork", kNetwork}});
    EXPECT_EQ(removed.status, 200) << removed.text;
    EXPECT_FALSE(has_peering());
    EXPECT_EQ(host_.post(std::string(kConnections) + "/-", {{"consumerNetwork", kNetwork}}).status,
              404);
}

TEST_F(ServiceNetworkingTest, AConnectionGoesWithItsNetwork) {
    EXPECT_EQ(connect({"one"}).status, 200);
    for (auto const* const path : {"addresses/one", "addresses/two", "networks/n"}) {
        EXPECT_EQ(host_.remove(kCompute + "global/" + path).status, 200);
    }
    EXPECT_TRUE(list().body.as_object().empty());
    SetUp();
    EXPECT_TRUE(list().body.as_object().empty());
    EXPECT_EQ(connect({"two"}).status, 200);
}

TEST_F(ServiceNetworkingTest, WhatIsReservedMustBeThere) {
    EXPECT_EQ(connect({"none"}).status, 400);
    EXPECT_EQ(connect(json::array()).status, 400);
    EXPECT_EQ(host_
                  .post(kConnections, {{"network", "projects/sandbox-project/global/networks/x"},
                                       {"reservedPeeringRanges", {"one"}}})
                  .status,
              404);
    EXPECT_EQ(
        host_.post(kConnections, {{"network", "n"}, {"reservedPeeringRanges", {"one"}}}).status,
        400);
    EXPECT_FALSE(has_peering());
}

}  // namespace
}  // namespace aipress::sandbox

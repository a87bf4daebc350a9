// The services that keep nothing but resources, as a client sees them.
#include "sandbox/secret_manager.h"

#include <gmock/gmock.h>

#include "http/base64.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

using testing::SandboxHost;

class SecretManagerTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const secrets_ = "/v1/projects/sandbox-project/secrets";

    std::string create(std::string const& id) {
        auto const made = host_.post(secrets_ + "?secretId=" + id,
                                     {{"replication", {{"automatic", boost::json::object()}}}});
        EXPECT_EQ(made.status, 200) << made.text;
        return secrets_ + "/" + id;
    }
    int add_version(std::string const& secret, std::string const& payload) {
        return host_
            .post(secret + ":addVersion", {{"payload", {{"data", http::encode_base64(payload)}}}})
            .status;
    }
    std::string access(std::string const& version) {
        auto const answer = host_.get(version + ":access");
        if (answer.status != 200) return std::to_string(answer.status);
        return http::decode_base64(answer.body.at_pointer("/payload/data").as_string())
            .value_or("?");
    }
};

TEST_F(SecretManagerTest, VersionsAreKeptDisabledAndDestroyed) {
    auto const secret = create("db-password");
    EXPECT_EQ(add_version(secret, "one"), 200);
    EXPECT_EQ(add_version(secret, "two"), 200);
    EXPECT_EQ(access(secret + "/versions/latest"), "two");
    EXPECT_EQ(access(secret + "/versions/1"), "one");
    EXPECT_EQ(host_.post(secret + "/versions/2:disable", boost::json::object()).status, 200);
    EXPECT_EQ(access(secret + "/versions/2"), "400");
    EXPECT_EQ(host_.post(secret + "/versions/2:enable", boost::json::object()).status, 200);
    EXPECT_EQ(access(secret + "/versions/2"), "two");
    EXPECT_EQ(host_.post(secret + "/versions/1:destroy", boost::json::object()).status, 200);
    EXPECT_EQ(access(secret + "/versions/1"), "400");
    host_.restart();
    EXPECT_EQ(access(secret + "/versions/latest"), "two");
    EXPECT_EQ(host_.remove(secret).status, 200);
    EXPECT_EQ(host_.get(secret).status, 404);
}

TEST_F(SecretManagerTest, WhatIsNotPossibleIsSaidInGooglesWords) {
    auto const secret = create("twice");
    auto const again = host_.post(secrets_ + "?secretId=twice",
                                  {{"replication", {{"automatic", boost::json::object()}}}});
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.body.at_pointer("/error/status"), "ALREADY_EXISTS");
    EXPECT_EQ(host_.get(secrets_ + "/none").status, 404);
    EXPECT_EQ(host_.get(secret + "/versions/7:access").status, 404);
    EXPECT_EQ(add_version(secret, std::string(65537, 'x')), 400);
    EXPECT_EQ(host_.post(secrets_ + "?secretId=a%2Fb", boost::json::object()).status, 400);
}

}  // namespace
}  // namespace aipress::sandbox

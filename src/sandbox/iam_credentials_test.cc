#include "sandbox/iam_credentials.h"

#include <boost/json/parse.hpp>
#include <fstream>
#include <gmock/gmock.h>

#include "http/base64.h"
#include "http/rsa_key.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::SandboxHost;

struct Token {
    std::string input;
    std::string signature;
    json::value header;
    json::value claims;
};

Token parse_token(std::string const& text) {
    auto const first = text.find('.');
    auto const second = text.rfind('.');
    return {.input = text.substr(0, second),
            .signature = http::decode_base64(text.substr(second + 1)).value_or(""),
            .header = json::parse(http::decode_base64(text.substr(0, first)).value_or("null")),
            .claims = json::parse(
                http::decode_base64(text.substr(first + 1, second - first - 1)).value_or("null"))};
}

class IamCredentialsTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const email_ = "default@sandbox-project.iam.gserviceaccount.com";
    std::string const account_ =
        "//iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" + email_;
    std::string const iam_account_ =
        "//iam.googleapis.com/v1/projects/sandbox-project/serviceAccounts/" + email_;

    std::string public_key(std::string const& id) {
        auto const key =
            host_.get(iam_account_ + "/keys/" + id + "?publicKeyType=TYPE_RAW_PUBLIC_KEY");
        EXPECT_EQ(key.status, 200) << key.text;
        return http::decode_base64(key.body.at("publicKeyData").as_string()).value_or("");
    }
};

TEST_F(IamCredentialsTest, AnAccessTokenIsThatOfTheAccount) {
    auto const made =
        host_.post(account_ + ":generateAccessToken",
                   {{"scope", json::array{"https://www.googleapis.com/auth/cloud-platform"}},
                    {"lifetime", "600s"}});
    ASSERT_EQ(made.status, 200) << made.text;
    auto const token = std::string(made.body.at("accessToken").as_string());
    auto const used = host_.call("GET", iam_account_, "", {{"Authorization", "Bearer " + token}});
    EXPECT_EQ(used.status, 200) << used.text;
    std::ifstream journal(journal_file(host_.data()));
    std::string const lines(std::istreambuf_iterator<char>(journal), {});
    EXPECT_THAT(lines, ::testing::HasSubstr("\"principal\":\"" + email_));
    EXPECT_EQ(
        host_.call("GET", iam_account_, "", {{"Authorization", "Bearer " + token + "x"}}).status,
        401);
}

TEST_F(IamCredentialsTest, WhatIsSignedIsVerifiedByTheAccountsPublicKey) {
    auto const blob =
        host_.post(account_ + ":signBlob", {{"payload", http::encode_base64("to be signed")}});
    ASSERT_EQ(blob.status, 200) << blob.text;
    auto const key_id = std::string(blob.body.at("keyId").as_string());
    host_.restart();
    auto const key = public_key(key_id);
    auto const signature = *http::decode_base64(blob.body.at("signedBlob").as_string());
    EXPECT_TRUE(http::is_signed_by(key, "to be signed", signature));
    EXPECT_FALSE(http::is_signed_by(key, "to be Signed", signature));

    auto const made =
        host_.post(account_ + ":signJwt", {{"payload", R"({"iss":"me","sub":"you"})"}});
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("keyId").as_string(), key_id);
    auto const token = parse_token(std::string(made.body.at("signedJwt").as_string()));
    EXPECT_TRUE(http::is_signed_by(key, token.input, token.signature));
    EXPECT_EQ(token.header.at("alg"), "RS256");
    EXPECT_EQ(token.header.at("kid").as_string(), key_id);
    EXPECT_EQ(token.claims.at("sub"), "you");
    EXPECT_EQ(
        host_.get(iam_account_ + "/keys?keyTypes=SYSTEM_MANAGED").body.at("keys").as_array().size(),
        1U);
    EXPECT_EQ(host_.remove(iam_account_ + "/keys/" + key_id).status, 400);
}

TEST_F(IamCredentialsTest, AnIdTokenNamesItsAudience) {
    auto const made = host_.post(account_ + ":generateIdToken",
                                 {{"audience", "https://x.example"}, {"includeEmail", true}});
    ASSERT_EQ(made.status, 200) << made.text;
    auto const token = parse_token(std::string(made.body.at("token").as_string()));
    EXPECT_EQ(token.claims.at("aud"), "https://x.example");
    EXPECT_EQ(token.claims.at("email").as_string(), email_);
    EXPECT_EQ(token.claims.at("iss"), "https://accounts.google.com");
    auto const key = public_key(std::string(token.header.at("kid").as_string()));
    EXPECT_TRUE(http::is_signed_by(key, token.input, token.signature));
}

TEST_F(IamCredentialsTest, WhatIsNotPossibleIsRefused) {
    json::array const scope{"https://www.googleapis.com/auth/cloud-platform"};
    EXPECT_EQ(host_.post(account_ + ":generateAccessToken", json::object()).status, 400);
    EXPECT_EQ(
        host_.post(account_ + ":generateAccessToken", {{"scope", scope}, {"lifetime", "3601s"}})
            .status,
        400);
    EXPECT_EQ(host_.post(account_ + ":generateIdToken", json::object()).status, 400);
    EXPECT_EQ(host_.post(account_ + ":signBlob", json::object()).status, 400);
    EXPECT_EQ(host_.post(account_ + ":signJwt", {{"payload", "no JSON"}}).status, 400);
    EXPECT_EQ(host_.post(account_ + ":signJwt", {{"payload", R"({"exp":99999999999})"}}).status,
              400);
    EXPECT_EQ(host_
                  .post("//iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
                        "no@x.iam.gserviceaccount.com:generateAccessToken",
                        {{"scope", scope}})
                  .status,
              404);
    EXPECT_EQ(host_.post(iam_account_ + ":disable", json::object()).status, 200);
    EXPECT_EQ(host_.post(account_ + ":generateAccessToken", {{"scope", scope}}).status, 400);
    EXPECT_EQ(host_.post(account_ + ":signBlob", {{"payload", "YQ=="}}).status, 400);
}

}  // namespace
}  // namespace aipress::sandbox

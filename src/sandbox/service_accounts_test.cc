#include "sandbox/service_accounts.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include "http/base64.h"
#include "http/rsa_key.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using testing::SandboxHost;

class ServiceAccountsTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const accounts_ =
        "//iam.googleapis.com/v1/projects/sandbox-project/serviceAccounts";

    std::string create(std::string const& id) {
        auto const made = host_.post(
            accounts_, {{"accountId", id}, {"serviceAccount", {{"displayName", "Name of " + id}}}});
        EXPECT_EQ(made.status, 200) << made.text;
        return made.status == 200 ? std::string(made.body.at("email").as_string()) : "";
    }
    std::string unique_id(std::string const& email) {
        return std::string(host_.get(accounts_ + "/" + email).body.at("uniqueId").as_string());
    }
};

TEST_F(ServiceAccountsTest, AnAccountIsFoundByEmailUniqueIdAndWithoutItsProject) {
    auto const email = create("mover-one");
    EXPECT_EQ(email, "mover-one@sandbox-project.iam.gserviceaccount.com");
    auto const id = unique_id(email);
    EXPECT_EQ(id.size(), 21U);
    host_.restart();
    for (auto const& path : {accounts_ + "/" + email, accounts_ + "/" + id,
                             "//iam.googleapis.com/v1/projects/-/serviceAccounts/" + email}) {
        auto const answer = host_.get(path);
        EXPECT_EQ(answer.status, 200) << path;
        EXPECT_EQ(answer.body.at("displayName"), "Name of mover-one");
        EXPECT_EQ(answer.body.at("name").as_string(),
                  "projects/sandbox-project/serviceAccounts/" + email);
    }
}

TEST_F(ServiceAccountsTest, ListsPage) {
    for (auto const* const id : {"aaaaaa", "bbbbbb", "cccccc"}) create(id);
    std::vector<std::string> found;
    std::string token;
    do {
        auto const page = host_.get(accounts_ + "?pageSize=2&pageToken=" + token);
        ASSERT_EQ(page.status, 200) << page.text;
        EXPECT_LE(page.body.at("accounts").as_array().size(), 2U);
        for (auto const& account : page.body.at("accounts").as_array()) {
            found.push_back(std::string(account.at("email").as_string()).substr(0, 6));
        }
        auto const* const next = page.body.as_object().if_contains("nextPageToken");
        token = next == nullptr ? "" : std::string(next->as_string());
    } while (!token.empty());
    EXPECT_THAT(found, ::testing::ElementsAre("aaaaaa", "bbbbbb", "cccccc", "defaul"));
}

TEST_F(ServiceAccountsTest, ADeletedAccountComesBackUnlessItsNameIsTaken) {
    auto const email = create("mover-one");
    auto const id = unique_id(email);
    EXPECT_EQ(host_.remove(accounts_ + "/" + email).status, 200);
    EXPECT_EQ(host_.get(accounts_ + "/" + email).status, 404);
    EXPECT_EQ(host_.get(accounts_ + "/" + id).status, 404);
    host_.restart();
    auto const restored = host_.post(accounts_ + "/" + id + ":undelete", json::object());
    ASSERT_EQ(restored.status, 200) << restored.text;
    EXPECT_EQ(restored.body.at_pointer("/restoredAccount/uniqueId").as_string(), id);
    EXPECT_EQ(host_.get(accounts_ + "/" + email).status, 200);

    EXPECT_EQ(host_.remove(accounts_ + "/" + email).status, 200);
    create("mover-one");
    EXPECT_NE(unique_id(email), id);
    EXPECT_EQ(host_.get(accounts_ + "/" + id).status, 404);
    EXPECT_EQ(host_.post(accounts_ + "/" + id + ":undelete", json::object()).status, 409);
}

TEST_F(ServiceAccountsTest, ChangesHonourMaskAndEtag) {
    auto const account = accounts_ + "/" + create("mover-one");
    auto const before = host_.get(account).body;
    auto const patched = host_.patch(
        account, {{"serviceAccount", {{"displayName", "ignored"}, {"description", "new"}}},
                  {"updateMask", "description"}});
    ASSERT_EQ(patched.status, 200) << patched.text;
    EXPECT_EQ(patched.body.at("displayName"), "Name of mover-one");
    EXPECT_EQ(patched.body.at("description"), "new");
    auto const stale = host_.put(account, before);
    EXPECT_EQ(stale.status, 409);
    EXPECT_EQ(stale.body.at_pointer("/error/status"), "ABORTED");
    EXPECT_EQ(host_.post(account + ":disable", json::object()).status, 200);
    EXPECT_EQ(host_.get(account).body.at("disabled"), true);
    EXPECT_EQ(host_.post(account + ":enable", json::object()).status, 200);
    EXPECT_FALSE(host_.get(account).body.as_object().contains("disabled"));
}

TEST_F(ServiceAccountsTest, APolicyBelongsToTheAccountNotToItsName) {
    auto const account = accounts_ + "/" + create("mover-one");
    json::value const policy{{"policy",
                              {{"bindings",
                                {{{"role", "roles/iam.serviceAccountUser"},
                                  {"members", json::array{"user:a@example.com"}}}}}}}};
    EXPECT_EQ(host_.post(account + ":setIamPolicy", policy).status, 200);
    auto const kept = host_.post(account + ":getIamPolicy", json::object());
    EXPECT_EQ(kept.body.at("bindings").as_array().size(), 1U);
    EXPECT_EQ(host_.remove(account).status, 200);
    create("mover-one");
    auto const fresh = host_.post(account + ":getIamPolicy", json::object());
    EXPECT_FALSE(fresh.body.as_object().contains("bindings"));
}

TEST_F(ServiceAccountsTest, WhatIsWrongIsSaidInGooglesWords) {
    create("mover-one");
    auto const again = host_.post(accounts_, {{"accountId", "mover-one"}});
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.body.at_pointer("/error/message"),
              "Service account mover-one already exists within project projects/sandbox-project.");
    for (auto const* const id : {"short", "Upper-case", "ends-with-", ""}) {
        EXPECT_EQ(host_.post(accounts_, {{"accountId", id}}).status, 400) << id;
    }
    EXPECT_EQ(host_.get(accounts_ + "/nobody@x.iam.gserviceaccount.com").status, 404);
    EXPECT_EQ(host_.get("//iam.googleapis.com/v1/projects/no-such/serviceAccounts").status, 403);
}

TEST_F(ServiceAccountsTest, AKeyFileIsWhatClientsRead) {
    auto const email = create("mover-one");
    auto const keys = accounts_ + "/" + email + "/keys";
    auto const made = host_.post(keys, json::object());
    ASSERT_EQ(made.status, 200) << made.text;
    auto const file = json::parse(*http::decode_base64(made.body.at("privateKeyData").as_string()));
    EXPECT_EQ(file.at("type"), "service_account");
    EXPECT_EQ(file.at("client_email").as_string(), email);
    EXPECT_EQ(file.at("client_id").as_string(), unique_id(email));
    auto const token_uri = std::string(file.at("token_uri").as_string());
    EXPECT_THAT(token_uri, ::testing::EndsWith("/token"));
    auto key = http::RsaKey::from_private_pem(file.at("private_key").as_string());
    ASSERT_TRUE(key.ok());

    host_.restart();
    auto const path = keys + "/" + std::string(file.at("private_key_id").as_string());
    auto const raw = host_.get(path + "?publicKeyType=TYPE_RAW_PUBLIC_KEY");
    ASSERT_EQ(raw.status, 200) << raw.text;
    auto const public_pem = *http::decode_base64(raw.body.at("publicKeyData").as_string());
    EXPECT_TRUE(http::is_signed_by(public_pem, "text", key->sign("text").release()));
    EXPECT_FALSE(http::is_signed_by(public_pem, "other", key->sign("text").release()));
    EXPECT_THAT(*http::decode_base64(host_.get(path + "?publicKeyType=TYPE_X509_PEM_FILE")
                                         .body.at("publicKeyData")
                                         .as_string()),
                ::testing::StartsWith("-----BEGIN CERTIFICATE-----"));
    EXPECT_FALSE(raw.body.as_object().contains("privateKeyData"));
}

TEST_F(ServiceAccountsTest, KeysAreListedDisabledDeletedAndBounded) {
    auto const keys = accounts_ + "/" + create("mover-one") + "/keys";
    std::string last;
    for (int count = 0; count < 10; ++count) {
        auto const made = host_.post(keys, {{"keyAlgorithm", "KEY_ALG_RSA_1024"}});
        ASSERT_EQ(made.status, 200) << made.text;
        last = "//iam.googleapis.com/v1/" + std::string(made.body.at("name").as_string());
    }
    auto const refused = host_.post(keys, {{"keyAlgorithm", "KEY_ALG_RSA_1024"}});
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.body.at_pointer("/error/status"), "FAILED_PRECONDITION");
    EXPECT_EQ(host_.get(keys).body.at("keys").as_array().size(), 10U);
    EXPECT_EQ(host_.post(last + ":disable", json::object()).status, 200);
    EXPECT_EQ(host_.get(last).body.at("disabled"), true);
    EXPECT_EQ(host_.remove(last).status, 200);
    EXPECT_EQ(host_.get(last).status, 404);
    EXPECT_EQ(host_.get(keys).body.at("keys").as_array().size(), 9U);
    EXPECT_FALSE(host_.get(keys + "?keyTypes=SYSTEM_MANAGED").body.as_object().contains("keys"));
    EXPECT_EQ(host_.post(keys, {{"privateKeyType", "TYPE_PKCS12_FILE"}}).status, 400);
}

}  // namespace
}  // namespace aipress::sandbox

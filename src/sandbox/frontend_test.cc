// What all services have in common: bad input, credentials, encodings, the journal.
#include "sandbox/frontend.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/gzip.h"
#include "sandbox/sandbox.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

class FrontendTest : public ::testing::Test {
protected:
    std::string const secrets_ = "/v1/projects/sandbox-project/secrets";
    json::object const automatic_{{"replication", {{"automatic", json::object()}}}};

    testing::HttpAnswer post_text(std::string body, testing::HttpHeaders headers = {}) {
        headers.emplace_back("Content-Type", "application/json");
        return host_.call("POST", secrets_ + "?secretId=s", std::move(body), std::move(headers));
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(FrontendTest, ABodyThatIsNotOfItsShapeIsRefused) {
    for (auto const& [body, said] : std::vector<std::pair<std::string, std::string>>{
             {"{\"replication\": ", "Invalid JSON payload received."},
             {R"({"unknown": 1})", "Unknown name \\\"unknown\\\""},
             {R"({"replication": {"automatic": {"x": 1}}})", "Unknown name \\\"x\\\""},
             {R"({"labels": "none"})", "labels"},
             {R"({"replication": []})", "replication"},
             {R"([1])", "INVALID_ARGUMENT"}}) {
        auto const answer = post_text(body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.body.at_pointer("/error/status"), "INVALID_ARGUMENT") << answer.text;
        EXPECT_THAT(answer.text, HasSubstr(said));
    }
    EXPECT_EQ(host_.get(secrets_ + "/s").status, 404);
    EXPECT_EQ(host_.get(secrets_ + "?pageSize=many").status, 400);
    EXPECT_EQ(host_.get(secrets_ + "?noSuchParameter=1").status, 400);
    EXPECT_EQ(host_.get("/v1/no/such/method").status, 404);
}

// Whatever passes as of its shape, no handler stumbles over.
TEST_F(FrontendTest, EverySpellingOfAValueIsTakenAndNullIsNothing) {
    auto const buckets = "/storage/v1/b?project=sandbox-project";
    EXPECT_EQ(host_.call("POST", buckets, "null").status, 400);
    EXPECT_EQ(host_.call("POST", buckets, R"({"name": null})").status, 400);
    auto const made = host_.call("POST", buckets, R"({"name": "media", "labels": null,
        "versioning": {"enabled": "true"}, "cors": {"method": "GET", "maxAgeSeconds": "60"}})");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at_pointer("/versioning/enabled"), true);
    EXPECT_EQ(made.body.at_pointer("/cors/0/method/0"), "GET");
    EXPECT_EQ(made.body.at_pointer("/cors/0/maxAgeSeconds"), 60);
    EXPECT_FALSE(made.body.as_object().contains("labels"));
    auto const upload = "/upload/storage/v1/b/media/o?uploadType=media&name=o";
    EXPECT_EQ(host_.call("POST", upload, "x").status, 200);
    EXPECT_EQ(host_.call("POST", upload, "y").status, 200);
    EXPECT_EQ(host_
                  .call("POST", "//logging.googleapis.com/v2/entries:write",
                        R"({"dryRun": "true", "entries": null})")
                  .status,
              200);
    for (auto const* const patch :
         {R"({"versioning": null})", R"({"labels": {"a": null}})",
          R"({"retentionPolicy": null, "lifecycle": {"rule": [null]}})"}) {
        EXPECT_EQ(host_.call("PATCH", "/storage/v1/b/media", patch).status, 200) << patch;
    }
    EXPECT_EQ(host_.call("POST", upload, "z").status, 200);
    post_text(json::serialize(automatic_));
    EXPECT_LT(host_.call("PATCH", secrets_ + "/s?updateMask=labels", R"({"labels": null})").status,
              500);
}

TEST_F(FrontendTest, AHugeBodyIsRefusedBeforeItIsRead) {
    std::string const huge(100u << 20, ' ');
    auto const answer = post_text(huge);
    // The connection may break while the client still writes.
    EXPECT_THAT(answer.status, ::testing::AnyOf(0, 400));
    EXPECT_EQ(host_.get(secrets_).status, 200);
    auto const bomb = compress_gzip(std::string(50u << 20, ' '));
    EXPECT_EQ(post_text(bomb, {{"Content-Encoding", "gzip"}}).status, 400);
}

TEST_F(FrontendTest, GzipBothWays) {
    auto const made =
        post_text(compress_gzip(json::serialize(automatic_)), {{"Content-Encoding", "gzip"}});
    EXPECT_EQ(made.status, 200) << made.text;
    for (int i = 0; i < 20; ++i) host_.post(secrets_ + fmt::format("?secretId=s{}", i), automatic_);
    auto const list = host_.call("GET", secrets_, "", {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(list.header("Content-Encoding"), "gzip");
    EXPECT_EQ(testing::must(decompress_gzip(list.text, 1u << 20)), host_.get(secrets_).text);
}

TEST_F(FrontendTest, EnumeratorsMayBeNumbersAndFieldsAreChosen) {
    auto const policy = host_.post("/v1/projects/sandbox-project:getIamPolicy",
                                   {{"options", {{"requestedPolicyVersion", "3"}}}});
    EXPECT_EQ(policy.status, 200) << policy.text;
    host_.post(secrets_ + "?secretId=a", automatic_);
    host_.post(secrets_ + "/a:addVersion", {{"payload", {{"data", "eA=="}}}});
    auto const version = secrets_ + "/a/versions/1";
    EXPECT_EQ(host_.get(version).body.at("state"), "ENABLED");
    EXPECT_EQ(host_.get(version + "?%24alt=json%3Benum-encoding%3Dint").body.at("state"), 1);
    auto const names = host_.get(secrets_ + "?fields=secrets(name)");
    EXPECT_EQ(names.body.at_pointer("/secrets/0").as_object().size(), 1u);
    EXPECT_EQ(host_.get(secrets_ + "?fields=secrets(").status, 400);
}

TEST_F(FrontendTest, JsonIsLaidOutUnlessItIsToBeShort) {
    host_.post(secrets_ + "?secretId=a", automatic_);
    EXPECT_THAT(host_.get(secrets_ + "/a").text, HasSubstr("\n  \"name\": \"projects/"));
    EXPECT_THAT(host_.get(secrets_ + "/none").text, HasSubstr("\n    \"code\": 404,\n"));
    for (auto const* const parameter : {"prettyPrint", "$prettyPrint"}) {
        auto const answer = host_.get(secrets_ + "/a?" + parameter + "=false");
        EXPECT_EQ(answer.text, json::serialize(answer.body) + "\n");
    }
    for (auto const* const buckets : {"/storage/v1/b?project=sandbox-project&prettyPrint=",
                                      "/storage/v1/b/none?$prettyPrint="}) {
        EXPECT_EQ(host_.get(std::string(buckets) + "false").text.find("\n  "), std::string::npos);
        EXPECT_NE(host_.get(std::string(buckets) + "true").text.find("\n  "), std::string::npos);
    }
}

// Cloud SQL's and Cloud Spanner's instances have the same path.
TEST_F(FrontendTest, APrefixStandsForAnApisHost) {
    EXPECT_EQ(host_.get("/_api/sql/v1/projects/sandbox-project/instances").status, 200);
    EXPECT_EQ(host_.get("/_api/spanner/v1/projects/sandbox-project/instances").status, 404);
    EXPECT_EQ(host_.get("/_api/secretmanager" + secrets_).status, 200);
    EXPECT_EQ(host_.get("/_api/dns" + secrets_).status, 404);
    EXPECT_EQ(host_.get("/_api/sql").status, 404);
}

TEST_F(FrontendTest, TheFormOfAnAnswerIsChosen) {
    for (auto const* const form : {"alt=json", "$alt=json;enum-encoding=int", "alt="}) {
        EXPECT_EQ(host_.get(secrets_ + "?" + form).status, 200) << form;
    }
    for (auto const* const form : {"alt=proto", "$alt=sse", "alt=xml"}) {
        auto const answer = host_.get(secrets_ + "?" + form);
        EXPECT_EQ(answer.status, 400) << form;
        EXPECT_THAT(answer.text, HasSubstr("this server answers with json"));
    }
    auto const none = host_.get("/storage/v1/b/none/o/none?alt=media");
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(none.text, "The specified bucket does not exist.");
}

TEST_F(FrontendTest, WhoAsksMustSaySo) {
    testing::HttpClient client;
    auto const url = host_.url() + secrets_;
    auto const anonymous = client.send({.url = url});
    EXPECT_EQ(anonymous.status, 401);
    EXPECT_EQ(anonymous.reason(), "CREDENTIALS_MISSING");
    auto const token =
        client.send({.verb = "POST",
                     .url = host_.url() + "/token",
                     .body = "grant_type=refresh_token&refresh_token=r&client_id=c&client_secret=s",
                     .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}});
    ASSERT_EQ(token.status, 200) << token.text;
    auto const bearer = "Bearer " + std::string(token.body.at("access_token").as_string());
    EXPECT_EQ(client.send({.url = url, .headers = {{"Authorization", bearer}}}).status, 200);
    auto const metadata =
        host_.url() + "/computeMetadata/v1/instance/service-accounts/default/token";
    EXPECT_EQ(client.send({.url = metadata}).status, 403);
    EXPECT_EQ(client.send({.url = metadata, .headers = {{"Metadata-Flavor", "Google"}}}).status,
              200);
}

TEST_F(FrontendTest, EveryRequestIsJournaled) {
    post_text("{");
    host_.get(secrets_ + "?pageSize=1");
    auto const entries = testing::must(read_requests(journal_file(host_.data())));
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].at("method"), "secretmanager.projects.secrets.create");
    EXPECT_EQ(entries[0].at("status"), 400);
    EXPECT_THAT(std::string(entries[0].at("error").as_string()), HasSubstr("Invalid JSON"));
    EXPECT_EQ(entries[1].at("query"), "pageSize=1");
    EXPECT_EQ(entries[1].at("id"), 2);
    host_.restart();
    host_.get(secrets_);
    EXPECT_EQ(testing::must(read_requests(journal_file(host_.data()))).back().at("id"), 3);
}

}  // namespace
}  // namespace aipress::sandbox

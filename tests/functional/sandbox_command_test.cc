// `aipress sandbox …` as an operator types it.
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/subprocess.h"
#include "testing/sandbox_host.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using ::testing::HasSubstr;
using testing::must;

class SandboxCommandTest : public ::testing::Test {
protected:
    testing::CommandResult run(std::vector<std::string> words) {
        words.insert(words.begin(), "sandbox");
        words.insert(words.end(), {"--data", sandbox_.data().string()});
        return must(testing::run_aipress(testing::test_context(), words));
    }
    // Its exit code is 1, and what it says has both.
    void expect_failure(std::vector<std::string> const& words, std::string const& cause,
                        std::string const& next) {
        auto const result = run(words);
        EXPECT_EQ(result.status.code, 1) << result.describe();
        EXPECT_EQ(result.output, "");
        EXPECT_THAT(result.error, HasSubstr(cause));
        EXPECT_THAT(result.error, HasSubstr("next: aipress sandbox " + next));
    }

    testing::SandboxProcess sandbox_;
};

TEST_F(SandboxCommandTest, StatusDownAndUpAgain) {
    auto const status = must(run({"status", "--format", "json"}).json());
    EXPECT_EQ(status.at("running"), true);
    EXPECT_EQ(status.at("port"), sandbox_.port());
    EXPECT_THAT(run({"status"}).output, HasSubstr(sandbox_.url()));
    expect_failure({"up"}, fmt::format("process {}, port {}", sandbox_.pid(), sandbox_.port()),
                   "status");
    auto const down = run({"down"});
    EXPECT_EQ(down.status.code, 0) << down.describe();
    auto const stopped = run({"status", "--format", "json"});
    EXPECT_EQ(stopped.status.code, 1);
    EXPECT_EQ(must(stopped.json()).at("running"), false);
    EXPECT_EQ(run({"down"}).status.code, 0);
    expect_failure({"env", "--for", "gcloud"}, "no sandbox runs", "up");
    sandbox_.start();
    EXPECT_EQ(must(run({"status", "--format", "json"}).json()).at("port"), sandbox_.port());
}

TEST(SandboxReferenceTest, ThePageSaysWhatIsServed) {
    auto const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    auto const tool =
        std::filesystem::path(source == nullptr ? "." : source) / "tools/make_reference";
    auto const result = must(run_process(
        testing::test_context(),
        {.arguments = {"python3", std::filesystem::absolute(tool).string(), "--check"}}));
    EXPECT_TRUE(result.status.success()) << result.standard_output << result.standard_error;
}

TEST_F(SandboxCommandTest, ATakenPortIsSaid) {
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const result = must(testing::run_aipress(
        testing::test_context(), {"sandbox", "up", "--data", (folder / "other").string(), "--port",
                                  std::to_string(sandbox_.port())}));
    EXPECT_EQ(result.status.code, 1);
    EXPECT_THAT(result.error, HasSubstr("Address already in use"));
}

TEST_F(SandboxCommandTest, EveryRequestIsShown) {
    testing::HttpClient client;
    for (auto const* const path : {"/v1/projects?pageSize=7", "/v1/nothing"}) {
        (void)client.send(
            {.url = sandbox_.url() + path, .headers = {{"Authorization", "Bearer ya29.test"}}});
    }
    auto const table = run({"requests"}).output;
    EXPECT_THAT(table, HasSubstr("cloudresourcemanager.projects.list /v1/projects"));
    EXPECT_THAT(table, HasSubstr("Method not found."));
    auto const last = must(run({"requests", "--format", "json", "--last", "1"}).json());
    EXPECT_EQ(last.at("path"), "/v1/nothing");
    EXPECT_EQ(last.at("status"), 404);
}

TEST_F(SandboxCommandTest, SettingsAreForAShell) {
    auto const settings = run({"env", "--for", "gsutil"}).output;
    EXPECT_THAT(settings, HasSubstr("export BOTO_CONFIG="));
    EXPECT_THAT(settings, HasSubstr("export CLOUDSDK_CORE_PROJECT=sandbox-project\n"));
    EXPECT_THAT(run({"env", "--for", "node", "--mode", "proxy"}).output,
                HasSubstr(fmt::format("export https_proxy={}\n", sandbox_.url())));
    auto const unknown = run({"env", "--for", "curl"});
    EXPECT_EQ(unknown.status.code, 2);
    EXPECT_THAT(unknown.error, HasSubstr("'curl' is none of gcloud, gsutil, node"));
}

TEST_F(SandboxCommandTest, ResetWantsTheNameTypedAndNothingRunning) {
    testing::HttpClient client;
    auto const bucket_url = sandbox_.url() + "/storage/v1/b";
    EXPECT_EQ(client
                  .send({.verb = "POST",
                         .url = bucket_url + "?project=sandbox-project",
                         .body = R"({"name": "gone-media"})"})
                  .status,
              200);
    expect_failure({"reset", "--confirm", "data"}, "a sandbox runs on", "down");
    EXPECT_EQ(sandbox_.stop(), 0);
    auto const wrong = run({"reset", "--confirm", "other"});
    EXPECT_EQ(wrong.status.code, 2);
    EXPECT_THAT(wrong.error, HasSubstr("--confirm says 'other'"));
    EXPECT_EQ(run({"reset", "--confirm", "data"}).status.code, 0);
    EXPECT_FALSE(std::filesystem::exists(sandbox_.data()));
    EXPECT_EQ(run({"reset", "--confirm", "data"}).status.code, 2);
    sandbox_.start();
    EXPECT_EQ(client.send({.url = sandbox_.url() + "/storage/v1/b/gone-media"}).status, 404);
}

}  // namespace
}  // namespace aipress

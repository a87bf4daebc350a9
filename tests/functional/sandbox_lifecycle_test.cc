// `aipress sandbox up` left running.
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>
#include <unistd.h>

#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::must;
using testing::test_context;

class DetachedTest : public ::testing::Test {
protected:
    ~DetachedTest() override { (void)run({"down"}); }

    testing::CommandResult run(std::vector<std::string> words,
                               testing::Environment const& environment = {}) {
        words.insert(words.begin(), "sandbox");
        words.insert(words.end(), {"--data", data_.string()});
        return must(testing::run_aipress(test_context(), words, environment));
    }
    std::string log() {
        std::ostringstream text;
        text << std::ifstream(data_ / "sandbox.log").rdbuf();
        return text.str();
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    fs::path data_ = folder_ / "data";
};

TEST_F(DetachedTest, UpReturnsWhenItIsReadyAndItRunsOn) {
    auto const up = run({"up", "--detach", "--port", "0", "--format", "json"});
    ASSERT_EQ(up.status.code, 0) << up.describe();
    auto const said = must(up.json());
    auto const pid = said.at("pid").to_number<pid_t>();
    EXPECT_EQ(::getsid(pid), pid);
    auto const status = must(run({"status", "--format", "json"}).json());
    EXPECT_EQ(status, said);
    testing::HttpClient client;
    EXPECT_EQ(
        client
            .send({.url = fmt::format("http://127.0.0.1:{}/storage/v1/b?project=sandbox-project",
                                      said.at("port").to_number<int>()),
                   .headers = {{"Authorization", "Bearer ya29.test"}}})
            .status,
        200);
    // Nothing of the terminal that it was started from.
    EXPECT_EQ(fs::read_symlink(fmt::format("/proc/{}/fd/0", pid)), "/dev/null");
    EXPECT_EQ(fs::read_symlink(fmt::format("/proc/{}/fd/2", pid)), data_ / "sandbox.log");
    EXPECT_THAT(log(), HasSubstr("\"running\":true"));
    EXPECT_EQ(run({"down"}).status.code, 0);
    EXPECT_EQ(must(run({"status", "--format", "json"}).json()).at("running"), false);
}

TEST_F(DetachedTest, WhyItDoesNotStartIsSaidHere) {
    testing::SandboxProcess const other;
    auto const port = std::to_string(other.port());
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto const up = run({"up", "--detach", "--port", port});
        EXPECT_EQ(up.status.code, 1);
        EXPECT_EQ(up.output, "");
        // Once: what an attempt before has left in the log is not repeated.
        EXPECT_EQ(up.error.find("Address already in use"),
                  up.error.rfind("Address already in use"));
        EXPECT_THAT(up.error, HasSubstr("Address already in use"));
    }
    ASSERT_EQ(run({"up", "--detach", "--port", "0"}).status.code, 0);
    auto const again = run({"up", "--detach", "--port", "0"});
    EXPECT_EQ(again.status.code, 1);
    EXPECT_THAT(again.error, HasSubstr("a sandbox runs on"));
}

TEST_F(DetachedTest, ASnapshotCanBeSavedAtOnce) {
    ASSERT_EQ(run({"up", "--detach", "--port", "0"}).status.code, 0);
    auto const saved = run({"snapshot", "save", "first"});
    EXPECT_EQ(saved.status.code, 0) << saved.describe();
}

}  // namespace
}  // namespace aipress

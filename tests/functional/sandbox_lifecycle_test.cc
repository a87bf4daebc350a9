// `aipress sandbox up` left running, with Cloud Spanner's emulator, and what points AIPress at it.
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
namespace json = boost::json;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;
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

class LifecycleTest : public ::testing::Test {
protected:
    testing::CommandResult run(std::vector<std::string> words,
                               testing::Environment const& environment = {}) {
        words.insert(words.begin(), "sandbox");
        words.insert(words.end(), {"--data", sandbox_.data().string()});
        return must(testing::run_aipress(test_context(), words, environment));
    }
    json::object status() { return must(run({"status", "--format", "json"}).json()); }

    testing::SandboxProcess sandbox_{{"--spanner", "auto"}};
};

TEST_F(LifecycleTest, SettingsForAipress) {
    auto const now = status();
    auto const settings = run({"env", "--for", "aipress"}).output;
    EXPECT_THAT(settings,
                HasSubstr(fmt::format("export AIPRESS_GCP_ENDPOINT={}\n", sandbox_.url())));
    EXPECT_THAT(settings, HasSubstr("export AIPRESS_GCP_TOKEN=ya29.sandbox\n"));
    EXPECT_THAT(settings, HasSubstr("export AIPRESS_GCP_PROJECT=sandbox-project\n"));
    for (auto const& [variable, field] : {std::pair("AIPRESS_SITES_ADDRESS", "web_port"),
                                          std::pair("AIPRESS_DNS_ADDRESS", "dns_port")}) {
        auto const port = now.at(field).to_number<int>();
        EXPECT_THAT(settings,
                    HasSubstr(port == 0 ? fmt::format("unset {}\n", variable)
                                        : fmt::format("export {}=127.0.0.1:{}\n", variable, port)));
    }
    auto const proxy = run({"env", "--for", "aipress", "--mode", "proxy"});
    EXPECT_EQ(proxy.status.code, 2);
    EXPECT_THAT(proxy.error, HasSubstr("no proxy"));
    EXPECT_EQ(sandbox_.stop(), 0);
}

TEST_F(LifecycleTest, GooglesEmulatorAnswersWhereItIsInstalled) {
    auto const port = status().at("spanner_rest_port").to_number<int>();
    if (port == 0) GTEST_SKIP() << "Google's Cloud Spanner emulator is not installed";
    testing::HttpClient client;
    auto const answer = client.send(
        {.url = fmt::format("http://127.0.0.1:{}/v1/projects/p/instanceConfigs", port)});
    EXPECT_EQ(answer.status, 200) << answer.error;
    EXPECT_THAT(answer.text, HasSubstr("emulator-config"));
    EXPECT_EQ(sandbox_.stop(), 0);
}

// Where the emulator is not installed its place takes a program that does as it does.
class SpannerTest : public LifecycleTest {
protected:
    SpannerTest() {
        auto const program = fs::path(testing::aipress_binary()).parent_path() / "spanner_stand_in";
        fs::create_symlink(program, folder_ / "gateway_main");
        fs::create_symlink(program, folder_ / "emulator_main");
        EXPECT_EQ(sandbox_.stop(), 0);
        sandbox_.start(where_);
    }
    static bool accepts(int port) {
        testing::HttpClient client;
        auto const answer = client.send({.url = fmt::format("http://127.0.0.1:{}/", port)});
        return answer.error.find("connect to") == std::string::npos;
    }
    // That program, as a child of the sandbox; 0: there is none.
    pid_t emulator() {
        for (auto const& entry : fs::directory_iterator("/proc")) {
            auto const name = entry.path().filename().string();
            if (name.find_first_not_of("0123456789") != name.npos) continue;
            std::ifstream stat(entry.path() / "stat");
            std::ifstream line(entry.path() / "cmdline");
            std::string program;
            std::getline(line, program, '\0');
            std::string all;
            std::getline(stat, all);
            auto const rest = all.substr(std::min(all.rfind(')') + 1, all.size()));
            std::istringstream fields(rest);
            std::string state;
            pid_t parent = 0;
            fields >> state >> parent;
            bool const is_it = parent == sandbox_.pid() && state != "Z" &&
                               program == (folder_ / "gateway_main").string();
            if (is_it) return static_cast<pid_t>(std::stol(name));
        }
        return 0;
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    testing::Environment where_{{"AIPRESS_SPANNER_EMULATOR", folder_.path().string()}};
};

TEST_F(LifecycleTest, WithoutTheEmulatorItIsSaidHowToGetIt) {
    auto const* const hint = "gcloud components install cloud-spanner-emulator";
    testing::Environment const nowhere{{"AIPRESS_SPANNER_EMULATOR", "/no/such/folder"}};
    EXPECT_EQ(sandbox_.stop(), 0);
    sandbox_.start(nowhere);
    EXPECT_EQ(status().at("spanner_port"), 0);
    EXPECT_THAT(run({"status"}, nowhere).output, HasSubstr(hint));
    EXPECT_THAT(sandbox_.error(), HasSubstr(hint));
    EXPECT_THAT(run({"env", "--for", "node"}).output, Not(HasSubstr("SPANNER_EMULATOR_HOST")));
    EXPECT_EQ(sandbox_.stop(), 0);
}

TEST_F(SpannerTest, ItRunsAsLongAsTheSandboxDoes) {
    auto const now = status();
    auto const port = now.at("spanner_port").to_number<int>();
    auto const rest = now.at("spanner_rest_port").to_number<int>();
    ASSERT_NE(port, 0) << sandbox_.error();
    EXPECT_TRUE(accepts(port));
    EXPECT_TRUE(accepts(rest));
    EXPECT_THAT(run({"status"}).output, HasSubstr(fmt::format("127.0.0.1:{} (gRPC)", port)));
    for (auto const* const client : {"gcloud", "node", "aipress"}) {
        EXPECT_THAT(run({"env", "--for", client}).output,
                    HasSubstr(fmt::format("export SPANNER_EMULATOR_HOST=127.0.0.1:{}\n", port)));
    }
    EXPECT_THAT(run({"env", "--for", "gcloud"}).output,
                HasSubstr(fmt::format(
                    "CLOUDSDK_API_ENDPOINT_OVERRIDES_SPANNER=http://127.0.0.1:{}/\n", rest)));
    // Its data are in its memory: a snapshot must not end it.
    auto const first = emulator();
    ASSERT_NE(first, 0);
    EXPECT_EQ(run({"snapshot", "save", "first"}).status.code, 0);
    EXPECT_EQ(emulator(), first);
    EXPECT_EQ(status(), now);
    // It is started again where it was.
    ::kill(first, SIGKILL);
    auto const context = test_context();
    while (emulator() == 0 || emulator() == first || !accepts(port)) {
        ASSERT_TRUE(context.sleep(milliseconds(10)));
    }
    EXPECT_EQ(sandbox_.stop(), 0);
    EXPECT_FALSE(accepts(port));
    EXPECT_FALSE(accepts(rest));
}

TEST_F(SpannerTest, OneThatDoesNotStartIsNoReasonToStop) {
    EXPECT_EQ(sandbox_.stop(), 0);
    fs::remove(folder_ / "gateway_main");
    std::ofstream(folder_ / "gateway_main") << "#!/bin/sh\necho 'no such machine' >&2\nexit 3\n";
    fs::permissions(folder_ / "gateway_main", fs::perms::owner_all);
    sandbox_.start(where_);
    EXPECT_EQ(status().at("spanner_port"), 0);
    EXPECT_THAT(sandbox_.error(), HasSubstr("exit code 3: no such machine"));
    EXPECT_EQ(sandbox_.stop(), 0);
}

}  // namespace
}  // namespace aipress

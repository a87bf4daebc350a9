// `aipress sandbox up --faults --seed --quotas` as an operator types it.
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using ::testing::HasSubstr;
using testing::must;

class SandboxFaultsTest : public ::testing::Test {
protected:
    std::string write_rules(std::string const& text) {
        auto const file = folder_ / "faults.json";
        std::ofstream(file) << text;
        return file.string();
    }
    testing::CommandResult run(std::vector<std::string> words, std::filesystem::path const& data) {
        words.insert(words.begin(), "sandbox");
        words.insert(words.end(), {"--data", data.string()});
        return must(testing::run_aipress(testing::test_context(), words));
    }
    testing::HttpAnswer make_secret(testing::SandboxProcess const& sandbox, int number) {
        return client_.send(
            {.verb = "POST",
             .url = fmt::format("{}/v1/projects/sandbox-project/secrets?secretId=s{}",
                                sandbox.url(), number),
             .body = R"({"replication": {"automatic": {}}})",
             .headers = {{"Authorization", "Bearer ya29.test"}}});
    }
    // Of each request so far.
    std::vector<std::string> faults(std::filesystem::path const& data) {
        std::istringstream lines(run({"requests", "--format", "json"}, data).output);
        std::vector<std::string> found;
        for (std::string line; std::getline(lines, line);) {
            auto const entry = boost::json::parse(line);
            auto const* const fault = entry.as_object().if_contains("fault");
            found.emplace_back(fault == nullptr ? std::string_view() : fault->as_string());
        }
        return found;
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    testing::HttpClient client_;
};

TEST_F(SandboxFaultsTest, AFileThatIsWrongIsSaidBeforeAnythingRuns) {
    for (auto const& [text, said] : std::vector<std::pair<std::string, std::string>>{
             {R"({"rules": [{"kind": "internal", "rate": 2}]})",
              "faults.json: rules[0].rate: expected a number from 0 to 1"},
             {R"({"rules": [{"kind": "internal", "rate": 1, "method": "sql.nothing"}]})",
              "faults.json: rules[0].method: 'sql.nothing' is no method's id"}}) {
        auto const refused =
            run({"up", "--port", "0", "--faults", write_rules(text)}, folder_ / "data");
        EXPECT_EQ(refused.status.code, 2) << refused.describe();
        EXPECT_THAT(refused.error, HasSubstr(said));
        EXPECT_THAT(refused.error, HasSubstr("docs/reference/sandbox-faults.md"));
    }
    EXPECT_THAT(run({"up", "--seed", "x"}, folder_ / "data").error, HasSubstr("--seed: 'x'"));
    EXPECT_THAT(run({"up", "--quotas", "some"}, folder_ / "data").error,
                HasSubstr("'some' is none of off, real"));
}

// The same seed, the same faults: also after SIGKILL, which loses nothing that was acknowledged.
TEST_F(SandboxFaultsTest, TheSameSeedIsTheSameFaultsAfterSigkill) {
    constexpr int kRequests = 40;
    auto const file = write_rules(R"({"rules": [
        {"method": "secretmanager.*.create", "kind": "lost_response", "rate": 0.3}]})");
    testing::SandboxProcess sandbox({"--faults", file, "--seed", "42", "--quotas", "real"});
    for (int i = 0; i < kRequests; ++i) make_secret(sandbox, i);
    auto const first = faults(sandbox.data());
    EXPECT_THAT(first, ::testing::Contains("lost_response"));
    EXPECT_THAT(first, ::testing::Contains(""));
    EXPECT_THAT(run({"requests"}, sandbox.data()).output, HasSubstr("lost_response"));
    sandbox.kill();
    sandbox.start();
    for (int i = 0; i < kRequests; ++i) {
        auto const again = make_secret(sandbox, i);
        EXPECT_THAT(again.status, ::testing::AnyOf(0, 409)) << again.text;
    }
    auto second = faults(sandbox.data());
    second.erase(second.begin(), second.begin() + kRequests);
    EXPECT_EQ(first, second);
    EXPECT_EQ(sandbox.stop(), 0);
}

}  // namespace
}  // namespace aipress

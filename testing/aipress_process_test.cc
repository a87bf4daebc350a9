#include "testing/aipress_process.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::testing {
namespace {

// A script stands in for the program: what is tested is how it is run.
class AipressProcessTest : public ::testing::Test {
protected:
    void program(std::string const& script) {
        auto const file = folder_ / "program";
        std::ofstream(file) << "#!/bin/sh\n" << script << '\n';
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        if (char const* old = std::getenv("AIPRESS_BINARY")) old_ = old;
        ::setenv("AIPRESS_BINARY", file.c_str(), 1);
    }
    void TearDown() override {
        if (old_.empty())
            ::unsetenv("AIPRESS_BINARY");
        else
            ::setenv("AIPRESS_BINARY", old_.c_str(), 1);
    }
    [[nodiscard]] Context context() {
        return {clock_, Deadline::after(clock_, milliseconds{20'000}), std::stop_token()};
    }

    SystemClock clock_;
    TemporaryDirectory folder_ = must(TemporaryDirectory::make());
    std::string old_;
};

TEST_F(AipressProcessTest, GivesArgumentsEnvironmentAndJson) {
    program(R"(echo "{\"first\": \"$1\", \"variable\": \"$X\"}"; echo log >&2; exit 4)");
    auto const result = must(run_aipress(context(), {"status"}, {{"X", "y"}}));
    EXPECT_EQ(result.status.code, 4);
    EXPECT_EQ(result.error, "log\n");
    auto const json = must(result.json());
    EXPECT_EQ(json.at("first").as_string(), "status");
    EXPECT_EQ(json.at("variable").as_string(), "y");
}

TEST_F(AipressProcessTest, NoJsonIsAnErrorThatShowsTheOutput) {
    program("echo nonsense");
    auto const result = must(run_aipress(context(), {}));
    EXPECT_THAT(result.json(),
                HasError(ErrorCode::InvalidArgument, ::testing::HasSubstr("nonsense")));
}

TEST_F(AipressProcessTest, RunsInTheBackground) {
    program("echo started; trap 'echo \"{}\"; exit 0' TERM; while :; do sleep 0.01; done");
    auto process = must(AipressProcess::start({}));
    while (process.output() != "started\n" && context().sleep(milliseconds{5})) {
    }
    EXPECT_TRUE(process.running());
    process.send_signal(SIGTERM);
    auto const result = must(process.wait(context()));
    EXPECT_TRUE(result.status.success()) << result.describe();
    EXPECT_EQ(result.output, "started\n{}\n");
    EXPECT_FALSE(process.running());
}

}  // namespace
}  // namespace aipress::testing

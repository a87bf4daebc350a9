// The scenarios of the sandbox's bench, small: they measure something, and say when they cannot.
#include <gmock/gmock.h>

#include "bench/carry_scenario.h"
#include "bench/http_load.h"
#include "bench/sandbox_stage.h"
#include "testing/aipress_process.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::bench {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::test_context;

Options small() {
    Options options;
    options.size_bytes = 3'000'000;
    options.repeat = 1;
    options.seconds = 1;
    options.connections = {2};
    options.aipress = testing::aipress_binary();
    return options;
}

bool is_installed(char const* tool) {
    return run_process(test_context(), {.arguments = {tool, "--version"}}).ok();
}

TEST(SandboxBenchTest, ReadsTheRateAndRefusesFailures) {
    EXPECT_DOUBLE_EQ(must(requests_per_second("  3 requests in 1s\nRequests/sec:   2345.67\n")),
                     2'345.67);
    auto const failed =
        requests_per_second("  Non-2xx or 3xx responses: 7\nRequests/sec:   2345.67\n");
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().message(), HasSubstr("responses: 7"));
    EXPECT_FALSE(requests_per_second("unable to connect\n").ok());
}

TEST(SandboxBenchTest, SmallRequestsAreMeasured) {
    if (!is_installed("wrk")) GTEST_SKIP() << "wrk is not installed; run tools/setup bench";
    for (auto const run : {run_objects, run_uploads}) {
        auto const stage = must(SandboxStage::set_up(test_context(), small()));
        auto const result = run(test_context(), *stage);
        ASSERT_TRUE(result.ok()) << result.error().message();
        ASSERT_GE(stage->figures().size(), 3u);
        for (auto const& figure : stage->figures()) EXPECT_GT(figure.value, 0) << figure.name;
    }
    auto const stage = must(SandboxStage::set_up(test_context(), small()));
    auto const refused =
        measure_requests(test_context(), {.url = stage->url() + "/no/such/method", .seconds = 1});
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message(), HasSubstr("requests failed"));
}

TEST(SandboxBenchTest, FilesAreCarriedAndCompared) {
    auto options = small();
    options.files = 50;
    auto const stage = must(SandboxStage::set_up(test_context(), options));
    auto const result = run_carry(test_context(), *stage);
    ASSERT_TRUE(result.ok()) << result.error().message();
    ASSERT_GE(stage->figures().size(), 6u);
    for (auto const& figure : stage->figures()) EXPECT_GT(figure.value, 0) << figure.name;
}

TEST(SandboxBenchTest, LargeObjectsComeBackWhole) {
    if (!is_installed("curl")) GTEST_SKIP() << "curl is not installed";
    auto const stage = must(SandboxStage::set_up(test_context(), small()));
    auto const result = run_large(test_context(), *stage);
    ASSERT_TRUE(result.ok()) << result.error().message();
    EXPECT_EQ(stage->figures().size(), 9u);
}

TEST(SandboxBenchTest, InstancesAreMeasured) {
    if (!is_installed("mariadb-install-db")) GTEST_SKIP() << "no mariadb-install-db here";
    auto const stage = must(SandboxStage::set_up(test_context(), small()));
    auto const result = run_instances(test_context(), *stage);
    ASSERT_TRUE(result.ok()) << result.error().message();
    EXPECT_EQ(stage->figures().size(), 3u);
}

}  // namespace
}  // namespace aipress::bench

// What the old side holds when a move has been finalized.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "move_stage.h"
#include "testing/status_matchers.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;

constexpr auto const* kCount = "SELECT COUNT(*) FROM wp.wp_options WHERE option_name = 'late'";
constexpr auto const* kInsert =
    "INSERT INTO wp.wp_options (option_name, option_value) VALUES ('late', 'x')";

class FinalizeTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(stage_.make_tenant().ok()); }

    // Until the target serves; then the process is killed.
    void switch_and_die() {
        auto move = must(AipressProcess::start(stage_.move_command({"--switch", "when-ready"})));
        must(stage_.wait_for_state(move, "reversing"));
    }
    // The command line that a move with a dead process needs: with both URLs.
    testing::CommandResult finalize() {
        return must(
            stage_.ask("finalize", {"--confirm", "wp", "--source", stage_.source().root_url("wp"),
                                    "--target", stage_.target().root_url("wp")}));
    }

    MoveStage stage_ = must(MoveStage::make());
};

TEST_F(FinalizeTest, TheOldSideGetsWhatWasWrittenUpToNow) {
    switch_and_die();
    stage_.target().execute(kInsert);
    ASSERT_EQ(stage_.source().scalar(kCount), "0");
    auto const result = finalize();
    EXPECT_EQ(result.status.code, 0) << result.describe();
    EXPECT_THAT(result.error, Not(HasSubstr("without the last changes")));
    EXPECT_EQ(stage_.source().scalar(kCount), "1");
}

TEST_F(FinalizeTest, ABrokenWayBackIsNoReasonToStayOpen) {
    switch_and_die();
    stage_.target().execute(kInsert);
    stage_.target().execute("RESET MASTER");  // the way back's position is gone
    auto const result = finalize();
    EXPECT_EQ(result.status.code, 0) << result.describe();
    EXPECT_THAT(result.error, HasSubstr("finalized without the last changes on the old side"));
    EXPECT_EQ(stage_.source().scalar(kCount), "0");
    EXPECT_EQ(stage_.target().scalar(kCount), "1");
}

}  // namespace
}  // namespace aipress::functional

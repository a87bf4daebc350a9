// A bad network between the mover and either server, while the move stands by: a short cut heals
// by itself; a long one ends the process with what to do next, and the same command goes on.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "move_stage.h"
#include "testing/dump_oracle.h"
#include "testing/status_matchers.h"
#include "testing/tcp_gate.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using testing::TcpGate;

constexpr milliseconds kShortCut{5'000};

enum class CutSide { Source, Target };

class LostConnectionTest : public ::testing::TestWithParam<CutSide> {
protected:
    LostConnectionTest()
        : stage_(must(MoveStage::make())), gate_(must(TcpGate::open(cut_server().port()))) {
        must(stage_.make_tenant());
    }

    [[nodiscard]] testing::DatabaseServer& cut_server() {
        return GetParam() == CutSide::Source ? stage_.source() : stage_.target();
    }

    // A move that speaks to one side through the gate.
    [[nodiscard]] testing::Arguments command(testing::Arguments const& more) {
        auto const through = fmt::format("mysql://root:{}@127.0.0.1:{}/wp",
                                         cut_server().root().password, gate_.port());
        return GetParam() == CutSide::Source
                   ? stage_.move_command(through, stage_.target().root_url("wp"), more)
                   : stage_.move_command(stage_.source().root_url("wp"), through, more);
    }

    // The tenant does not know that the mover is cut off.
    void write_meanwhile() {
        stage_.source().execute(
            "UPDATE wp.wp_options SET option_value = 'meanwhile' WHERE option_id % 3 = 0");
        stage_.source().execute("DELETE FROM wp.wp_options WHERE option_id % 7 = 0");
        stage_.source().execute(
            "INSERT INTO wp.wp_options (option_name, option_value) "
            "SELECT CONCAT('meanwhile ', seq), 'new' FROM wp.seq_1_to_100");
    }

    void expect_switched() {
        auto const verdict = must(testing::compare_databases(
            stage_.context(), stage_.source().root("wp"), stage_.target().root("wp"),
            testing::OracleScope::RowsAndSchema));
        EXPECT_TRUE(verdict.equal()) << verdict.describe();
        EXPECT_EQ(stage_.target().scalar("SELECT COUNT(*) FROM wp.wp_options WHERE option_name "
                                         "LIKE 'meanwhile %'"),
                  "100");
    }

    MoveStage stage_;
    TcpGate gate_;
};

TEST_P(LostConnectionTest, ForFiveSeconds) {
    auto move = must(AipressProcess::start(command({"--switch", "manual", "--reverse", "none"})));
    ASSERT_THAT(stage_.wait_for_state(move, "standby"), IsOk());
    gate_.refuse();
    write_meanwhile();
    // The length of the cut is what is tested.
    EXPECT_TRUE(stage_.context().sleep(kShortCut));
    EXPECT_TRUE(move.running());
    gate_.pass();
    ASSERT_THAT(stage_.wait_for_state(move, "standby"), IsOk());
    auto const switched = must(stage_.ask("switch"));
    EXPECT_EQ(switched.status.code, 0) << switched.describe();
    auto const result = must(move.wait(stage_.context()));
    EXPECT_EQ(result.status.code, 0) << result.describe();
    EXPECT_EQ(must(result.json()).at("state"), "finalized");
    expect_switched();
}

TEST_P(LostConnectionTest, ForEver) {
    auto move = must(AipressProcess::start(
        command({"--switch", "manual", "--reverse", "none", "--retry-for", "3s"})));
    ASSERT_THAT(stage_.wait_for_state(move, "standby"), IsOk());
    gate_.refuse();
    write_meanwhile();
    auto const given_up = must(move.wait(stage_.context()));
    EXPECT_EQ(given_up.status.code, 1) << given_up.describe();
    EXPECT_THAT(given_up.error,
                AllOf(HasSubstr("gave up after 3 s without a connection"),
                      HasSubstr(GetParam() == CutSide::Source ? "source: " : "target: "),
                      HasSubstr("\nnext: aipress database move ")));
    // Nothing is closed to the tenant, nothing was undone.
    EXPECT_EQ(must(stage_.status()).at("owner"), "source");
    auto tenant = stage_.source().root("wp");
    tenant.user = "wp";
    tenant.password = "secret";
    EXPECT_THAT(mysql::Connection::open(stage_.context(), tenant), IsOk());

    gate_.pass();
    auto const result = must(stage_.run(command({"--reverse", "none"})));
    EXPECT_EQ(result.status.code, 0) << result.describe();
    EXPECT_EQ(must(result.json()).at("state"), "finalized");
    expect_switched();
}

INSTANTIATE_TEST_SUITE_P(Side, LostConnectionTest,
                         ::testing::Values(CutSide::Source, CutSide::Target), [](auto const& side) {
                             return side.param == CutSide::Source ? "Source" : "Target";
                         });

}  // namespace
}  // namespace aipress::functional

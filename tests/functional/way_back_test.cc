// What a rollback finds behind the switch: a stream back that is whole or broken, an old database
// that is as the mover left it or not.
#include "mover/way_back.h"

#include <gmock/gmock.h>
#include <thread>

#include "move_stage.h"
#include "mover/move.h"
#include "testing/status_matchers.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::must;

class WayBackTest : public ::testing::Test {
protected:
    WayBackTest() : stage_(must(MoveStage::make())) {
        must(stage_.make_tenant());
        auto move = must(AipressProcess::start(stage_.move_command({"--switch", "now"})));
        must(stage_.wait_for_state(move, "reversing"));
        change(1);
        auto const context = stage_.context();
        while (old_value(1) != "changed") EXPECT_TRUE(context.sleep(milliseconds(10)));
    }  // killed

    // A row of the new side, as the tenant changes it.
    void change(int row) {
        stage_.target().execute(
            "UPDATE wp.wp_options SET option_value = 'changed' WHERE "
            "option_id = " +
            std::to_string(row));
    }
    [[nodiscard]] std::string old_value(int row) const {
        return stage_.source().scalar("SELECT option_value FROM wp.wp_options WHERE option_id = " +
                                      std::to_string(row));
    }
    [[nodiscard]] mover::MoveOptions options() const {
        mover::MoveOptions options;
        options.source = stage_.source().root("wp");
        options.target = stage_.target().root("wp");
        return options;
    }
    mover::WayBack examine() {
        return must(mover::examine_way_back(stage_.context(), stage_.journal(), options()));
    }
    void write_as_statement(int row) {
        auto session = stage_.target().connect_root("wp");
        must(session.execute(stage_.context(), "SET SESSION binlog_format = STATEMENT"));
        must(session.execute(stage_.context(),
                             "UPDATE wp_options SET option_value = 'unnamed' WHERE option_id = " +
                                 std::to_string(row)));
    }

    // All but the last file, once nobody reads them any more: a process that was killed is missed
    // with the next heartbeat.
    void purge_log(testing::DatabaseServer const& server) {
        server.execute("FLUSH BINARY LOGS");
        auto session = server.connect_root();
        auto const context = stage_.context();
        auto const last = *must(session.query(context, "SHOW MASTER STATUS")).rows[0][0];
        do {
            server.execute("PURGE BINARY LOGS TO '" + last + "'");
        } while (must(session.query(context, "SHOW BINARY LOGS")).rows.size() > 1 &&
                 context.sleep(milliseconds(50)));
    }

    mutable MoveStage stage_;
};

TEST_F(WayBackTest, BehindABreakOnlyWhatCameAfterItIsLost) {
    auto found = examine();
    EXPECT_EQ(found.broken, "");
    EXPECT_EQ(found.damage + found.doubt, "");
    EXPECT_EQ(found.writes_behind_break, 0u);
    change(2);
    EXPECT_EQ(examine().writes_to_carry, 1u);

    write_as_statement(3);
    change(4);
    change(5);
    found = examine();
    EXPECT_THAT(found.broken, HasSubstr("STATEMENT format"));
    EXPECT_EQ(found.damage + found.doubt, "");
    EXPECT_EQ(found.writes_to_carry, 1u);
    EXPECT_EQ(found.writes_behind_break, 2u);
    EXPECT_TRUE(found.is_counted);

    SystemClock clock;
    NoProbe probe;
    auto const move = must(mover::Move::open(stage_.journal(), options(), {clock, probe}));
    std::jthread runner([&](std::stop_token const& stop) {
        EXPECT_TRUE(move->run(stop, mover::Goal::Carry).ok());
    });
    auto const refused = move->roll_back_now({});
    EXPECT_THAT(refused, HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(refused.error().message(), HasSubstr("would lose 2 changes or more"));
    EXPECT_EQ(move->report().owner, "target");
    move->request_rollback({.accept_loss = true});
    runner.join();
    EXPECT_EQ(move->report().state, mover::State::RolledBack);
    EXPECT_EQ(old_value(1), "changed");
    EXPECT_EQ(old_value(2), "changed");
    for (int const row : {3, 4, 5}) EXPECT_THAT(old_value(row), HasSubstr("value")) << row;
}

TEST_F(WayBackTest, WhoeverElseWroteToTheOldSideIsSeen) {
    stage_.source().execute("CREATE DATABASE neighbour");
    stage_.source().execute("CREATE TABLE neighbour.wp_options (id INT)");
    stage_.source().execute("INSERT INTO neighbour.wp_options VALUES (1)");
    EXPECT_EQ(examine().doubt, "");
    stage_.source().execute("DELETE FROM wp.wp_options WHERE option_id > 490");
    EXPECT_EQ(examine().doubt, "10 rows of wp_options were changed by somebody else");
    EXPECT_EQ(examine().damage, "");
    stage_.source().execute("DROP TABLE wp.wp_log");
    EXPECT_EQ(examine().damage, "its table wp_log is gone");
    stage_.source().execute("DROP DATABASE wp");
    EXPECT_THAT(examine().damage, HasSubstr("it is gone"));
}

// A log that was purged on the new side breaks the stream, and nobody knows what was in it; on the
// old side nothing proves any more who wrote there.
TEST_F(WayBackTest, WhatIsPurgedIsNotKnown) {
    change(2);
    purge_log(stage_.target());
    auto found = examine();
    EXPECT_NE(found.broken, "");
    EXPECT_FALSE(found.is_counted);
    EXPECT_EQ(found.damage + found.doubt, "");
    stage_.source().execute("TRUNCATE TABLE wp.wp_log");
    EXPECT_EQ(examine().doubt, "somebody else ran TRUNCATE TABLE wp.wp_log");
    purge_log(stage_.source());
    EXPECT_THAT(examine().doubt, HasSubstr("does not reach back to the switch"));
}

}  // namespace
}  // namespace aipress::functional

// What goes wrong while a move stands by: it is undone, says why, and leaves both sides as they
// were.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>

#include "move_stage.h"
#include "testing/status_matchers.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using ::testing::AllOf;
using testing::CommandResult;
using ::testing::HasSubstr;
using testing::must;

class BadMomentTest : public ::testing::Test {
protected:
    BadMomentTest() : stage_(must(MoveStage::make())) { must(stage_.make_tenant()); }

    AipressProcess start_and_stand_by(testing::Arguments const& more = {}) {
        testing::Arguments arguments{"--switch", "manual"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto move = must(AipressProcess::start(stage_.move_command(arguments)));
        must(stage_.wait_for_state(move, "standby"));
        return move;
    }

    // The move ends by itself: undone, with that in its error, and the tenant serves at home.
    void expect_undone(AipressProcess& move, std::string const& why) {
        auto const result = must(move.wait(stage_.context()));
        EXPECT_EQ(result.status.code, 1) << result.describe();
        EXPECT_THAT(result.error, AllOf(HasSubstr("the move was undone: "), HasSubstr(why),
                                        HasSubstr("a new move needs a new --journal")));
        auto const report = must(result.json());
        EXPECT_EQ(report.at("state"), "aborted") << result.describe();
        EXPECT_EQ(report.at("owner"), "source") << result.describe();
        EXPECT_EQ(must(stage_.changes()), "");
    }

    MoveStage stage_;
};

TEST_F(BadMomentTest, AStatementInStatementFormat) {
    auto move = start_and_stand_by();
    // Undone or not, the tenant's change is the tenant's; it must only not be the difference that
    // is looked for.
    auto session = stage_.source().connect_root("wp");
    auto const context = stage_.context();
    must(session.execute(context, "SET SESSION binlog_format = STATEMENT"));
    must(session.execute(context,
                         "UPDATE wp_options SET option_value = option_value "
                         "WHERE option_name = 'option 7'"));
    must(session.execute(context,
                         "UPDATE wp_options SET option_value = 'new' "
                         "WHERE option_name = 'option 7'"));
    must(session.execute(context,
                         "UPDATE wp_options SET option_value = REPEAT('value ', 7) "
                         "WHERE option_name = 'option 7'"));
    expect_undone(move, "writes in STATEMENT format");
}

TEST_F(BadMomentTest, AnAlterTable) {
    auto move = start_and_stand_by();
    stage_.source().execute("ALTER TABLE wp.wp_options ADD COLUMN autoload VARCHAR(20)");
    auto const result = must(move.wait(stage_.context()));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, AllOf(HasSubstr("the move was undone: "),
                                    HasSubstr("ALTER TABLE wp.wp_options ADD COLUMN autoload")));
    // But for the column, all is as it was.
    stage_.source().execute("ALTER TABLE wp.wp_options DROP COLUMN autoload");
    EXPECT_EQ(must(stage_.changes()), "");
}

// A statement of another database is nobody's business.
TEST_F(BadMomentTest, DdlOfANeighbourDoesNotMatter) {
    auto move = start_and_stand_by({"--reverse", "none"});
    stage_.source().execute("CREATE DATABASE neighbour");
    stage_.source().execute("CREATE TABLE neighbour.wp_options (id INT)");
    stage_.source().execute("DROP DATABASE neighbour");
    auto const switched = must(stage_.ask("switch"));
    EXPECT_EQ(switched.status.code, 0) << switched.describe();
    auto const result = must(move.wait(stage_.context()));
    EXPECT_EQ(result.status.code, 0) << result.describe();
    EXPECT_EQ(must(result.json()).at("state"), "finalized");
}

TEST_F(BadMomentTest, ASecondProcessOnTheSameJournal) {
    auto move = start_and_stand_by();
    auto const second = must(stage_.run(stage_.move_command()));
    EXPECT_EQ(second.status.code, 1) << second.describe();
    EXPECT_THAT(second.error, AllOf(HasSubstr("another process runs the move of the journal"),
                                    HasSubstr("next: aipress database status")));
    EXPECT_TRUE(move.running());
    auto const rolled_back = must(stage_.ask("rollback"));
    EXPECT_EQ(rolled_back.status.code, 0) << rolled_back.describe();
    (void)must(move.wait(stage_.context()));
    EXPECT_EQ(must(stage_.changes()), "");
}

// Damage while nobody looks: the move does not go on, and what it did is still there to be undone
// once the journal is whole again.
TEST_F(BadMomentTest, TheJournalIsDamagedWhileTheMoveRests) {
    {
        auto move = start_and_stand_by();
    }  // killed
    std::string whole;
    {
        std::ifstream file(stage_.journal(), std::ios::binary);
        whole.assign(std::istreambuf_iterator<char>(file), {});
    }
    auto damaged = whole;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    std::ofstream(stage_.journal(), std::ios::binary) << damaged;
    auto const source_before = must(read_server_image(stage_.context(), stage_.source()));
    auto const target_before = must(read_server_image(stage_.context(), stage_.target()));
    for (auto const& result :
         {must(stage_.run(stage_.move_command())), must(stage_.ask("rollback"))}) {
        EXPECT_EQ(result.status.code, 1) << result.describe();
        EXPECT_THAT(result.error,
                    AllOf(HasSubstr("is damaged at line"), HasSubstr("nothing was changed")));
    }
    EXPECT_EQ(must(read_server_image(stage_.context(), stage_.source())), source_before);
    EXPECT_EQ(must(read_server_image(stage_.context(), stage_.target())), target_before);

    std::ofstream(stage_.journal(), std::ios::binary) << whole;
    auto const rolled_back =
        must(stage_.ask("rollback", {"--source", stage_.source().root_url("wp"), "--target",
                                     stage_.target().root_url("wp")}));
    EXPECT_EQ(rolled_back.status.code, 0) << rolled_back.describe();
    EXPECT_EQ(must(stage_.changes()), "");
}

// A target whose table space may not grow past a bound, which fails as a full disk does. On a file
// system that is really full InnoDB stops its server, and all that is left to say is that it does
// not answer.
class FullDiskTest : public ::testing::Test {
protected:
    FullDiskTest()
        : stage_(must(MoveStage::make(
              {}, {.server_id = 2,
                   .settings = {"innodb_file_per_table=OFF",
                                "innodb_data_file_path=ibdata1:12M:autoextend:max:24M"}}))) {
        must(stage_.make_tenant());
    }

    // 40 MB of rows at the source.
    void grow_tenant() {
        stage_.source().execute(
            "INSERT INTO wp.wp_options (option_name, option_value) "
            "SELECT CONCAT('large ', seq), REPEAT(MD5(seq), 2560) FROM wp.seq_1_to_500");
    }

    MoveStage stage_;
};

void expect_undone_for_want_of_room(MoveStage& stage, CommandResult const& result) {
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, AllOf(HasSubstr("the move was undone: "), HasSubstr("full")));
    EXPECT_EQ(must(result.json()).at("state"), "aborted") << result.describe();
    EXPECT_EQ(must(stage.changes()), "");
}

TEST_F(FullDiskTest, DuringTheCopy) {
    grow_tenant();
    must(stage_.remember());
    auto const result = must(stage_.run(stage_.move_command({"--reverse", "none"})));
    expect_undone_for_want_of_room(stage_, result);
}

TEST_F(FullDiskTest, DuringStandby) {
    auto move = must(
        AipressProcess::start(stage_.move_command({"--reverse", "none", "--switch", "manual"})));
    must(stage_.wait_for_state(move, "standby"));
    grow_tenant();
    auto const result = must(move.wait(stage_.context()));
    EXPECT_EQ(stage_.source().scalar("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE "
                                     "SCHEMA_NAME = 'aipress_mover'"),
              "0");
    must(stage_.remember_source());  // with the rows that had no room
    expect_undone_for_want_of_room(stage_, result);
}

}  // namespace
}  // namespace aipress::functional

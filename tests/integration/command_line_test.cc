// The program as an operator meets it: exit codes, what goes to stdout and what to stderr. The
// running move that the verbs speak to is played by the test; moves themselves have suites of
// their own.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <mutex>

#include "base/probe.h"
#include "mover/control.h"
#include "mover/journal.h"
#include "mover/report_json.h"
#include "testing/aipress_process.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using ::testing::AllOf;
using testing::CommandResult;
using testing::DatabaseServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;
using ::testing::StartsWith;
using testing::test_context;

CommandResult run(std::vector<std::string> const& arguments,
                  testing::Environment const& environment = {}) {
    return must(testing::run_aipress(test_context(), arguments, environment));
}

class CommandLineTest : public ::testing::Test {
protected:
    [[nodiscard]] std::string journal() const { return (folder_ / "wp.journal").string(); }

    // As a move that was killed leaves it.
    void make_journal() {
        NoProbe probe;
        auto made = must(mover::Journal::open(journal(), source_, target_, probe));
        mover::Report report;
        report.move_id = made.content().move_id;
        report.source = source_;
        report.target = target_;
        report.state = mover::State::Reversing;
        must(made.set_state(mover::State::Reversing, mover::to_json(report)));
    }

    // A running move that answers every verb and remembers what it was asked.
    mover::ControlServer play_running_move() {
        return must(mover::ControlServer::start(
            journal() + ".sock",
            [this](boost::json::object const& request,
                   std::stop_token) -> Result<boost::json::object> {
                std::lock_guard const lock(mutex_);
                asked_.push_back(boost::json::serialize(request));
                if (request.at("verb") == "switch") {
                    return Error(ErrorCode::FailedPrecondition, "not verified yet");
                }
                mover::Report report;
                report.source = source_;
                report.target = target_;
                report.state = mover::State::Standby;
                return boost::json::object{{"report", mover::to_json(report)}};
            }));
    }
    std::vector<std::string> asked() {
        std::lock_guard const lock(mutex_);
        return asked_;
    }

    std::string const source_ = "wp@db1:3306/wp";
    std::string const target_ = "wp@db2:3306/wp";

private:
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    std::mutex mutex_;
    std::vector<std::string> asked_;
};

TEST_F(CommandLineTest, HelpAndVersionGoToStdout) {
    for (auto const* flag : {"--help", "--version"}) {
        auto const result = run({flag});
        EXPECT_EQ(result.status.code, 0);
        EXPECT_THAT(result.output, HasSubstr("aipress"));
        EXPECT_EQ(result.error, "");
    }
}

TEST_F(CommandLineTest, WrongUsageIsTwoAndLeavesStdoutEmpty) {
    auto const result = run({"database", "move", "--sauce", "mysql://wp:s3cret@db1/wp"});
    EXPECT_EQ(result.status.code, 2) << result.describe();
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.error, AllOf(StartsWith("error: "), Not(HasSubstr("s3cret")),
                                    HasSubstr("\nnext: aipress database move --help\n")));
}

TEST_F(CommandLineTest, StatusSpeaksToTheRunningMove) {
    auto const server = play_running_move();
    auto const result = run({"database", "status", "--journal", journal(), "--format", "json"});
    EXPECT_EQ(result.status.code, 0) << result.describe();
    auto const object = must(result.json());
    EXPECT_EQ(object.at("running"), true);
    EXPECT_EQ(object.at("state"), "standby");
}

TEST_F(CommandLineTest, StatusOfAKilledMoveComesFromTheJournal) {
    make_journal();
    auto const result = run({"database", "status", "--journal", journal(), "--format", "json"});
    EXPECT_EQ(result.status.code, 0) << result.describe();
    auto const object = must(result.json());
    EXPECT_EQ(object.at("running"), false);
    EXPECT_EQ(object.at("state"), "reversing");
}

TEST_F(CommandLineTest, WithoutAJournalNothingIsKnown) {
    for (auto const* verb : {"status", "pause", "resume", "switch", "rollback"}) {
        auto const result = run({"database", verb, "--journal", journal()});
        EXPECT_EQ(result.status.code, 1) << result.describe();
        EXPECT_THAT(result.error, StartsWith("error: ")) << verb;
        EXPECT_EQ(result.output, "") << verb;
    }
}

TEST_F(CommandLineTest, VerbsReachTheRunningMove) {
    auto const server = play_running_move();
    EXPECT_EQ(run({"database", "pause", "--journal", journal()}).status.code, 0);
    EXPECT_EQ(
        run({"database", "rollback", "--journal", journal(), "--accept-loss", "wp"}).status.code,
        0);
    EXPECT_EQ(run({"database", "finalize", "--journal", journal(), "--confirm", "wp"}).status.code,
              0);
    std::string const status = R"({"verb":"status"})";
    EXPECT_THAT(asked(), ElementsAre(status, R"({"verb":"pause"})", status,
                                     R"({"verb":"rollback","accept_loss":true})", status,
                                     R"({"verb":"finalize","confirm":"wp"})"));
}

TEST_F(CommandLineTest, ARefusalOfTheRunningMoveIsShown) {
    auto const server = play_running_move();
    auto const result = run({"database", "switch", "--journal", journal()});
    EXPECT_EQ(result.status.code, 1);
    EXPECT_THAT(result.error, AllOf(StartsWith("error: not verified yet\n"),
                                    HasSubstr("next: aipress database status --journal ")));
}

TEST_F(CommandLineTest, AWrongNameIsNotPassedOn) {
    auto const server = play_running_move();
    auto const result = run({"database", "finalize", "--journal", journal(), "--confirm", "other"});
    EXPECT_EQ(result.status.code, 2);
    EXPECT_THAT(result.error, HasSubstr("--confirm says 'other', but this journal moves 'wp'"));
    EXPECT_THAT(asked(), ElementsAre(R"({"verb":"status"})"));
}

TEST_F(CommandLineTest, WithoutAProcessTheCommandToTakeOverIsNamed) {
    make_journal();
    auto const pause = run({"database", "pause", "--journal", journal()});
    EXPECT_EQ(pause.status.code, 1);
    EXPECT_THAT(pause.error, HasSubstr("error: no move is running on this journal"));
    auto const finalize = run({"database", "finalize", "--journal", journal(), "--confirm", "wp"});
    EXPECT_EQ(finalize.status.code, 1);
    EXPECT_THAT(finalize.error,
                HasSubstr(fmt::format("next: aipress database finalize --journal {} --source "
                                      "mysql://{} --target mysql://{} --confirm wp\n",
                                      journal(), source_, target_)));
}

TEST_F(CommandLineTest, ABadKillPointIsRefused) {
    auto const result = run({"--version"}, {{"AIPRESS_KILL_AT", "point#0"}});
    EXPECT_EQ(result.status.code, 2);
    EXPECT_THAT(result.error, HasSubstr("AIPRESS_KILL_AT"));
}

class CommandLineServerTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        source_ = new DatabaseServer(must(DatabaseServer::start({.server_id = 1})));
        target_ = new DatabaseServer(must(DatabaseServer::start({.server_id = 2})));
        source_->execute("CREATE DATABASE wp");
        source_->execute("CREATE TABLE wp.posts (id INT PRIMARY KEY, title VARCHAR(20))");
        source_->execute("CREATE TABLE wp.log (line TEXT)");
        source_->execute("INSERT INTO wp.posts VALUES (1, 'one'), (2, 'two')");
    }
    static void TearDownTestSuite() {
        delete source_;
        delete target_;
    }
    static std::vector<std::string> on_both(std::vector<std::string> words) {
        for (auto const& word : {std::string("--source"), source_->root_url("wp"),
                                 std::string("--target"), target_->root_url("wp")}) {
            words.push_back(word);
        }
        return words;
    }

    static inline DatabaseServer* source_ = nullptr;
    static inline DatabaseServer* target_ = nullptr;
};

TEST_F(CommandLineServerTest, PreflightListsFindings) {
    auto const result = run(on_both({"database", "preflight", "--format", "json"}));
    auto const object = must(result.json());
    EXPECT_EQ(result.status.code, object.at("passed") == true ? 0 : 1) << result.describe();
    EXPECT_FALSE(object.at("findings").as_array().empty()) << result.describe();
    auto const table = run(on_both({"database", "preflight"}));
    EXPECT_THAT(table.output, StartsWith("severity  "));
}

TEST_F(CommandLineServerTest, DryRunShowsThePlanAndChangesNothing) {
    auto const result = run(on_both({"database", "move", "--dry-run", "--format", "json"}));
    auto const object = must(result.json());
    EXPECT_EQ(object.at("dry_run"), true);
    auto const& tables = object.at("tables").as_array();
    ASSERT_EQ(tables.size(), 2u) << result.describe();
    EXPECT_EQ(tables[0].at("mode"), "late");
    EXPECT_EQ(tables[1].at("mode"), "live");
    EXPECT_EQ(target_->scalar("SELECT COUNT(*) FROM information_schema.TABLES "
                              "WHERE TABLE_SCHEMA = 'wp'"),
              "0");
}

TEST_F(CommandLineServerTest, AWrongPasswordIsSaidWithoutThePassword) {
    auto const url = fmt::format("mysql://root:s3cret@127.0.0.1:{}/wp", source_->port());
    auto const result = run({"database", "preflight", "--source", url, "--target", url});
    EXPECT_EQ(result.status.code, 1);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.error,
                AllOf(HasSubstr("error: source: "), HasSubstr("denied"), Not(HasSubstr("s3cret"))));
}

}  // namespace
}  // namespace aipress

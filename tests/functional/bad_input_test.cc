// What a move is refused for before it begins: each with its error, and nothing changed on either
// side. bad_moment_test.cc has what goes wrong in the middle.
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>

#include "move_stage.h"
#include "testing/status_matchers.h"
#include "testing/tcp_gate.h"

namespace aipress::functional {
namespace {

using ::testing::AllOf;
using testing::CommandResult;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using ::testing::Not;

std::string read_file(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

void write_file(std::string const& path, std::string const& text) {
    std::ofstream(path, std::ios::binary) << text;
}

// The refusals' codes, one after another: "binlog-off target-not-empty ".
std::string refusals(CommandResult const& result) {
    auto const report = must(result.json());
    std::string codes;
    for (auto const& refusal : report.at("refused").as_array()) {
        codes += std::string(refusal.as_object().at("code").as_string()) + " ";
    }
    return codes;
}

class BadInputTest : public ::testing::Test {
protected:
    // Whatever these tests try must leave the servers as they are: one pair serves them all.
    static void SetUpTestSuite() {
        stage_.emplace(must(MoveStage::make()));
        must(stage_->make_tenant());
    }
    static void TearDownTestSuite() { stage_.reset(); }

    void TearDown() override {
        std::filesystem::remove(stage_->journal());
        EXPECT_EQ(must(stage_->changes()), "");
    }

    static CommandResult run_with(std::string const& source_url, std::string const& target_url) {
        return must(stage_->run(stage_->move_command(source_url, target_url)));
    }
    static CommandResult run() { return must(stage_->run(stage_->move_command())); }

    // A journal as a move leaves it that was killed while it stood by; the servers then hold its
    // half, so the tests of damage use one that never got past preflight.
    static std::string journal_of_a_refused_move() {
        auto const result =
            run_with(stage_->source().root_url("wp"), stage_->source().root_url("wp"));
        EXPECT_EQ(result.status.code, 1) << result.describe();
        return read_file(stage_->journal());
    }

    static std::optional<MoveStage> stage_;
};

std::optional<MoveStage> BadInputTest::stage_;

TEST_F(BadInputTest, WrongPassword) {
    auto const& source = stage_->source();
    auto const& target = stage_->target();
    auto const at_source =
        run_with(source.url("root", "not-the-secret", "wp"), target.root_url("wp"));
    EXPECT_EQ(at_source.status.code, 1) << at_source.describe();
    EXPECT_THAT(at_source.error, AllOf(HasSubstr("error: source: "), HasSubstr("Access denied"),
                                       HasSubstr("\nnext: "), Not(HasSubstr("not-the-secret"))));
    auto const at_target =
        run_with(source.root_url("wp"), target.url("root", "not-the-secret", "wp"));
    EXPECT_EQ(at_target.status.code, 1) << at_target.describe();
    EXPECT_THAT(at_target.error, AllOf(HasSubstr("error: target: "), HasSubstr("Access denied"),
                                       HasSubstr("\nnext: "), Not(HasSubstr("not-the-secret"))));
}

TEST_F(BadInputTest, MissingPrivilege) {
    // The tenant's own account may do everything to its database, and nothing else.
    auto const result = run_with(stage_->source().url("wp", "secret", "wp"),
                                 stage_->target().url("wp", "secret", "wp"));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, HasSubstr("nothing was changed"));
    EXPECT_THAT(refusals(result), HasSubstr("missing-privilege"));
    EXPECT_THAT(result.output, AllOf(HasSubstr("REPLICATION SLAVE"), HasSubstr("GRANT ")))
        << "the fix names what is missing";
}

TEST_F(BadInputTest, TargetNotEmpty) {
    stage_->target().execute("CREATE DATABASE wp");
    stage_->target().execute("CREATE TABLE wp.precious (id INT PRIMARY KEY)");
    stage_->target().execute("INSERT INTO wp.precious VALUES (1)");
    ASSERT_THAT(stage_->remember(), IsOk());
    auto const result = run();
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(refusals(result), HasSubstr("target-not-empty"));
    EXPECT_THAT(result.output, HasSubstr("precious"));
    EXPECT_EQ(must(stage_->changes()), "");
    stage_->target().execute("DROP DATABASE wp");
    ASSERT_THAT(stage_->remember(), IsOk());
}

TEST_F(BadInputTest, SameServerAndSchema) {
    auto& source = stage_->source();
    // Under another address, too.
    auto const door = must(testing::TcpGate::open(source.port()));
    for (auto const port : {source.port(), door.port()}) {
        auto const again =
            fmt::format("mysql://root:{}@127.0.0.1:{}/wp", source.root().password, port);
        auto const result = run_with(source.root_url("wp"), again);
        std::filesystem::remove(stage_->journal());
        EXPECT_EQ(result.status.code, 1) << result.describe();
        EXPECT_THAT(refusals(result), HasSubstr("same-database")) << result.describe();
    }
}

TEST_F(BadInputTest, JournalOfAnotherMove) {
    auto const before = journal_of_a_refused_move();
    auto const result = run();
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, AllOf(HasSubstr("belongs to another move"), HasSubstr("/wp")));
    EXPECT_EQ(read_file(stage_->journal()), before);
}

TEST_F(BadInputTest, JournalWithAFlippedByte) {
    auto const whole = journal_of_a_refused_move();
    ASSERT_GT(whole.size(), 40U);
    // In the checksum, in the text.
    for (std::size_t const at : {std::size_t{3}, whole.size() / 2}) {
        auto damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        write_file(stage_->journal(), damaged);
        for (auto const& result : {run(), must(stage_->ask("status"))}) {
            EXPECT_EQ(result.status.code, 1) << result.describe();
            EXPECT_THAT(result.error,
                        AllOf(HasSubstr("is damaged at line 1"), HasSubstr("nothing was changed")));
        }
        EXPECT_EQ(read_file(stage_->journal()), damaged) << "what it said must stay to be read";
    }
}

TEST_F(BadInputTest, JournalThatIsAnotherFile) {
    // A file named by mistake is not ours to empty, with a last newline or without.
    for (std::string const text :
         {"<?php\ndefine('DB_NAME', 'wp');\n", "no newline at all", "\n"}) {
        write_file(stage_->journal(), text);
        auto const result = run();
        EXPECT_EQ(result.status.code, 1) << result.describe();
        EXPECT_THAT(result.error, HasSubstr("is damaged at line 1"));
        EXPECT_EQ(read_file(stage_->journal()), text);
    }
}

TEST_F(BadInputTest, JournalInAFolderThatIsNotThere) {
    auto arguments = stage_->move_command();
    for (auto& argument : arguments) {
        if (argument == stage_->journal()) argument += ".d/journal";
    }
    auto const result = must(stage_->run(arguments));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, HasSubstr("No such file or directory"));
}

TEST(BadServerTest, BinlogOffOnTheSource) {
    auto stage = must(MoveStage::make({.settings = {"skip-log-bin"}}));
    must(stage.make_tenant());
    auto const result = must(stage.run(stage.move_command()));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(refusals(result), HasSubstr("binlog-off"));
    EXPECT_THAT(result.output, HasSubstr("set log_bin"));
    EXPECT_EQ(must(stage.changes()), "");
}

// A write that a crash cut short is no damage: the move goes on in front of it.
TEST(TornJournalTest, TheMoveGoesOn) {
    auto stage = must(MoveStage::make());
    must(stage.make_tenant());
    {
        auto move =
            must(testing::AipressProcess::start(stage.move_command({"--switch", "manual"})));
        ASSERT_THAT(stage.wait_for_state(move, "standby"), IsOk());
        move.kill();
    }
    write_file(stage.journal(), read_file(stage.journal()) + "0123abcd {\"state\":\"fen");
    EXPECT_EQ(must(stage.status()).at("state"), "standby");
    auto const result = must(stage.run(stage.move_command({"--reverse", "none"})));
    EXPECT_EQ(result.status.code, 0) << result.describe();
    EXPECT_EQ(must(result.json()).at("state"), "finalized");
    EXPECT_EQ(stage.target().scalar("SELECT COUNT(*) FROM wp.wp_options"), "500");
    EXPECT_THAT(read_file(stage.journal()), Not(HasSubstr("\"fen0")));
}

}  // namespace
}  // namespace aipress::functional

// What a process that carries a move on finds in the journal.
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/aipress_process.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using testing::DatabaseServer;
using testing::must;

Context context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(60'000)), {}};
}

class ResumeTest : public ::testing::Test {
protected:
    ResumeTest() {
        source_.execute("CREATE DATABASE shop");
        source_.execute("CREATE TABLE shop.posts (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT)");
        source_.execute("INSERT INTO shop.posts (body) SELECT seq FROM shop.seq_1_to_5000");
        source_.execute("CREATE TABLE shop.keyless (a INT)");
        source_.execute("INSERT INTO shop.keyless SELECT seq FROM shop.seq_1_to_3000");
        for (auto* server : {&source_, &target_}) {
            server->execute("CREATE USER wp@'%' IDENTIFIED BY 'pw'");
            server->execute("GRANT ALL ON shop.* TO wp@'%'");
        }
    }

    [[nodiscard]] testing::Arguments words(std::string const& verb,
                                           testing::Arguments const& more = {}) const {
        testing::Arguments all{"database",  verb,
                               "--source",  source_.root_url("shop"),
                               "--target",  target_.root_url("shop"),
                               "--journal", journal()};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] std::string journal() const { return (folder_ / "journal").string(); }
    boost::json::object wait_for(std::string const& wanted, AipressProcess& process) {
        auto const limit = context();
        while (limit.sleep(milliseconds(20)) && process.running()) {
            auto const status = must(testing::run_aipress(
                limit, {"database", "status", "--journal", journal(), "--format", "json"}));
            auto json = status.json();
            if (json.ok() && json.value().at("state").as_string() == wanted) return json.release();
        }
        ADD_FAILURE() << "not " << wanted << ": " << process.error();
        return {};
    }
    [[nodiscard]] std::string told() const {
        std::ifstream file(folder_ / "told");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // Writes down whom the site was pointed at.
    [[nodiscard]] std::string switch_command() const {
        return "echo $AIPRESS_OWNER >> " + (folder_ / "told").string();
    }

    DatabaseServer source_ = must(DatabaseServer::start({.server_id = 1}));
    DatabaseServer target_ = must(DatabaseServer::start({.server_id = 2}));
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
};

TEST_F(ResumeTest, TheSwitchCommandNeedNotBeGivenAgain) {
    {
        auto process = must(AipressProcess::start(
            words("move", {"--switch", "manual", "--on-switch", switch_command()})));
        wait_for("standby", process);
        process.kill();
    }
    auto process = must(AipressProcess::start(words("switch")));
    wait_for("reversing", process);
    EXPECT_EQ(told(), "target\n");
    process.kill();
    auto const rolled_back = must(testing::run_aipress(context(), words("rollback")));
    EXPECT_EQ(rolled_back.status.code, 0) << rolled_back.describe();
    EXPECT_EQ(told(), "target\nsource\n");
}

// Killed between the command and the owner's record: the site points at the target already.
TEST_F(ResumeTest, TheSiteIsToldThatItStaysAtHome) {
    auto const killed = must(testing::run_aipress(
        context(), words("move", {"--switch", "now", "--on-switch", switch_command()}),
        {{"AIPRESS_KILL_AT", "switch-command.after"}}));
    EXPECT_EQ(killed.status.signal, SIGKILL) << killed.describe();
    EXPECT_EQ(told(), "target\n");
    auto process = must(AipressProcess::start(words("move", {"--switch", "manual"})));
    wait_for("standby", process);
    EXPECT_EQ(told(), "target\nsource\n");
}

TEST_F(ResumeTest, ANewSwitchCommandTakesTheOldOnesPlace) {
    {
        auto process = must(
            AipressProcess::start(words("move", {"--switch", "manual", "--on-switch", "exit 3"})));
        wait_for("standby", process);
        process.kill();
    }
    auto process = must(AipressProcess::start(words("switch", {"--on-switch", switch_command()})));
    wait_for("reversing", process);
    EXPECT_EQ(told(), "target\n");
}

TEST_F(ResumeTest, TheAccountsToFenceNeedNotBeGivenAgain) {
    source_.execute("CREATE USER reports@'%' IDENTIFIED BY 'pw'");
    source_.execute("GRANT SELECT ON shop.* TO reports@'%'");
    {
        auto process = must(
            AipressProcess::start(words("move", {"--switch", "manual", "--accounts", "wp@%"})));
        wait_for("standby", process);
        process.kill();
    }
    auto process = must(AipressProcess::start(words("switch")));
    wait_for("reversing", process);
    auto const is_locked = [&](std::string const& user) {
        return source_.scalar("SHOW CREATE USER " + user).ends_with("ACCOUNT LOCK");
    };
    EXPECT_TRUE(is_locked("wp"));
    EXPECT_FALSE(is_locked("reports"));
}

TEST_F(ResumeTest, TheCopyIsWholeThoughATableWaitsForTheFence) {
    auto process = must(AipressProcess::start(words("move", {"--switch", "manual"})));
    auto const waiting = wait_for("standby", process);
    EXPECT_EQ(waiting.at("rows_copied"), 5000);
    EXPECT_EQ(waiting.at("rows_estimate"), 5000);
    EXPECT_EQ(waiting.at("bytes_estimate"), waiting.at("bytes_copied"));
    must(testing::run_aipress(context(), {"database", "switch", "--journal", journal()}));
    auto const moved = wait_for("reversing", process);
    EXPECT_EQ(moved.at("rows_copied"), 8000);
    EXPECT_EQ(moved.at("rows_estimate"), 8000);
    EXPECT_EQ(moved.at("verified_rows"), 8000);
    EXPECT_EQ(moved.at("tables_copied"), 2);
    EXPECT_GT(moved.at("bytes_copied").to_number<std::uint64_t>(),
              waiting.at("bytes_copied").to_number<std::uint64_t>());
}

// MySQL before 5.7 has no ACCOUNT LOCK: a closed gate there means that nobody has a grant on the
// database any more, so the server cannot say whom the next fence has to shut out.
TEST(ResumeOldServerTest, TheNextFenceKnowsWhomToShutOut) {
    auto started = DatabaseServer::start({.kind = testing::ServerKind::MySql56, .server_id = 1});
    if (!started.ok() && started.error().code() == ErrorCode::NotFound) {
        GTEST_SKIP() << started.error().message();
    }
    auto source = must(std::move(started));
    auto target = must(DatabaseServer::start({.server_id = 2}));
    auto const folder = must(testing::TemporaryDirectory::make());
    source.execute("CREATE DATABASE shop");
    source.execute("CREATE TABLE shop.posts (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT)");
    for (auto* server : {&source, &target}) {
        server->execute("CREATE USER wp@'%' IDENTIFIED BY 'pw'");
        server->execute("GRANT ALL ON shop.* TO wp@'%'");
    }
    auto const words = [&](testing::Arguments const& more) {
        testing::Arguments all{"database",  "move",
                               "--source",  source.root_url("shop"),
                               "--target",  target.root_url("shop"),
                               "--journal", (folder / "journal").string(),
                               "--switch",  "now"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    auto const killed = must(
        testing::run_aipress(context(), words({}), {{"AIPRESS_KILL_AT", "revoke-grants.after"}}));
    ASSERT_EQ(killed.status.signal, SIGKILL) << killed.describe();
    EXPECT_EQ(source.scalar("SELECT COUNT(*) FROM mysql.db WHERE User = 'wp'"), "0");

    auto const moved = must(testing::run_aipress(context(), words({"--reverse", "none"})));
    ASSERT_EQ(moved.status.code, 0) << moved.describe();
    EXPECT_EQ(source.scalar("SELECT COUNT(*) FROM mysql.db WHERE User = 'wp'"), "0");
}

}  // namespace
}  // namespace aipress::functional

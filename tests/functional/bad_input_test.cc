// What cannot be moved is refused with its cause, and both servers are as they were.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/subprocess.h"
#include "testing/aipress_process.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/tcp_gate.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using testing::Arguments;
using testing::CommandResult;
using testing::DatabaseServer;
using ::testing::HasSubstr;
using testing::must;
using testing::TemporaryDirectory;

SystemClock& clock() {
    static SystemClock instance;
    return instance;
}

Context context() {
    return {clock(), Deadline::after(clock(), milliseconds(60'000)), {}};
}

// Everything of a server, accounts included, but for what changes by itself.
std::string image_of(DatabaseServer const& server) {
    auto const root = server.root();
    ProcessOptions dump;
    dump.arguments = {"mariadb-dump",        "--no-defaults",
                      "--host=127.0.0.1",    "--port=" + std::to_string(root.port),
                      "--user=" + root.user, "--skip-comments",
                      "--skip-dump-date",    "--order-by-primary",
                      "--all-databases",     "--ignore-database=mysql",
                      "--system=users"};
    dump.environment = {{"MYSQL_PWD", root.password}};
    dump.capture_limit = std::size_t{64} << 20;
    return must(run_process(context(), dump)).standard_output;
}

class BadInputTest : public ::testing::Test {
protected:
    BadInputTest()
        : source_(must(DatabaseServer::start({.server_id = 1}))),
          target_(must(DatabaseServer::start({.server_id = 2}))),
          folder_(must(TemporaryDirectory::make())) {
        source_.execute("CREATE DATABASE shop");
        source_.execute("CREATE TABLE shop.posts (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT)");
        source_.execute("INSERT INTO shop.posts (body) SELECT seq FROM shop.seq_1_to_500");
        for (auto* server : {&source_, &target_}) {
            server->execute("CREATE USER wp@'%' IDENTIFIED BY 'pw'");
            server->execute("GRANT ALL ON shop.* TO wp@'%'");
        }
    }

    [[nodiscard]] std::string journal(std::string const& name = "journal") const {
        return (folder_ / name).string();
    }
    [[nodiscard]] Arguments move(std::string const& source, std::string const& target,
                                 Arguments const& more = {}) const {
        Arguments all{"database", "move",      "--source", source,   "--target",
                      target,     "--journal", journal(),  "--quiet"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] std::string source_url() const { return source_.root_url("shop"); }
    [[nodiscard]] std::string target_url() const { return target_.root_url("shop"); }

    CommandResult refused(Arguments const& arguments, std::string const& why) {
        auto const source_before = image_of(source_);
        auto const target_before = image_of(target_);
        auto const result = must(testing::run_aipress(context(), arguments));
        EXPECT_FALSE(result.status.success()) << result.describe();
        EXPECT_THAT(result.output + result.error, HasSubstr(why));
        EXPECT_EQ(image_of(source_), source_before);
        EXPECT_EQ(image_of(target_), target_before);
        return result;
    }

    // A move that waits in standby.
    AipressProcess standing_by(Arguments const& arguments) {
        auto process = must(AipressProcess::start(arguments));
        wait_for("standby", process);
        return process;
    }
    void wait_for(std::string const& wanted, AipressProcess& process) {
        auto const limit = context();
        while (limit.sleep(milliseconds(20)) && process.running()) {
            auto const status = must(testing::run_aipress(
                limit, {"database", "status", "--journal", journal(), "--format", "json"}));
            auto const json = status.json();
            if (json.ok() && json.value().at("state").as_string() == wanted) return;
        }
        ADD_FAILURE() << "not " << wanted << ": " << process.error();
    }

    DatabaseServer source_;
    DatabaseServer target_;
    TemporaryDirectory folder_;
};

TEST_F(BadInputTest, WrongPassword) {
    refused(move(source_.url("root", "wrong", "shop"), target_url()), "Access denied");
}

TEST_F(BadInputTest, MissingPrivilegesAreListedTogether) {
    auto const result =
        refused(move(source_.url("wp", "pw", "shop"), target_url(), {"--format", "json"}),
                "missing-privilege");
    EXPECT_THAT(result.output, HasSubstr("REPLICATION SLAVE"));
}

TEST_F(BadInputTest, TargetNotEmpty) {
    target_.execute("CREATE DATABASE shop");
    target_.execute("CREATE TABLE shop.kept (a INT)");
    refused(move(source_url(), target_url(), {"--format", "json"}), "target-not-empty");
}

TEST_F(BadInputTest, SameServerAndSchema) {
    refused(move(source_url(), source_url(), {"--format", "json"}), "same-database");
}

TEST_F(BadInputTest, BinaryLogOff) {
    auto without = must(DatabaseServer::start({.server_id = 3, .settings = {"skip-log-bin"}}));
    without.execute("CREATE DATABASE shop");
    without.execute("CREATE TABLE shop.posts (id INT PRIMARY KEY)");
    refused(move(without.root_url("shop"), target_url(), {"--format", "json"}), "binlog-off");
}

TEST_F(BadInputTest, SchemaChangeInMidMoveUndoesIt) {
    auto const target_before = image_of(target_);
    auto process = standing_by(move(source_url(), target_url(), {"--switch", "manual"}));
    source_.execute("ALTER TABLE shop.posts ADD added INT");
    auto const source_after = image_of(source_);
    auto const result = must(process.wait(context()));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, HasSubstr("ALTER TABLE shop.posts ADD added INT"));
    EXPECT_EQ(image_of(target_), target_before);
    EXPECT_THAT(source_after, HasSubstr("aipress_mover"));
    EXPECT_THAT(image_of(source_), ::testing::Not(HasSubstr("aipress_mover")));
}

TEST_F(BadInputTest, StatementFormatInMidMoveUndoesIt) {
    auto const target_before = image_of(target_);
    auto process = standing_by(move(source_url(), target_url(), {"--switch", "manual"}));
    auto session = source_.connect_root("shop");
    must(session.execute(context(), "SET SESSION binlog_format=STATEMENT"));
    must(session.execute(context(), "UPDATE posts SET body='sly' WHERE id=7"));
    auto const result = must(process.wait(context()));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, HasSubstr("STATEMENT format"));
    EXPECT_EQ(image_of(target_), target_before);
    EXPECT_EQ(source_.scalar("SELECT body FROM shop.posts WHERE id=7"), "sly");
}

TEST_F(BadInputTest, JournalOfAnotherMoveAndASecondProcess) {
    auto process = standing_by(move(source_url(), target_url(), {"--switch", "manual"}));
    auto const second = must(
        testing::run_aipress(context(), move(source_url(), target_url(), {"--switch", "manual"})));
    EXPECT_FALSE(second.status.success());
    EXPECT_THAT(second.error, HasSubstr("another process"));
    must(testing::run_aipress(context(), {"database", "rollback", "--journal", journal()}));
    (void)must(process.wait(context()));
    refused(move(source_url(), target_.root_url("other")), "belongs to another move");
}

TEST_F(BadInputTest, DamagedJournalIsNotGuessedAt) {
    auto process = standing_by(move(source_url(), target_url(), {"--switch", "manual"}));
    process.kill();
    std::string text;
    {
        std::ifstream file(journal());
        std::ostringstream all;
        all << file.rdbuf();
        text = all.str();
    }
    auto damaged = text;
    damaged[damaged.size() / 2] ^= 1;
    std::ofstream(journal(), std::ios::trunc) << damaged;
    auto const result = must(testing::run_aipress(context(), move(source_url(), target_url())));
    EXPECT_FALSE(result.status.success());
    EXPECT_THAT(result.error, HasSubstr("damaged at line"));
    // A line that a crash cut short is no damage.
    std::ofstream(journal(), std::ios::trunc) << text << "0badc0de {\"state\":\"cop";
    auto const ended =
        must(testing::run_aipress(context(), {"database", "rollback", "--journal", journal(),
                                              "--source", source_url(), "--target", target_url()}));
    EXPECT_TRUE(ended.status.success()) << ended.describe();
}

std::string through(testing::TcpGate const& gate, std::string const& database) {
    return "mysql://root:root-secret@127.0.0.1:" + std::to_string(gate.port()) + "/" + database;
}

TEST_F(BadInputTest, ACutConnectionIsMendedOrGivenUpInTime) {
    auto gate = must(testing::TcpGate::open(source_.port()));
    auto const arguments =
        move(through(gate, "shop"), target_url(), {"--switch", "manual", "--retry-for", "3s"});
    auto process = standing_by(arguments);
    gate.cut();
    source_.execute("INSERT INTO shop.posts (body) VALUES ('while cut')");
    // It comes back by itself, and carries on from where it was.
    wait_for("standby", process);
    EXPECT_TRUE(process.running());

    gate.refuse();
    auto const given_up = must(process.wait(context()));
    EXPECT_EQ(given_up.status.code, 1) << given_up.describe();
    EXPECT_THAT(given_up.error, HasSubstr("gave up"));

    gate.pass();
    auto again = arguments;
    again[again.size() - 3] = "now";
    again.insert(again.end(), {"--reverse", "none"});
    auto const finished = must(testing::run_aipress(context(), again));
    EXPECT_TRUE(finished.status.success()) << finished.describe();
    EXPECT_EQ(target_.scalar("SELECT COUNT(*) FROM shop.posts WHERE body='while cut'"), "1");
}

}  // namespace
}  // namespace aipress::functional

// From one database to another of the same server: both legs read one log and share one
// aipress_mover.
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
using ::testing::HasSubstr;
using testing::must;

Context context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(60'000)), {}};
}

class SameServerTest : public ::testing::Test {
protected:
    SameServerTest() {
        for (auto const* sql :
             {"CREATE DATABASE old", "CREATE DATABASE new",
              "CREATE TABLE old.posts (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT)",
              "INSERT INTO old.posts (body) SELECT seq FROM old.seq_1_to_500",
              "CREATE USER stays@'%' IDENTIFIED BY 'pw'", "GRANT ALL ON old.* TO stays@'%'",
              "CREATE USER comes@'%' IDENTIFIED BY 'pw'", "GRANT ALL ON new.* TO comes@'%'"}) {
            server_.execute(sql);
        }
    }

    [[nodiscard]] testing::Arguments move() const {
        return {"database",  "move",
                "--source",  server_.root_url("old"),
                "--target",  server_.root_url("new"),
                "--journal", journal(),
                "--switch",  "now",
                "--quiet"};
    }
    [[nodiscard]] std::string journal() const { return (folder_ / "journal").string(); }
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
    // Who may log in and write: "old", "new", both or none.
    [[nodiscard]] std::string open_for() const {
        std::string open;
        for (auto const& [user, database] : {std::pair("stays", "old"), {"comes", "new"}}) {
            auto endpoint = server_.root(database);
            endpoint.user = user;
            endpoint.password = "pw";
            if (mysql::Connection::open(context(), endpoint).ok()) open += database;
        }
        return open;
    }
    [[nodiscard]] std::string rows(std::string const& database) const {
        return server_.scalar("SELECT GROUP_CONCAT(id, ':', body ORDER BY id) FROM " + database +
                              ".posts");
    }

    DatabaseServer server_ = must(DatabaseServer::start({}));
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
};

TEST_F(SameServerTest, MovesAndComesBackWithWhatWasWrittenThere) {
    auto process = must(AipressProcess::start(move()));
    wait_for("reversing", process);
    EXPECT_EQ(open_for(), "new");
    server_.execute("INSERT INTO new.posts (body) VALUES ('after the switch')");
    auto const rolled_back =
        must(testing::run_aipress(context(), {"database", "rollback", "--journal", journal()}));
    EXPECT_EQ(rolled_back.status.code, 0) << rolled_back.describe();
    EXPECT_EQ(must(process.wait(context())).status.code, 0) << process.error();
    EXPECT_EQ(open_for(), "old");
    EXPECT_EQ(rows("old"), rows("new"));
    EXPECT_THAT(rows("old"), HasSubstr("after the switch"));
    EXPECT_EQ(server_.scalar("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = "
                             "'aipress_mover'"),
              "0");
}

TEST_F(SameServerTest, KilledBehindTheSwitchItGoesOn) {
    {
        auto process = must(AipressProcess::start(move()));
        wait_for("reversing", process);
        process.kill();
    }
    server_.execute("INSERT INTO new.posts (body) VALUES ('while nobody looked')");
    auto process = must(AipressProcess::start(move()));
    wait_for("reversing", process);
    auto const rolled_back =
        must(testing::run_aipress(context(), {"database", "rollback", "--journal", journal()}));
    EXPECT_EQ(rolled_back.status.code, 0) << rolled_back.describe();
    EXPECT_THAT(rows("old"), HasSubstr("while nobody looked"));
    EXPECT_EQ(rows("old"), rows("new"));
}

TEST_F(SameServerTest, OneAccountForBothIsRefusedAndStaysOpen) {
    server_.execute("GRANT ALL ON new.* TO stays@'%'");
    auto const result = must(testing::run_aipress(context(), move()));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.output, HasSubstr("account-on-both-sides"));
    EXPECT_EQ(open_for(), "oldnew");
}

}  // namespace
}  // namespace aipress::functional

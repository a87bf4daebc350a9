// SIGKILL of the mover before and after every journal write and every side effect, forward and
// back; then the same command again, as an operator or a supervisor would. A visitor writes all
// the while to whichever side lets it in, and keeps a ledger of what was acknowledged.
//
// Which points there are is found out by undisturbed runs. AIPRESS_TEST_POINT=name replays one.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>

#include "testing/aipress_process.h"
#include "testing/database_server.h"
#include "testing/dump_oracle.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using testing::DatabaseServer;
using testing::must;
using testing::OracleScope;
using testing::TemporaryDirectory;

constexpr milliseconds kStepTimeout{60'000};
constexpr milliseconds kStatusInterval{20};

SystemClock& clock() {
    static SystemClock instance;
    return instance;
}

Context context() {
    return {clock(), Deadline::after(clock(), kStepTimeout), {}};
}

enum class Ending { Finalize, Rollback, Abort };

struct Servers {
    DatabaseServer source;
    DatabaseServer target;
};

// Inserts one number after another under the tenant's account, where it is let in.
class Visitor {
public:
    Visitor(Servers& servers, std::string database, std::string user)
        : servers_(servers), database_(std::move(database)), user_(std::move(user)) {
        thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
    }

    std::vector<int> stop() {
        thread_.request_stop();
        thread_.join();
        return acknowledged_;
    }

private:
    void run(std::stop_token const& stop) {
        Context const patient(clock(), Deadline::never(), stop);
        bool at_source = true;
        int next = 1;
        while (!stop.stop_requested()) {
            auto endpoint = (at_source ? servers_.source : servers_.target).root(database_);
            endpoint.user = user_;
            endpoint.password = "pw";
            auto session = mysql::Connection::open(patient, endpoint);
            while (session.ok() && !stop.stop_requested()) {
                // A failed number is given up: it may or may not have been stored. Not given up for
                // a stop: the server would still be at it when the tables are looked at.
                int const number = next++;
                auto const stored = session->execute(
                    context(), "INSERT INTO ledger VALUES (" + std::to_string(number) + ")");
                if (!stored.ok()) break;
                acknowledged_.push_back(number);
                patient.sleep(milliseconds(3));
            }
            at_source = !at_source;
            patient.sleep(milliseconds(3));
        }
    }

    Servers& servers_;
    std::string database_;
    std::string user_;
    std::vector<int> acknowledged_;
    std::jthread thread_;
};

void make_tenant(Servers& servers, std::string const& database, std::string const& user) {
    for (auto* server : {&servers.source, &servers.target}) {
        server->execute("CREATE USER " + user + "@'%' IDENTIFIED BY 'pw'");
        server->execute("GRANT ALL ON " + database + ".* TO " + user + "@'%'");
    }
    servers.source.execute("CREATE DATABASE " + database);
    auto session = servers.source.connect_root(database);
    for (auto const* sql :
         {"CREATE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(80), body TEXT, "
          "UNIQUE KEY t (title), KEY b (body(10)))",
          "INSERT INTO posts (title, body) SELECT seq, REPEAT(seq, 20) FROM seq_1_to_300",
          "CREATE TABLE keyless (a INT, b TEXT)",
          "INSERT INTO keyless SELECT seq, 'text' FROM seq_1_to_50",
          "CREATE TABLE parent (id INT PRIMARY KEY) ENGINE=InnoDB",
          "CREATE TABLE child (id INT PRIMARY KEY, parent_id INT, FOREIGN KEY (parent_id) "
          "REFERENCES parent (id) ON DELETE CASCADE) ENGINE=InnoDB",
          "INSERT INTO parent SELECT seq FROM seq_1_to_40",
          "INSERT INTO child SELECT seq, seq FROM seq_1_to_40",
          "CREATE TABLE ledger (n INT PRIMARY KEY)", "CREATE TABLE counted (n INT PRIMARY KEY)",
          "CREATE TRIGGER counts AFTER INSERT ON ledger FOR EACH ROW "
          "INSERT INTO counted VALUES (NEW.n)",
          "CREATE VIEW titles AS SELECT title FROM posts"}) {
        must(session.execute(context(), sql));
    }
    must(session.execute(context(), "CREATE DEFINER=" + user +
                                        "@'%' EVENT nightly ON SCHEDULE EVERY 1 DAY DO "
                                        "DELETE FROM keyless WHERE a < 0"));
}

class Scenario {
public:
    Scenario(Servers& servers, Ending ending, int number)
        : servers_(servers),
          ending_(ending),
          database_("kill" + std::to_string(number)),
          user_("u" + std::to_string(number)),
          folder_(must(TemporaryDirectory::make())) {}

    // The names of the points passed, in order.
    std::vector<std::string> trace() {
        auto const file = (folder_ / "points").string();
        run({{"AIPRESS_TRACE_POINTS", file}}, false);
        std::ifstream lines(file);
        std::vector<std::string> points;
        for (std::string line; std::getline(lines, line);) points.push_back(line);
        return points;
    }

    void run_killed_at(std::string const& point) { run({{"AIPRESS_KILL_AT", point}}, true); }

private:
    void run(testing::Environment const& environment, bool must_die) {
        make_tenant(servers_, database_, user_);
        Visitor visitor(servers_, database_, user_);
        move_ = must(AipressProcess::start(move_arguments(), environment));
        if (!wait_for_rest()) {
            restarted_ = must(AipressProcess::start(move_arguments()));
            ASSERT_TRUE(wait_for_rest()) << restarted_->error();
        }
        // When the process that had been asked is dead, the command carries it out itself.
        if (!end_it()) {
            ASSERT_TRUE(end_it()) << last_answer_;
        }
        auto const first = must(move_->wait(context()));
        EXPECT_EQ(first.status.signal == SIGKILL, must_die) << first.describe();
        check(visitor);
    }

    testing::Arguments move_arguments() const {
        return {"database",  "move",
                "--source",  servers_.source.root_url(database_),
                "--target",  servers_.target.root_url(database_),
                "--journal", journal(),
                "--switch",  ending_ == Ending::Abort ? "manual" : "now",
                "--workers", "2",
                "--quiet"};
    }

    AipressProcess& running() { return restarted_ ? *restarted_ : *move_; }

    // Until the move stays where it is. False: the process has ended.
    bool wait_for_rest() {
        std::string const wanted = ending_ == Ending::Abort ? "standby" : "reversing";
        auto const limit = context();
        while (limit.sleep(kStatusInterval)) {
            if (!running().running()) return false;
            auto const status = must(testing::run_aipress(
                limit, {"database", "status", "--journal", journal(), "--format", "json"}));
            auto const json = status.json();
            if (json.ok() && json.value().at("state").as_string() == wanted) return true;
        }
        ADD_FAILURE() << "never came to rest: " << running().error();
        return false;
    }

    bool end_it() {
        testing::Arguments verb{"database",  ending_ == Ending::Finalize ? "finalize" : "rollback",
                                "--journal", journal(),
                                "--source",  servers_.source.root_url(database_),
                                "--target",  servers_.target.root_url(database_),
                                "--quiet"};
        if (ending_ == Ending::Finalize) verb.insert(verb.end(), {"--confirm", database_});
        auto const answer = must(testing::run_aipress(context(), verb));
        last_answer_ = answer.describe();
        if (answer.status.success()) return true;
        // Killed behind the last record: the move is over all the same.
        auto const status = must(testing::run_aipress(
            context(), {"database", "status", "--journal", journal(), "--format", "json"}));
        auto const json = status.json();
        if (!json.ok()) return false;
        (void)running().wait(context());
        return json.value().at("state").as_string() == terminal();
    }

    std::string terminal() const {
        return ending_ == Ending::Finalize   ? "finalized"
               : ending_ == Ending::Rollback ? "rolled_back"
                                             : "aborted";
    }

    void check(Visitor& visitor) {
        bool const on_target = ending_ == Ending::Finalize;
        auto& owner = on_target ? servers_.target : servers_.source;
        auto& other = on_target ? servers_.source : servers_.target;
        EXPECT_TRUE(can_write(owner));
        EXPECT_FALSE(can_write(other));
        auto const acknowledged = visitor.stop();
        EXPECT_FALSE(acknowledged.empty());
        auto session = owner.connect_root(database_);
        // One snapshot: statements that the mover killed may still be at their end.
        must(session.execute(context(), "START TRANSACTION WITH CONSISTENT SNAPSHOT"));
        auto const rows = must(session.query(context(), "SELECT n FROM ledger"));
        auto const counted = must(session.query(context(), "SELECT COUNT(*) FROM counted"));
        must(session.execute(context(), "ROLLBACK"));
        std::set<std::string> stored;
        for (auto const& row : rows.rows) stored.insert(*row[0]);
        for (int const number : acknowledged) {
            EXPECT_TRUE(stored.contains(std::to_string(number))) << number << " was lost";
        }
        // The trigger fired once for each row: not again on the side that only receives.
        EXPECT_EQ(counted.scalar(), std::to_string(rows.rows.size()));
        EXPECT_EQ(owner.scalar("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE "
                               "TRIGGER_SCHEMA='" +
                               database_ + "'"),
                  "1");
        // Still the tenant's own: an event of the mover's account would run with its rights.
        EXPECT_EQ(owner.scalar("SELECT CONCAT(STATUS, ' ', DEFINER) FROM "
                               "information_schema.EVENTS WHERE EVENT_SCHEMA='" +
                               database_ + "'"),
                  "ENABLED " + user_ + "@%");
        for (auto* server : {&servers_.source, &servers_.target}) {
            EXPECT_EQ(server->scalar("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE "
                                     "SCHEMA_NAME='aipress_mover'"),
                      "0");
        }
        if (ending_ != Ending::Abort) {
            check_passive_side(owner, other);
        } else {
            EXPECT_EQ(other.scalar("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE "
                                   "SCHEMA_NAME='" +
                                   database_ + "'"),
                      "0");
        }
    }

    // The visitor went on at the owner, and only ever adds rows: the passive side holds nothing
    // that the owner does not, and lacks nothing but such rows.
    void check_passive_side(DatabaseServer const& owner, DatabaseServer const& other) {
        auto const serving =
            must(testing::read_image(context(), owner.root(database_), OracleScope::RowsAndSchema));
        auto const passive =
            must(testing::read_image(context(), other.root(database_), OracleScope::RowsAndSchema));
        auto const verdict = testing::compare_images(serving, passive);
        EXPECT_THAT(verdict.only_second, ::testing::IsEmpty()) << verdict.describe();
        auto const without_added_rows = [](testing::DatabaseImage image) {
            std::erase_if(image.lines, [](std::string const& line) {
                return line.starts_with("INSERT INTO `ledger`") ||
                       line.starts_with("INSERT INTO `counted`") ||
                       line.starts_with("INSERT INTO `posts`");
            });
            return image;
        };
        auto const rest =
            testing::compare_images(without_added_rows(serving), without_added_rows(passive));
        EXPECT_TRUE(rest.equal()) << rest.describe();
        EXPECT_GT(passive.rows, 400U);
    }

    bool can_write(DatabaseServer const& server) {
        auto endpoint = server.root(database_);
        endpoint.user = user_;
        endpoint.password = "pw";
        auto session = mysql::Connection::open(context(), endpoint);
        return session.ok() &&
               session->execute(context(), "INSERT INTO posts (body) VALUES ('x')").ok();
    }

    std::string journal() const { return (folder_ / "journal").string(); }

    Servers& servers_;
    Ending ending_;
    std::string database_;
    std::string user_;
    TemporaryDirectory folder_;
    std::optional<AipressProcess> move_;  // the one that is to die
    std::optional<AipressProcess> restarted_;
    std::string last_answer_;
};

TEST(KillAnywhereTest, EveryPointForwardAndBack) {
    Servers servers{must(DatabaseServer::start({.server_id = 1})),
                    must(DatabaseServer::start({.server_id = 2}))};
    int number = 0;
    std::set<std::string> tried;
    auto const* const only = std::getenv("AIPRESS_TEST_POINT");
    // A rollback passes all points of the way forward too; the others add their own.
    for (auto const ending : {Ending::Rollback, Ending::Finalize, Ending::Abort}) {
        auto const points = Scenario(servers, ending, ++number).trace();
        ASSERT_FALSE(points.empty());
        ASSERT_FALSE(HasFailure()) << "without a kill";
        std::size_t killed = 0;
        for (auto const& point : points) {
            if (!tried.insert(point).second) continue;
            if (only != nullptr && point != only) continue;
            SCOPED_TRACE("AIPRESS_TEST_POINT=" + point);
            Scenario(servers, ending, ++number).run_killed_at(point);
            ++killed;
            if (HasFailure()) FAIL() << "at " << point;
        }
        std::cout << killed << " points killed\n";
    }
    EXPECT_TRUE(only != nullptr || tried.size() >= 40) << tried.size();
}

}  // namespace
}  // namespace aipress::functional

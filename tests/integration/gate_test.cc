// The gate against real servers, under clients that never give up.
#include "mover/gate.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <map>
#include <mutex>
#include <thread>

#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "tests/integration/memory_effect_log.h"

namespace aipress::mover {
namespace {

constexpr char const* kEventColumns =
    "SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER, TIME_ZONE, EVENT_BODY, EVENT_DEFINITION,"
    " EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, SQL_MODE, STARTS, ENDS,"
    " STATUS, ON_COMPLETION, CREATED, EVENT_COMMENT, ORIGINATOR, CHARACTER_SET_CLIENT,"
    " COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.EVENTS";

using testing::DatabaseServer;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using testing::ServerKind;

constexpr milliseconds kPatience{60'000};

SystemClock& test_clock() {
    static SystemClock clock;
    return clock;
}

Context test_context(milliseconds timeout = kPatience) {
    return {test_clock(), Deadline::after(test_clock(), timeout), std::stop_token()};
}

// Waits for what the server does by itself, such as an event's next run.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition) {
    auto const context = test_context();
    while (!condition()) {
        if (!context.sleep(milliseconds(20))) return false;
    }
    return true;
}

struct Crash {
    std::string point;
};

// Leaves at the n-th point it is told of, as a killed process would, by an exception.
class CrashingProbe final : public Probe {
public:
    explicit CrashingProbe(std::size_t crash_at) : crash_at_(crash_at) {}
    void at(std::string_view point) override {
        if (passed_++ == crash_at_) throw Crash{std::string(point)};
    }
    [[nodiscard]] std::size_t passed() const { return passed_; }

private:
    std::size_t crash_at_;
    std::size_t passed_ = 0;
};

// Writes rows as the tenant, in a loop, and logs in again whenever it is thrown out.
class Client {
public:
    Client(mysql::Endpoint endpoint, std::string name)
        : endpoint_(std::move(endpoint)),
          name_(std::move(name)),
          thread_([this](std::stop_token stop) { run(stop); }) {}

    void await_more_writes(unsigned more) { await(writes_, more); }
    void await_more_refusals(unsigned more) { await(refusals_, more); }

private:
    void await(unsigned const& counter, unsigned more) {
        std::unique_lock lock(mutex_);
        unsigned const enough = counter + more;
        bool const reached = changed_.wait_for(lock, kPatience, [&] { return counter >= enough; });
        EXPECT_TRUE(reached) << name_ << " still has " << counter << " of " << enough;
    }
    void count(unsigned& counter) {
        std::lock_guard const lock(mutex_);
        ++counter;
        changed_.notify_all();
    }
    void run(std::stop_token const& stop) {
        auto const context = test_context(milliseconds(600'000)).stopped_by(stop);
        while (!stop.stop_requested()) {
            auto connection = mysql::Connection::open(context, endpoint_);
            auto const insert = fmt::format("INSERT INTO t (who) VALUES ('{}')", name_);
            while (connection.ok() && connection->execute(context, insert).ok()) count(writes_);
            count(refusals_);
        }
    }

    mysql::Endpoint endpoint_;
    std::string name_;
    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned writes_ = 0;
    unsigned refusals_ = 0;
    std::jthread thread_;
};

class GateTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = new DatabaseServer(must(DatabaseServer::start(
            {.settings = {"event_scheduler=ON", "max_connect_errors=1000000"}})));
    }
    static void TearDownTestSuite() {
        delete server_;
        server_ = nullptr;
    }

    void SetUp() override {
        for (auto const* sql : {
                 "DROP DATABASE IF EXISTS wp",
                 "DROP DATABASE IF EXISTS elsewhere",
                 "DROP USER IF EXISTS wp, cron, locked, neighbour",
                 "CREATE DATABASE wp",
                 "CREATE DATABASE elsewhere",
                 "CREATE TABLE wp.t (id INT AUTO_INCREMENT PRIMARY KEY, who VARCHAR(40))",
                 "CREATE TABLE elsewhere.tick (id INT AUTO_INCREMENT PRIMARY KEY)",
                 "CREATE USER wp IDENTIFIED BY 'secret' WITH MAX_USER_CONNECTIONS 100",
                 "CREATE USER cron IDENTIFIED BY 'secret'",
                 "CREATE USER locked IDENTIFIED BY 'secret' ACCOUNT LOCK",
                 "CREATE USER neighbour IDENTIFIED BY 'secret'",
                 "GRANT ALL ON wp.* TO wp, cron, locked",
                 "GRANT ALL ON elsewhere.* TO neighbour, wp",
             }) {
            server().execute(sql);
        }
    }

    static DatabaseServer& server() { return *server_; }
    static mysql::Endpoint as(std::string const& user, std::string const& database = "wp") {
        auto endpoint = server().root(database);
        endpoint.user = user;
        endpoint.password = "secret";
        return endpoint;
    }
    static std::vector<Account> accounts() { return {{"wp", "%"}, {"cron", "%"}, {"locked", "%"}}; }
    Gate gate() { return {Side::Source, "wp", accounts(), log_, no_probe_}; }

    static std::string rows() { return server().scalar("SELECT COUNT(*) FROM wp.t"); }
    // The server's own clock for "an event had every chance to run".
    static bool tick_twice() {
        auto const before = std::stoi(server().scalar("SELECT COUNT(*) FROM elsewhere.tick"));
        return eventually([&] {
            return std::stoi(server().scalar("SELECT COUNT(*) FROM elsewhere.tick")) >= before + 2;
        });
    }

    // All that open() has to bring back.
    static std::string state() {
        std::string text;
        auto connection = server().connect_root();
        for (auto const* sql :
             {"SHOW CREATE USER wp", "SHOW CREATE USER cron", "SHOW CREATE USER locked",
              "SHOW GRANTS FOR wp", "SHOW GRANTS FOR cron", kEventColumns}) {
            auto const result = must(connection.query(test_context(), sql));
            for (auto const& row : result.rows) {
                for (auto const& value : row) text += value.value_or("NULL") + " | ";
                text += '\n';
            }
        }
        return text;
    }

    static void make_events() {
        auto connection = server().connect_root("wp");
        for (auto const* sql : {
                 "CREATE DEFINER=root@localhost EVENT wp.by_root ON SCHEDULE EVERY 1 SECOND DO "
                 "INSERT INTO wp.t (who) VALUES ('by_root')",
                 "SET NAMES latin1 COLLATE latin1_german1_ci",
                 "SET sql_mode = 'ANSI_QUOTES'",
                 "CREATE DEFINER=wp EVENT wp.by_wp ON SCHEDULE EVERY 1 SECOND COMMENT 'keep' DO "
                 "INSERT INTO wp.t (who) VALUES ('by_wp')",
                 "CREATE DEFINER=wp EVENT wp.asleep ON SCHEDULE EVERY 1 HOUR DISABLE DO "
                 "INSERT INTO wp.t (who) VALUES ('asleep')",
                 "CREATE DEFINER=wp EVENT wp.gr\xf6\xdf"
                 "e ON SCHEDULE EVERY 1 HOUR ON COMPLETION "
                 "PRESERVE DO INSERT INTO wp.t (who) VALUES ('gr\xf6\xdf"
                 "e')",
                 "SET NAMES binary",
                 "CREATE DEFINER=wp EVENT elsewhere.by_wp ON SCHEDULE EVERY 1 SECOND DO "
                 "INSERT INTO wp.t (who) VALUES ('from elsewhere')",
                 "GRANT EVENT ON elsewhere.* TO wp",
                 "CREATE DEFINER=root@localhost EVENT elsewhere.tick ON SCHEDULE EVERY 1 SECOND "
                 "DO INSERT INTO elsewhere.tick VALUES (NULL)",
             }) {
            must(connection.execute(test_context(), sql));
        }
    }

    MemoryEffectLog log_;
    NoProbe no_probe_;

private:
    static inline DatabaseServer* server_ = nullptr;
};

TEST_F(GateTest, NothingIsWrittenBehindAClosedGateAndAllIsAsBeforeAfterwards) {
    make_events();
    auto const before = state();
    auto admin = server().connect_root();
    auto uncommitted = must(mysql::Connection::open(test_context(), as("cron")));
    must(uncommitted.execute(test_context(), "START TRANSACTION"));
    must(uncommitted.execute(test_context(), "INSERT INTO t (who) VALUES ('uncommitted')"));
    auto neighbour = must(mysql::Connection::open(test_context(), as("neighbour", "elsewhere")));
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<Client>(as("wp"), fmt::format("client {}", i)));
    }
    for (auto& client : clients) client->await_more_writes(5);

    auto fence = gate();
    auto const closed = fence.close(test_context(), admin);
    auto const rows_then = rows();
    ASSERT_THAT(closed, IsOk());
    EXPECT_GE(closed->sessions_killed, 1u);
    EXPECT_THAT(fence.check_closed(test_context(), admin), IsOk());
    for (auto& client : clients) client->await_more_refusals(20);
    ASSERT_TRUE(tick_twice());
    EXPECT_EQ(rows(), rows_then);
    EXPECT_THAT(fence.check_closed(test_context(), admin), IsOk());
    EXPECT_THAT(uncommitted.execute(test_context(), "COMMIT"), HasCode(ErrorCode::Unavailable));
    EXPECT_EQ(server().scalar("SELECT COUNT(*) FROM wp.t WHERE who = 'uncommitted'"), "0");
    EXPECT_THAT(neighbour.execute(test_context(), "INSERT INTO tick VALUES (NULL)"), IsOk());

    ASSERT_THAT(fence.open(test_context(), admin), IsOk());
    EXPECT_EQ(state(), before);
    for (auto& client : clients) client->await_more_writes(5);
    for (auto const* who : {"by_root", "by_wp", "from elsewhere"}) {
        auto const count = fmt::format("SELECT COUNT(*) FROM wp.t WHERE who = '{}'", who);
        auto const at_opening = std::stoi(server().scalar(count));
        EXPECT_TRUE(eventually([&] { return std::stoi(server().scalar(count)) > at_opening; }))
            << who;
    }
}

TEST_F(GateTest, ARunningEventIsEnded) {
    server().execute(
        "CREATE EVENT wp.slow ON SCHEDULE EVERY 1 HOUR DO BEGIN "
        "INSERT INTO wp.t (who) VALUES ('began'); DO SLEEP(600); "
        "INSERT INTO wp.t (who) VALUES ('ended'); END");
    ASSERT_TRUE(eventually([] { return rows() == "1"; }));
    auto admin = server().connect_root();
    auto fence = gate();
    EXPECT_THAT(fence.close(test_context(), admin), IsOk());
    EXPECT_EQ(
        server().scalar("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = 'wp'"),
        "0");
    EXPECT_EQ(rows(), "1");
    EXPECT_THAT(fence.open(test_context(), admin), IsOk());
}

TEST_F(GateTest, ClosingAgainAndOpeningAgainAreHarmless) {
    make_events();
    auto const before = state();
    auto admin = server().connect_root();
    auto fence = gate();
    ASSERT_THAT(fence.close(test_context(), admin), IsOk());
    auto const closed = state();
    EXPECT_NE(closed, before);
    EXPECT_THAT(fence.close(test_context(), admin), IsOk());
    EXPECT_EQ(state(), closed);
    EXPECT_THAT(fence.open(test_context(), admin), IsOk());
    EXPECT_EQ(state(), before);
    EXPECT_THAT(fence.open(test_context(), admin), IsOk());
    EXPECT_EQ(state(), before);
}

TEST_F(GateTest, AccountLockedBeforeStaysLocked) {
    auto admin = server().connect_root();
    auto fence = gate();
    ASSERT_THAT(fence.close(test_context(), admin), IsOk());
    ASSERT_THAT(fence.open(test_context(), admin), IsOk());
    EXPECT_THAT(mysql::Connection::open(test_context(), as("locked")),
                HasCode(ErrorCode::Unauthenticated));
    EXPECT_THAT(mysql::Connection::open(test_context(), as("wp")), IsOk());
}

// Killed anywhere while closing, another process finds the log and opens; killed while opening,
// another one goes on opening.
TEST_F(GateTest, ACrashAtAnyPointIsUndoneByAFreshGate) {
    make_events();
    auto const before = state();
    auto admin = server().connect_root();
    std::size_t points = 0;
    for (std::size_t crash_at = 0;; ++crash_at) {
        CrashingProbe probe(crash_at);
        MemoryEffectLog log;
        try {
            Gate closing(Side::Source, "wp", accounts(), log, probe);
            ASSERT_THAT(closing.close(test_context(), admin), IsOk());
            ASSERT_THAT(closing.open(test_context(), admin), IsOk());
            points = probe.passed();
            break;
        } catch (Crash const& crash) {
            SCOPED_TRACE(fmt::format("crashed at {} ({})", crash.point, crash_at));
            Gate fresh(Side::Source, "wp", accounts(), log, no_probe_);
            ASSERT_THAT(fresh.open(test_context(), admin), IsOk());
            ASSERT_EQ(state(), before);
            ASSERT_TRUE(log.outstanding(Side::Source, "fence").empty());
        }
    }
    // 4 events and 2 accounts, before and after, done and undone; the sessions once.
    EXPECT_EQ(points, 6u * 4 + 2);
}

TEST_F(GateTest, ClosingGoesOnAfterACrash) {
    make_events();
    auto const before = state();
    auto admin = server().connect_root();
    CrashingProbe probe(9);  // behind the events, within the accounts
    try {
        Gate crashing(Side::Source, "wp", accounts(), log_, probe);
        (void)crashing.close(test_context(), admin);
        FAIL() << "did not crash";
    } catch (Crash const& crash) {
        EXPECT_EQ(crash.point, "lock-account.after");
    }
    auto fresh = gate();
    EXPECT_THAT(fresh.check_closed(test_context(), admin), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(fresh.close(test_context(), admin), IsOk());
    EXPECT_THAT(fresh.check_closed(test_context(), admin), IsOk());
    EXPECT_THAT(fresh.open(test_context(), admin), IsOk());
    EXPECT_EQ(state(), before);
}

TEST_F(GateTest, WhatWasDroppedMeanwhileDoesNotKeepTheGateShut) {
    make_events();
    auto admin = server().connect_root();
    auto fence = gate();
    ASSERT_THAT(fence.close(test_context(), admin), IsOk());
    server().execute("DROP USER cron");
    server().execute("DROP EVENT wp.by_wp");
    EXPECT_THAT(fence.check_closed(test_context(), admin), IsOk());
    EXPECT_THAT(fence.open(test_context(), admin), IsOk());
    EXPECT_EQ(server().scalar("SELECT COUNT(*) FROM mysql.user WHERE User = 'cron'"), "0");
    EXPECT_THAT(mysql::Connection::open(test_context(), as("wp")), IsOk());
}

TEST_F(GateTest, CheckNamesWhatIsOpen) {
    server().execute("CREATE EVENT wp.tidy ON SCHEDULE EVERY 1 HOUR DO SET @a = 1");
    auto admin = server().connect_root();
    auto fence = gate();
    auto const check = [&] { return fence.check_closed(test_context(), admin); };
    EXPECT_THAT(check(), HasError(ErrorCode::FailedPrecondition, HasSubstr("`wp`.`tidy`")));
    auto session = must(mysql::Connection::open(test_context(), as("wp")));
    ASSERT_THAT(fence.close(test_context(), admin), IsOk());
    ASSERT_THAT(check(), IsOk());
    server().execute("ALTER USER cron ACCOUNT UNLOCK");
    EXPECT_THAT(check(), HasError(ErrorCode::FailedPrecondition,
                                  HasSubstr("account 'cron'@'%' is not locked")));
    auto intruder = must(mysql::Connection::open(test_context(), as("cron")));
    server().execute("ALTER USER cron ACCOUNT LOCK");
    EXPECT_THAT(check(),
                HasError(ErrorCode::FailedPrecondition,
                         HasSubstr(fmt::format("session {} (cron@", intruder.thread_id()))));
    EXPECT_THAT(fence.open(test_context(), admin), IsOk());
}

TEST_F(GateTest, TheMoversOwnAccountIsRefusedBeforeAnythingHappens) {
    auto const before = state();
    auto admin = server().connect_root();
    auto const own = server().scalar("SELECT CURRENT_USER()");
    auto const at = own.rfind('@');
    Gate fence(Side::Source, "wp", {{"wp", "%"}, {own.substr(0, at), own.substr(at + 1)}}, log_,
               no_probe_);
    EXPECT_THAT(fence.close(test_context(), admin), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_EQ(state(), before);
    EXPECT_TRUE(log_.outstanding(Side::Source, "fence").empty());
}

TEST_F(GateTest, PastItsBudgetItSaysSoAndCanBeOpened) {
    make_events();
    auto const before = state();
    auto admin = server().connect_root();
    auto fence = gate();
    EXPECT_THAT(fence.close(test_context(milliseconds(3)), admin),
                HasCode(ErrorCode::DeadlineExceeded));
    auto again = server().connect_root();
    EXPECT_THAT(fence.open(test_context(), again), IsOk());
    EXPECT_EQ(state(), before);
}

TEST_F(GateTest, OddAccountNames) {
    server().execute("CREATE OR REPLACE USER 'it''s `a` %'@'10.0.\\_.%', ''@'db_.example.com'");
    std::vector<Account> const odd{{"it's `a` %", "10.0.\\_.%"}, {"", "db_.example.com"}};
    auto const is_locked = [](std::string const& quoted) {
        auto connection = server().connect_root();
        return must(connection.query(test_context(), "SHOW CREATE USER " + quoted))
            .scalar()
            .value()
            .ends_with("ACCOUNT LOCK");
    };
    auto admin = server().connect_root();
    Gate fence(Side::Source, "wp", odd, log_, no_probe_);
    ASSERT_THAT(fence.close(test_context(), admin), IsOk());
    for (auto const& account : odd) EXPECT_TRUE(is_locked(account.quoted())) << account.quoted();
    ASSERT_THAT(fence.open(test_context(), admin), IsOk());
    for (auto const& account : odd) EXPECT_FALSE(is_locked(account.quoted())) << account.quoted();
    server().execute("DROP USER 'it''s `a` %'@'10.0.\\_.%', ''@'db_.example.com'");
}

// While a routine runs with its definer's rights, the process list shows the definer's name.
TEST_F(GateTest, ASessionInsideADefinersRoutineIsWaitedForAndEnded) {
    server().execute(
        "CREATE DEFINER = root@'%' PROCEDURE wp.slowly() BEGIN"
        " SELECT GET_LOCK('gate_test', 60); INSERT INTO wp.t (who) VALUES ('slow'); END");
    auto holder = server().connect_root();
    must(holder.query(test_context(), "SELECT GET_LOCK('gate_test', 0)"));
    auto caller = must(mysql::Connection::open(test_context(), as("wp")));
    auto const id = caller.thread_id();
    std::jthread calling([&] { (void)caller.query(test_context(), "CALL slowly()"); });
    auto admin = server().connect_root();
    ASSERT_TRUE(eventually([&] {
        auto const shown = must(
            admin.query(test_context(),
                        fmt::format("SELECT USER FROM information_schema.PROCESSLIST WHERE ID = {}"
                                    " AND STATE = 'User lock'",
                                    id)));
        return shown.scalar() == "root";
    }));

    auto fence = gate();
    auto const early = fence.close(test_context(milliseconds(1'000)), admin);
    EXPECT_THAT(early, HasError(ErrorCode::DeadlineExceeded,
                                HasSubstr(fmt::format("session {} (root@%:", id))));
    must(holder.query(test_context(), "SELECT RELEASE_LOCK('gate_test')"));
    auto again = server().connect_root();
    ASSERT_THAT(fence.close(test_context(), again), IsOk());
    calling.join();
    EXPECT_FALSE(caller.execute(test_context(), "INSERT INTO t (who) VALUES ('late')").ok());
    ASSERT_THAT(fence.open(test_context(), again), IsOk());
    server().execute("DROP PROCEDURE wp.slowly");
}

TEST_F(GateTest, TableLocksHoldOffWritersAndGiveUpInTime) {
    auto belt = server().connect_root("wp");
    auto writer = must(mysql::Connection::open(test_context(), as("wp")));
    must(writer.execute(test_context(), "START TRANSACTION"));
    must(writer.execute(test_context(), "INSERT INTO t (who) VALUES ('open')"));
    EXPECT_THAT(lock_tables_read(test_context(milliseconds(1'500)), belt, {"t"}),
                HasCode(ErrorCode::DeadlineExceeded));
    EXPECT_TRUE(belt.usable());  // the server's own limit came first
    must(writer.execute(test_context(), "COMMIT"));

    EXPECT_THAT(lock_tables_read(test_context(), belt, {"t"}), IsOk());
    EXPECT_EQ(must(belt.query(test_context(), "SELECT COUNT(*) FROM t")).scalar(), "1");
    must(writer.execute(test_context(), "SET SESSION lock_wait_timeout = 1"));
    EXPECT_THAT(writer.execute(test_context(), "INSERT INTO t (who) VALUES ('late')"),
                HasCode(ErrorCode::DeadlineExceeded));
    EXPECT_THAT(unlock_tables(test_context(), belt), IsOk());
    EXPECT_THAT(writer.execute(test_context(), "INSERT INTO t (who) VALUES ('after')"), IsOk());
    EXPECT_EQ(must(belt.query(test_context(),
                              "SELECT @@lock_wait_timeout = "
                              "@@GLOBAL.lock_wait_timeout"))
                  .scalar(),
              "1");
    EXPECT_THAT(lock_tables_read(test_context(), belt, {}), IsOk());
}

// MySQL 5.6 has no ACCOUNT LOCK.
class OldServerGateTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto started = DatabaseServer::start(
            {.kind = ServerKind::MySql56, .settings = {"event_scheduler=ON"}});
        if (!started.ok() && started.error().code() == ErrorCode::NotFound) {
            GTEST_SKIP() << started.error().message();
        }
        server_ = std::make_unique<DatabaseServer>(must(std::move(started)));
        for (auto const* sql : {
                 "CREATE DATABASE wp",
                 "CREATE DATABASE elsewhere",
                 "CREATE TABLE wp.t (id INT AUTO_INCREMENT PRIMARY KEY, who VARCHAR(40))",
                 "CREATE TABLE elsewhere.t (id INT AUTO_INCREMENT PRIMARY KEY)",
                 "CREATE USER wp IDENTIFIED BY 'secret'",
                 "GRANT ALL ON wp.* TO wp WITH GRANT OPTION",
                 "GRANT SELECT (id), INSERT ON wp.t TO wp",
                 "GRANT ALL ON elsewhere.* TO wp",
                 "CREATE EVENT wp.tidy ON SCHEDULE EVERY 1 HOUR DO SET @a = 1",
             }) {
            server_->execute(sql);
        }
    }
    [[nodiscard]] mysql::Endpoint as_tenant(std::string const& database) const {
        auto endpoint = server_->root(database);
        endpoint.user = "wp";
        endpoint.password = "secret";
        return endpoint;
    }
    [[nodiscard]] std::vector<std::string> grants() const {
        auto connection = server_->connect_root();
        std::vector<std::string> lines;
        for (auto const& row : must(connection.query(test_context(), "SHOW GRANTS FOR wp")).rows) {
            lines.push_back(row[0].value());
        }
        std::sort(lines.begin(), lines.end());
        return lines;
    }

    std::unique_ptr<DatabaseServer> server_;
    MemoryEffectLog log_;
    NoProbe no_probe_;
};

TEST_F(OldServerGateTest, GrantsAreTakenAwayAndGivenBack) {
    auto const before = grants();
    auto admin = server_->connect_root();
    Client client(as_tenant("wp"), "client");
    client.await_more_writes(5);
    Gate fence(Side::Source, "wp", {{"wp", "%"}}, log_, no_probe_);
    ASSERT_THAT(fence.close(test_context(), admin), IsOk());
    auto belt = std::make_unique<mysql::Connection>(server_->connect_root("wp"));
    ASSERT_THAT(shut_tables(test_context(), *belt, {"t"}), IsOk());
    auto const rows_then = server_->scalar("SELECT COUNT(*) FROM wp.t");
    EXPECT_THAT(fence.check_closed(test_context(), admin), IsOk());
    client.await_more_refusals(20);
    // It can log in elsewhere, and do nothing here: the gate stays closed nevertheless.
    auto inside = must(mysql::Connection::open(test_context(), as_tenant("elsewhere")));
    EXPECT_THAT(inside.execute(test_context(), "INSERT INTO wp.t (who) VALUES ('sneaky')"),
                HasCode(ErrorCode::PermissionDenied));
    EXPECT_THAT(inside.execute(test_context(), "INSERT INTO t VALUES (NULL)"), IsOk());
    EXPECT_THAT(fence.check_closed(test_context(), admin), IsOk());
    EXPECT_EQ(server_->scalar("SELECT COUNT(*) FROM wp.t"), rows_then);

    belt.reset();
    ASSERT_THAT(fence.open(test_context(), admin), IsOk());
    EXPECT_EQ(grants(), before);
    client.await_more_writes(5);
}

// A session can be killed while it commits, and is gone from the process list before the commit is
// in the log.
TEST_F(OldServerGateTest, TablesAreShutWhenEveryTransactionIsOver) {
    auto writer = must(mysql::Connection::open(test_context(), as_tenant("wp")));
    must(writer.execute(test_context(), "START TRANSACTION"));
    must(writer.execute(test_context(), "INSERT INTO t (who) VALUES ('open')"));
    auto locker = server_->connect_root("wp");
    EXPECT_THAT(lock_tables_read(test_context(), locker, {"t"}), IsOk());  // not MySQL 5.6's
    EXPECT_THAT(unlock_tables(test_context(), locker), IsOk());

    auto late_belt = server_->connect_root("wp");
    EXPECT_THAT(shut_tables(test_context(milliseconds(1'500)), late_belt, {"t"}),
                HasCode(ErrorCode::DeadlineExceeded));
    must(writer.execute(test_context(), "COMMIT"));
    auto belt = server_->connect_root("wp");
    EXPECT_THAT(shut_tables(test_context(), belt, {"t"}), IsOk());
    must(writer.execute(test_context(),
                        "SET SESSION innodb_lock_wait_timeout = 1,"
                        " lock_wait_timeout = 1"));
    auto late = writer.execute(test_context(milliseconds(1'500)), "INSERT INTO t () VALUES ()");
    EXPECT_THAT(late, HasCode(ErrorCode::DeadlineExceeded));
}

TEST_F(OldServerGateTest, ACrashAtAnyPointIsUndoneByAFreshGate) {
    auto const before = grants();
    auto admin = server_->connect_root();
    for (std::size_t crash_at = 0;; ++crash_at) {
        CrashingProbe probe(crash_at);
        MemoryEffectLog log;
        try {
            Gate closing(Side::Source, "wp", {{"wp", "%"}}, log, probe);
            ASSERT_THAT(closing.close(test_context(), admin), IsOk());
            ASSERT_THAT(closing.open(test_context(), admin), IsOk());
            EXPECT_EQ(probe.passed(), 3u * 4 + 2);
            break;
        } catch (Crash const& crash) {
            SCOPED_TRACE(fmt::format("crashed at {} ({})", crash.point, crash_at));
            Gate fresh(Side::Source, "wp", {{"wp", "%"}}, log, no_probe_);
            ASSERT_THAT(fresh.open(test_context(), admin), IsOk());
            ASSERT_EQ(grants(), before);
        }
    }
}

TEST_F(OldServerGateTest, ADroppedAccountIsNotMadeAnew) {
    auto admin = server_->connect_root();
    Gate fence(Side::Source, "wp", {{"wp", "%"}}, log_, no_probe_);
    ASSERT_THAT(fence.close(test_context(), admin), IsOk());
    server_->execute("DROP USER wp");
    EXPECT_THAT(fence.open(test_context(), admin), IsOk());
    EXPECT_EQ(server_->scalar("SELECT COUNT(*) FROM mysql.user WHERE User = 'wp'"), "0");
}

// MySQL's Bug #79596: what a transaction did is committed, and not in the log, when its session is
// killed behind a ROLLBACK TO SAVEPOINT.
TEST_F(OldServerGateTest, NobodyIsKilledWhoseTransactionTheServerWouldCommit) {
    auto const begin = [&] {
        auto session = must(mysql::Connection::open(test_context(), as_tenant("wp")));
        for (auto const* sql : {"START TRANSACTION", "INSERT INTO t (who) VALUES ('half')",
                                "SAVEPOINT here", "ROLLBACK TO SAVEPOINT here"}) {
            must(session.execute(test_context(), sql));
        }
        return session;
    };
    auto const rows = [&] { return server_->scalar("SELECT COUNT(*) FROM wp.t"); };
    auto admin = server_->connect_root();
    auto killed = begin();
    server_->execute(fmt::format("KILL {}", killed.thread_id()));
    // If this fails the server does not have the fault, and the test shows nothing.
    ASSERT_TRUE(eventually([&] { return rows() == "1"; }));
    server_->execute("DELETE FROM wp.t");

    Gate fence(Side::Source, "wp", {{"wp", "%"}}, log_, no_probe_);
    auto holder = begin();
    auto idle = must(mysql::Connection::open(test_context(), as_tenant("wp")));
    auto const early = fence.close(test_context(milliseconds(1'500)), admin);
    EXPECT_THAT(early, HasError(ErrorCode::DeadlineExceeded,
                                HasSubstr(fmt::format("session {} (wp@", holder.thread_id()))));
    EXPECT_EQ(rows(), "0");
    EXPECT_FALSE(idle.execute(test_context(), "SELECT 1").ok());
    must(holder.execute(test_context(), "COMMIT"));
    EXPECT_EQ(rows(), "1");
    auto again = server_->connect_root();
    EXPECT_THAT(fence.close(test_context(), again), IsOk());
    EXPECT_FALSE(holder.execute(test_context(), "SELECT 1").ok());
    ASSERT_THAT(fence.open(test_context(), again), IsOk());
}

// One that waits for a row keeps the lock on the tables away, and the row's holder stands between
// two statements.
TEST_F(OldServerGateTest, AWaitForARowDoesNotKeepTheGateOpen) {
    server_->execute("INSERT INTO wp.t (who) VALUES ('x')");
    auto holder = must(mysql::Connection::open(test_context(), as_tenant("wp")));
    must(holder.execute(test_context(), "START TRANSACTION"));
    must(holder.execute(test_context(), "UPDATE t SET who = 'holder'"));
    auto waiter = must(mysql::Connection::open(test_context(), as_tenant("wp")));
    must(waiter.execute(test_context(), "SET SESSION innodb_lock_wait_timeout = 60"));
    std::jthread waiting(
        [&] { EXPECT_FALSE(waiter.execute(test_context(), "UPDATE t SET who = 'waiter'").ok()); });
    auto admin = server_->connect_root();
    ASSERT_TRUE(eventually([&] {
        // Not INNODB_TRX, which is made anew only when nobody has read it for 100 ms.
        auto const shown = must(
            admin.query(test_context(), "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'"));
        return shown.rows.at(0).at(1) == "1";
    }));
    Gate fence(Side::Source, "wp", {{"wp", "%"}}, log_, no_probe_);
    std::jthread going_on([&] {
        // Into the locked tables: a statement that may be killed.
        while (holder.execute(test_context(), "UPDATE t SET who = 'more'").ok()) continue;
    });
    EXPECT_THAT(fence.close(test_context(), admin), IsOk());
    going_on.join();
    waiting.join();
    EXPECT_EQ(server_->scalar("SELECT who FROM wp.t"), "x");
    ASSERT_THAT(fence.open(test_context(), admin), IsOk());
}

// Whatever was under way when the gate fell is over and to be seen once the tables are shut: also
// what sessions did that the process list showed as the trigger's definer, or that were logging in.
TEST_F(OldServerGateTest, NothingChangesBehindShutTables) {
    constexpr unsigned kCycles = 25;
    server_->execute("SET GLOBAL max_binlog_size = 65536");
    server_->execute(
        "CREATE TABLE wp.log (id INT AUTO_INCREMENT PRIMARY KEY, post INT, body TEXT)");
    server_->execute(
        "CREATE TRIGGER wp.t_in AFTER INSERT ON wp.t FOR EACH ROW"
        " INSERT INTO wp.log (post, body) VALUES (NEW.id, REPEAT('x', 1000))");
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned i = 0; i < 6; ++i) {
        clients.push_back(std::make_unique<Client>(as_tenant("wp"), fmt::format("client{}", i)));
    }
    clients.front()->await_more_writes(5);
    auto reader = server_->connect_root("wp");
    auto const content = [&] {
        return must(reader.query(test_context(),
                                 "SELECT CONCAT_WS(' ', (SELECT COUNT(*) FROM t),"
                                 " (SELECT SUM(id) FROM t),"
                                 " (SELECT COUNT(*) FROM log),"
                                 " (SELECT SUM(id) FROM log))"))
            .scalar();
    };
    auto const log_end = [&] {
        return must(reader.query(test_context(), "SHOW MASTER STATUS")).rows[0];
    };
    for (unsigned cycle = 0; cycle < kCycles; ++cycle) {
        SCOPED_TRACE(cycle);
        auto admin = server_->connect_root();
        Gate fence(Side::Source, "wp", {{"wp", "%"}}, log_, no_probe_);
        ASSERT_THAT(fence.close(test_context(), admin), IsOk());
        auto belt = std::make_unique<mysql::Connection>(server_->connect_root("wp"));
        ASSERT_THAT(shut_tables(test_context(), *belt, {"t", "log"}), IsOk());
        auto const content_then = content();
        auto const log_then = log_end();
        clients.front()->await_more_refusals(3);
        EXPECT_THAT(fence.check_closed(test_context(), admin), IsOk());
        EXPECT_EQ(content(), content_then);
        EXPECT_EQ(log_end(), log_then);
        belt.reset();
        ASSERT_THAT(fence.open(test_context(), admin), IsOk());
        clients.front()->await_more_writes(5);
    }
}

}  // namespace
}  // namespace aipress::mover

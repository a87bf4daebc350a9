// Faults of what is to be moved, and of where it is to go, each provoked on real servers.
#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/integration/preflight_fixture.h"

namespace aipress::mover {
namespace {

using testing::DatabaseServer;
using ::testing::Not;

TEST_F(Preflight, OwnHalfMadeCopyIsNoFaultWhenItMayBeThere) {
    target_->execute("CREATE DATABASE shop");
    target_->execute("CREATE TABLE shop.posts (id BIGINT PRIMARY KEY)");
    EXPECT_TRUE(run(options(), TargetContent::MayBeOurs).passed());
    EXPECT_THAT(run(options()).findings, fault("target", "target-not-empty", "shop"));
}

TEST_F(Preflight, DropsWhatAKilledTrialLeft) {
    target_->execute("CREATE DATABASE shop");
    target_->execute("CREATE TABLE shop._aipress_trial (a INT)");
    EXPECT_TRUE(run(options()).passed());
    EXPECT_EQ(target_->scalar("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                              "'shop'"),
              "0");
}

TEST_F(Preflight, TriesTablesInTheTargetsDatabaseWhereItMayMakeNone) {
    target_->execute("CREATE DATABASE shop");
    target_->execute("CREATE USER mover@'%' IDENTIFIED BY 'p'");
    target_->execute("GRANT ALL ON shop.* TO mover@'%'");
    in_shop("CREATE TABLE bad (a VARCHAR(10)) ENGINE=InnoDB ENCRYPTED=NO ENCRYPTION_KEY_ID=1");
    in_shop("CREATE TABLE worse (p POINT NOT NULL, SPATIAL KEY (p)) ENGINE=Aria");
    auto moving = options();
    moving.target.user = "mover";
    moving.target.password = "p";
    auto const report = run(moving);
    EXPECT_THAT(report.findings, notice("target", "trial-of-tables-only", "shop"));
    EXPECT_EQ(target_->scalar("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                              "'shop'"),
              "0");
    target_->execute("DROP USER mover@'%'");
}

TEST_F(Preflight, TablesByEngineKeyAndSize) {
    in_shop("CREATE TABLE keyless (a INT) ENGINE=InnoDB");
    in_shop(
        "CREATE TABLE counted (g INT, id INT AUTO_INCREMENT, PRIMARY KEY (g, id)) "
        "ENGINE=MyISAM");
    in_shop("CREATE TABLE floating (f FLOAT PRIMARY KEY) ENGINE=InnoDB");
    in_shop("CREATE SEQUENCE numbers");
    in_shop(
        "CREATE TABLE child (id INT PRIMARY KEY, p BIGINT, FOREIGN KEY fk (p) REFERENCES "
        "posts (id) ON DELETE CASCADE) ENGINE=InnoDB");
    auto moving = options();
    auto report = run(moving);
    EXPECT_THAT(report.findings, degraded("source", "no-primary-key", "keyless"));
    EXPECT_THAT(report.findings, degraded("source", "engine-changes", "counted"));
    EXPECT_THAT(report.findings, degraded("source", "counter-index", "counted"));
    EXPECT_THAT(report.findings, degraded("source", "key-unsupported", "floating"));
    EXPECT_THAT(report.findings, degraded("source", "cascading-foreign-key", "child"));
    EXPECT_THAT(report.findings, fault("source", "unsupported-object", "SEQUENCE numbers"));
    EXPECT_EQ(report.faults().size(), 1u) << ::testing::PrintToString(report.faults());
    moving.late_copy_limit_bytes = 1;
    report = run(moving);
    EXPECT_THAT(report.findings, fault("source", "no-primary-key", "keyless"));
    EXPECT_THAT(report.findings, fault("source", "cascading-foreign-key", "child"));
}

TEST_F(Preflight, ForeignKeysAcrossDatabases) {
    on_source("CREATE DATABASE aside");
    on_source("CREATE TABLE aside.parent (id INT PRIMARY KEY) ENGINE=InnoDB");
    in_shop(
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT out_fk FOREIGN KEY (p) "
        "REFERENCES aside.parent (id)) ENGINE=InnoDB");
    on_source(
        "CREATE TABLE aside.kid (id INT PRIMARY KEY, p BIGINT, CONSTRAINT in_fk FOREIGN KEY "
        "(p) REFERENCES shop.posts (id)) ENGINE=InnoDB");
    auto const report = run(options());
    EXPECT_THAT(report.findings, fault("source", "foreign-key-outside", "child.out_fk"));
    EXPECT_THAT(report.findings, fault("source", "referenced-from-outside", "posts"));
    on_source("DROP DATABASE aside");
}

TEST_F(Preflight, ValuesBeyondThePacket) {
    in_shop("INSERT INTO posts VALUES (1, REPEAT('x', 3000000)), (2, REPEAT('y', 10))");
    in_shop("ANALYZE TABLE posts");
    Setting const packet(*target_, "max_allowed_packet", "4194304");
    auto const report = run(options());
    EXPECT_THAT(report.findings, fault("target", "value-too-large", "posts"));
    EXPECT_EQ(report.faults().size(), 1u) << ::testing::PrintToString(report.faults());
}

TEST_F(Preflight, DefinersAndBrokenViews) {
    on_source("CREATE USER gone@'%' IDENTIFIED BY 'p'");
    on_source("CREATE USER bare@'%' IDENTIFIED BY 'p'");
    target_->execute("CREATE USER bare@'%' IDENTIFIED BY 'p'");
    in_shop("CREATE DEFINER=gone@'%' TRIGGER tr BEFORE INSERT ON posts FOR EACH ROW SET @a = 1");
    in_shop("CREATE DEFINER=bare@'%' PROCEDURE p () SELECT 1");
    in_shop("CREATE TABLE passing (id INT)");
    in_shop("CREATE VIEW broken AS SELECT id FROM passing");
    in_shop("DROP TABLE passing");
    auto const report = run(options());
    EXPECT_THAT(report.findings, fault("target", "definer-missing", "'gone'@'%'"));
    EXPECT_THAT(report.findings, degraded("target", "definer-without-grant", "'bare'@'%'"));
    EXPECT_THAT(report.findings, fault("source", "broken-view", "broken"));
    EXPECT_EQ(report.faults().size(), 2u) << ::testing::PrintToString(report.faults());
    on_source("DROP USER gone@'%', bare@'%'");
    target_->execute("DROP USER bare@'%'");
}

TEST_F(Preflight, FractionalSecondsInTheLayoutOfBefore56) {
    auto const create =
        "CREATE TABLE old (id INT PRIMARY KEY, at DATETIME, precisely TIMESTAMP(6) NULL)";
    {
        Setting const format(*source_, "mysql56_temporal_format", "OFF");
        in_shop(create);
        in_shop("CREATE TABLE whole (id INT PRIMARY KEY, at DATETIME, t TIME)");
    }
    auto report = run(options());
    EXPECT_THAT(report.findings, fault("source", "old-temporal-format", "old"));
    EXPECT_EQ(report.faults().size(), 1u) << ::testing::PrintToString(report.faults());
    // Its fix, statement by statement; without the setting, FORCE would change nothing.
    on_source("SET GLOBAL mysql56_temporal_format = ON");
    on_source("ALTER TABLE `shop`.`old` FORCE");
    EXPECT_EQ(report.faults()[0].fix,
              "SET GLOBAL mysql56_temporal_format = ON; ALTER TABLE `shop`.`old` FORCE;");
    EXPECT_TRUE(run(options()).passed());

    // A target that would store them so, and whose log the way back reads.
    Setting const format(*target_, "mysql56_temporal_format", "OFF");
    auto moving = options();
    report = run(moving);
    EXPECT_THAT(report.findings, fault("target", "old-temporal-format", "mysql56_temporal_format"));
    moving.reverse = ReverseMode::None;
    EXPECT_TRUE(run(moving).passed());
}

TEST_F(Preflight, EventsNeedTheSchedulerAndTheirZone) {
    in_shop("CREATE DEFINER=wp@'%' EVENT ev ON SCHEDULE EVERY 1 DAY DO DELETE FROM posts");
    Setting const scheduler(*target_, "event_scheduler", "OFF");
    EXPECT_THAT(run(options()).findings,
                degraded("target", "event-scheduler-off", "event_scheduler"));
}

TEST_F(Preflight, TriggerThatNamesItsDatabaseIsNeverTriedElsewhere) {
    in_shop(
        "CREATE DEFINER=wp@'%' TRIGGER shop.tr BEFORE INSERT ON shop.posts FOR EACH ROW "
        "SET @a = 1");
    target_->execute("CREATE DATABASE shop");
    target_->execute("CREATE TABLE shop.posts (id BIGINT PRIMARY KEY, body LONGTEXT)");
    auto const before = dump(*target_);
    EXPECT_TRUE(run(options(), TargetContent::MayBeOurs).passed());
    EXPECT_EQ(dump(*target_), before);
    EXPECT_THAT(run(options_between(source_->root("shop"), target_->root("other"))).findings,
                fault("source", "names-its-database", "trigger tr"));
}

TEST_F(Preflight, TrialFindsWhatTheTargetCannotMake) {
    on_source("CREATE DATABASE aside");
    on_source("CREATE TABLE aside.t (id INT)");
    in_shop("CREATE VIEW far AS SELECT id FROM aside.t");
    auto const report = run(options());
    EXPECT_THAT(report.findings, fault("target", "trial-failed", "view far"));
    EXPECT_EQ(report.faults().size(), 1u) << ::testing::PrintToString(report.faults());
    on_source("DROP DATABASE aside");
}

TEST_F(Preflight, EventInATimeZoneThatTheTargetDoesNotKnow) {
    auto const make_zone = [](DatabaseServer const& server) {
        server.execute("INSERT INTO mysql.time_zone VALUES (900, 'N')");
        server.execute("INSERT INTO mysql.time_zone_name VALUES ('Test/Zone', 900)");
        server.execute("INSERT INTO mysql.time_zone_transition_type VALUES (900, 0, 3600, 0, 'T')");
        server.execute("INSERT INTO mysql.time_zone_transition VALUES (900, -2147483648, 0)");
    };
    make_zone(*source_);
    {
        auto connection = source_->connect_root("shop");
        for (auto const* sql : {"SET time_zone = 'Test/Zone'",
                                "CREATE DEFINER=wp@'%' EVENT ev ON SCHEDULE EVERY 1 DAY DO "
                                "DELETE FROM posts"}) {
            ASSERT_TRUE(connection.execute(test_context(), sql).ok()) << sql;
        }
    }
    EXPECT_THAT(run(options()).findings, fault("target", "unknown-time-zone", "Test/Zone"));
    make_zone(*target_);
    EXPECT_THAT(run(options()).findings, Not(fault("target", "unknown-time-zone", "Test/Zone")));
    for (auto const* server : {source_, target_}) {
        for (auto const* table :
             {"time_zone_name", "time_zone", "time_zone_transition_type", "time_zone_transition"}) {
            server->execute(fmt::format("DELETE FROM mysql.{} WHERE Time_zone_id = 900", table));
        }
    }
}

TEST_F(Preflight, RoutineWhoseTextIsHidden) {
    in_shop("CREATE DEFINER=wp@'%' PROCEDURE p () SELECT 1");
    on_source("CREATE USER mover@'%' IDENTIFIED BY 'p'");
    on_source("GRANT ALL ON *.* TO mover@'%'");
    on_source("REVOKE SELECT ON *.* FROM mover@'%'");
    on_source("GRANT SELECT ON shop.* TO mover@'%'");
    auto moving = options();
    moving.source.user = "mover";
    moving.source.password = "p";
    auto report = run(moving);
    EXPECT_THAT(report.findings, fault("source", "schema-unreadable", "shop"));
    for (auto const& finding : report.faults()) {
        if (finding.code == "schema-unreadable") on_source(finding.fix);
    }
    report = run(moving);
    on_source("DROP USER mover@'%'");
    EXPECT_TRUE(report.passed()) << ::testing::PrintToString(report.faults());
}

TEST_F(Preflight, DatabaseThereWithAnotherCollation) {
    target_->execute("CREATE DATABASE shop CHARACTER SET ucs2");
    auto const report = run(options());
    EXPECT_THAT(report.findings, degraded("target", "database-collation-differs", "shop"));
    for (auto const& finding : report.findings) {
        if (finding.code == "database-collation-differs") target_->execute(finding.fix);
    }
    EXPECT_THAT(run(options()).findings,
                Not(degraded("target", "database-collation-differs", "shop")));
}

TEST_F(Preflight, TrialSaysWhatTheTargetWarnsOf) {
    Setting const lenient_source(*source_, "innodb_strict_mode", "OFF");
    Setting const lenient_target(*target_, "innodb_strict_mode", "OFF");
    in_shop("CREATE TABLE odd (a INT PRIMARY KEY) ENGINE=InnoDB ROW_FORMAT=FIXED");
    EXPECT_THAT(run(options()).findings, degraded("target", "trial-warning", "odd"));
}

}  // namespace
}  // namespace aipress::mover

// A schema read from a real server and made on another one.
#include "mysql/schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <map>

#include "mover/schema_transfer.h"
#include "testing/database_server.h"
#include "testing/test_context.h"
#include "tests/integration/memory_effect_log.h"

namespace aipress::mover {
namespace {

using ::testing::AllOf;
using testing::DatabaseServer;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ServerKind;
using testing::test_context;

constexpr std::array kShop = {
    "CREATE DATABASE shop CHARACTER SET latin1 COLLATE latin1_german1_ci",
    "CREATE TABLE shop.parent (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
    "code INT NOT NULL DEFAULT 0, KEY by_code (code)) ENGINE=InnoDB "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Größe; a ) ENGINE=MyISAM'",
    "CREATE TABLE shop.child (id INT NOT NULL, parent BIGINT UNSIGNED, "
    "label VARCHAR(50) CHARACTER SET utf8mb4 NOT NULL DEFAULT 'é', "
    "kind ENUM('a','ß') NOT NULL DEFAULT 'ß', "
    "note TEXT, fixed BINARY(4), amount DECIMAL(10,2), rate FLOAT, bits BIT(5), "
    "PRIMARY KEY (id), KEY by_parent (parent), KEY by_label (label(10)), FULLTEXT KEY ft (note), "
    "FULLTEXT KEY ft2 (label), "
    "CONSTRAINT to_parent FOREIGN KEY (parent) REFERENCES shop.parent (id) ON DELETE CASCADE) "
    "ENGINE=InnoDB DEFAULT CHARSET=latin1",
    "CREATE TABLE shop.old (grp INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, "
    "v VARCHAR(10), PRIMARY KEY (grp, id), KEY (v)) ENGINE=MyISAM ROW_FORMAT=FIXED CHECKSUM=1 "
    "DELAY_KEY_WRITE=1",
    "CREATE TABLE shop.heap (v INT, w INT NOT NULL, UNIQUE KEY nullable (v), "
    "UNIQUE KEY second (w)) ENGINE=InnoDB",
    "CREATE TABLE shop.keyless (v INT, f FLOAT NOT NULL, UNIQUE KEY only_float (f)) ENGINE=InnoDB",
    "CREATE TABLE shop.seen (id INT) ENGINE=InnoDB",
};

void make_shop(DatabaseServer const& server) {
    auto connection = server.connect_root();
    auto const run = [&](std::string_view sql) {
        auto done = connection.execute(test_context(), sql);
        ASSERT_TRUE(done.ok()) << done.error().message() << "\n" << sql;
    };
    run("SET NAMES utf8mb4");
    for (auto const* sql : kShop) run(sql);
    run("USE shop");
    run("CREATE FUNCTION twice (a INT) RETURNS INT DETERMINISTIC RETURN a * 2");
    run("CREATE PROCEDURE note_it () INSERT INTO seen VALUES (1)");
    // `a_top` needs `z_base`, which comes later in the alphabet.
    run("CREATE VIEW z_base AS SELECT id, twice(code) AS code2, 'é' AS word FROM parent");
    run("CREATE VIEW a_top AS SELECT id FROM z_base");
    run("SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'");
    run("CREATE TRIGGER t_first BEFORE INSERT ON parent FOR EACH ROW "
        "INSERT INTO \"seen\" VALUES (LENGTH('\\'))");
    run("SET sql_mode = ''");
    run("SET NAMES latin1");
    run("CREATE TRIGGER t_latin1 AFTER INSERT ON child FOR EACH ROW SET @word = '\xe9'");
    run("SET NAMES utf8mb4, time_zone = '+03:00'");
    run("CREATE EVENT e_on ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM "
        "seen");
    run("CREATE EVENT e_off ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM seen");
}

mysql::Schema read(DatabaseServer const& server, std::string const& database) {
    auto connection = server.connect_root();
    auto schema = mysql::read_schema(test_context(), connection, database);
    EXPECT_TRUE(schema.ok()) << (schema.ok() ? "" : schema.error().message());
    return schema.release();
}

// Everything that schema_transfer.h makes, in order.
void transfer(mysql::Connection& target, mysql::Schema const& schema, EffectLog& log) {
    auto const context = test_context();
    NoProbe probe;
    auto const check = [](Result<void> const& done) {
        ASSERT_TRUE(done.ok()) << done.error().message();
    };
    check(create_tables(context, target, Side::Target, schema, log, probe));
    for (auto const& table : schema.tables) check(complete_table(context, target, table, probe));
    check(create_passive_objects(context, target, Side::Target, schema, log, probe));
    check(create_active_objects(context, target, Side::Target, schema, EventsEnabled::AsOnSource,
                                "triggers", log, probe));
}

std::vector<std::string> key_names(mysql::Schema const& schema, std::string const& table_name) {
    auto const* table = schema.find_table(table_name);
    std::vector<std::string> names;
    for (auto const ordinal : table->key) names.push_back(table->columns[ordinal].name);
    return names;
}

mysql::SchemaObject const& object(mysql::Schema const& schema, std::string const& name) {
    return *std::find_if(schema.objects.begin(), schema.objects.end(),
                         [&](auto const& candidate) { return candidate.name == name; });
}

class SchemaTransfer : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        auto source = DatabaseServer::start({});
        ASSERT_TRUE(source.ok()) << source.error().message();
        source_ = new DatabaseServer(source.release());
        auto target = DatabaseServer::start({.server_id = 2});
        ASSERT_TRUE(target.ok()) << target.error().message();
        target_ = new DatabaseServer(target.release());
        make_shop(*source_);
    }
    static void TearDownTestSuite() {
        delete source_;
        delete target_;
    }
    void TearDown() override {
        target_->execute("DROP DATABASE IF EXISTS shop");
        target_->execute("DROP DATABASE IF EXISTS other");
    }

    static DatabaseServer* source_;
    static DatabaseServer* target_;
};
DatabaseServer* SchemaTransfer::source_ = nullptr;
DatabaseServer* SchemaTransfer::target_ = nullptr;

TEST_F(SchemaTransfer, ReadsTablesKeysAndObjects) {
    auto const schema = read(*source_, "shop");
    EXPECT_EQ(schema.character_set, "latin1");
    EXPECT_EQ(schema.collation, "latin1_german1_ci");
    EXPECT_EQ(schema.tables.size(), 6u);
    EXPECT_THAT(key_names(schema, "old"), ElementsAre("grp", "id"));
    EXPECT_THAT(key_names(schema, "heap"), ElementsAre("w"));
    EXPECT_THAT(key_names(schema, "keyless"), IsEmpty());
    EXPECT_THAT(key_names(schema, "seen"), IsEmpty());
    auto const& child = *schema.find_table("child");
    ASSERT_EQ(child.foreign_keys.size(), 1u);
    EXPECT_TRUE(child.foreign_keys[0].cascades());
    EXPECT_EQ(child.foreign_keys[0].referenced_schema, "shop");
    EXPECT_EQ(child.find_column("kind")->kind, mysql::ColumnKind::Enumerated);
    EXPECT_EQ(child.find_column("fixed")->octet_length, 4u);
    EXPECT_FALSE(child.find_column("id")->is_auto_increment);
    EXPECT_TRUE(schema.find_table("parent")->find_column("id")->is_unsigned);
    EXPECT_EQ(object(schema, "t_first").sql_mode, "ANSI_QUOTES,NO_BACKSLASH_ESCAPES");
    EXPECT_EQ(object(schema, "t_latin1").character_set_client, "latin1");
    EXPECT_THAT(object(schema, "t_latin1").create_sql, HasSubstr("'\xe9'"));
    EXPECT_EQ(object(schema, "e_on").time_zone, "+03:00");
    EXPECT_FALSE(object(schema, "e_off").is_enabled);
    EXPECT_THAT(schema.unsupported, IsEmpty());
}

TEST_F(SchemaTransfer, MissingDatabaseIsNotFound) {
    auto connection = source_->connect_root();
    auto const schema = mysql::read_schema(test_context(), connection, "nowhere");
    ASSERT_FALSE(schema.ok());
    EXPECT_EQ(schema.error().code(), ErrorCode::NotFound);
}

TEST_F(SchemaTransfer, UnreadableRoutineIsPermissionDenied) {
    source_->execute("CREATE USER peeker@'%' IDENTIFIED BY 'p'");
    source_->execute("GRANT SELECT, EXECUTE ON shop.* TO peeker@'%'");
    auto endpoint = source_->root("shop");
    endpoint.user = "peeker";
    endpoint.password = "p";
    auto connection = mysql::Connection::open(test_context(), endpoint);
    ASSERT_TRUE(connection.ok()) << connection.error().message();
    auto const schema = mysql::read_schema(test_context(), *connection, "shop");
    source_->execute("DROP USER peeker@'%'");
    ASSERT_FALSE(schema.ok());
    EXPECT_EQ(schema.error().code(), ErrorCode::PermissionDenied) << schema.error().message();
}

TEST_F(SchemaTransfer, SetsSequencesAndVersionedTablesAside) {
    source_->execute("CREATE DATABASE odd");
    source_->execute("CREATE SEQUENCE odd.s");
    source_->execute("CREATE TABLE odd.v (a INT PRIMARY KEY) WITH SYSTEM VERSIONING");
    source_->execute(
        "CREATE TABLE odd.g (a INT PRIMARY KEY, b INT AS (a + 1) VIRTUAL, "
        "c INT AS (a + 2) STORED, d DATETIME DEFAULT CURRENT_TIMESTAMP)");
    auto const schema = read(*source_, "odd");
    EXPECT_THAT(schema.unsupported, ElementsAre("SEQUENCE s", "SYSTEM VERSIONED v"));
    ASSERT_EQ(schema.tables.size(), 1u);
    EXPECT_TRUE(schema.tables[0].columns[1].is_generated);
    EXPECT_TRUE(schema.tables[0].columns[2].is_generated);
    EXPECT_FALSE(schema.tables[0].columns[3].is_generated);
    source_->execute("DROP DATABASE odd");
}

TEST_F(SchemaTransfer, HashChangesWithDdlAndNotWithRowsOrEventStatus) {
    auto const before = mysql::schema_hash(read(*source_, "shop"));
    source_->execute("INSERT INTO shop.keyless VALUES (1, 1)");
    source_->execute("ALTER EVENT shop.e_on DISABLE");
    EXPECT_EQ(mysql::schema_hash(read(*source_, "shop")), before);
    source_->execute("ALTER EVENT shop.e_on ENABLE");
    source_->execute("ALTER TABLE shop.keyless ADD COLUMN added INT");
    EXPECT_NE(mysql::schema_hash(read(*source_, "shop")), before);
    source_->execute("ALTER TABLE shop.keyless DROP COLUMN added");
    EXPECT_EQ(mysql::schema_hash(read(*source_, "shop")), before);
}

TEST_F(SchemaTransfer, MakesAnEqualSchema) {
    auto const source = read(*source_, "shop");
    auto connection = target_->connect_root();
    MemoryEffectLog log;
    transfer(connection, source, log);
    auto const target = read(*target_, "shop");

    EXPECT_EQ(target.collation, source.collation);
    ASSERT_EQ(target.tables.size(), source.tables.size());
    for (auto const& table : source.tables) {
        if (table.name == "old") continue;
        SCOPED_TRACE(table.name);
        auto const& made = *target.find_table(table.name);
        // Deferred indexes come back behind the unique ones, so lines are compared as a set.
        std::multiset<std::string> expected;
        std::multiset<std::string> actual;
        for (auto const& clause : deferred_clauses(table)) expected.insert(clause);
        for (auto const& clause : deferred_clauses(made)) actual.insert(clause);
        EXPECT_EQ(actual, expected);
        EXPECT_EQ(mysql::canonical_create_table(bare_create_table(made)),
                  mysql::canonical_create_table(bare_create_table(table)));
        EXPECT_EQ(made.key, table.key);
    }
    auto const& old = *target.find_table("old");
    EXPECT_EQ(old.engine, "InnoDB");
    EXPECT_THAT(old.create_sql, AllOf(HasSubstr("KEY `aipress_counter` (`id`)"),
                                      HasSubstr("KEY `v` (`v`)"), Not(HasSubstr("CHECKSUM"))));
    ASSERT_EQ(target.objects.size(), source.objects.size());
    for (std::size_t i = 0; i < source.objects.size(); ++i) {
        SCOPED_TRACE(source.objects[i].name);
        EXPECT_EQ(target.objects[i].create_sql, source.objects[i].create_sql);
        EXPECT_EQ(target.objects[i].sql_mode, source.objects[i].sql_mode);
        EXPECT_EQ(target.objects[i].definer, source.objects[i].definer);
        EXPECT_EQ(target.objects[i].time_zone, source.objects[i].time_zone);
        EXPECT_EQ(target.objects[i].is_enabled, source.objects[i].is_enabled);
        EXPECT_EQ(target.objects[i].character_set_client, source.objects[i].character_set_client);
        EXPECT_EQ(target.objects[i].collation_connection, source.objects[i].collation_connection);
    }
}

TEST_F(SchemaTransfer, LeavesTheSessionAsItWas) {
    auto const session = [](mysql::Connection& connection) {
        auto const rows = connection.query(
            test_context(),
            "SELECT CONCAT_WS('|', @@character_set_client, @@character_set_results, "
            "@@collation_connection, @@sql_mode, @@time_zone, @@foreign_key_checks)");
        return rows->scalar().value_or("");
    };
    auto connection = target_->connect_root();
    auto const before = session(connection);
    MemoryEffectLog log;
    transfer(connection, read(*source_, "shop"), log);
    EXPECT_EQ(session(connection), before);
}

TEST_F(SchemaTransfer, IsSafeToRepeatAndToUndo) {
    auto const source = read(*source_, "shop");
    auto connection = target_->connect_root();
    MemoryEffectLog log;
    transfer(connection, source, log);
    auto const hash = mysql::schema_hash(read(*target_, "shop"));
    auto const effects = log.outstanding(Side::Target, "schema").size();
    transfer(connection, source, log);
    EXPECT_EQ(mysql::schema_hash(read(*target_, "shop")), hash);
    EXPECT_EQ(log.outstanding(Side::Target, "schema").size(), effects);
    EXPECT_EQ(log.outstanding(Side::Target, "triggers").size(), 4u);

    NoProbe probe;
    for (auto const* scope : {"schema", "triggers", "schema"}) {
        auto undone = undo_scope(test_context(), connection, Side::Target, scope, log, probe);
        ASSERT_TRUE(undone.ok()) << undone.error().message();
        EXPECT_THAT(log.outstanding(Side::Target, scope), IsEmpty());
    }
    EXPECT_EQ(target_->scalar("SELECT COUNT(*) FROM information_schema.SCHEMATA "
                              "WHERE SCHEMA_NAME = 'shop'"),
              "0");
}

// A table made as one of small rows, whose indexes can wait, and completed by a session that sees
// wide rows, whose indexes are thought to be there (a target killed in between).
TEST_F(SchemaTransfer, AnIndexIsNotForgottenWhenTheRowsHaveGrownWide) {
    source_->execute("CREATE DATABASE grows");
    source_->execute("CREATE TABLE grows.t (id INT PRIMARY KEY, a INT, b TEXT, KEY plain (a))");
    auto schema = read(*source_, "grows");
    auto connection = target_->connect_root();
    MemoryEffectLog log;
    NoProbe probe;
    auto& table = schema.tables.at(0);
    ASSERT_THAT(deferred_clauses(table), Not(IsEmpty()));
    ASSERT_TRUE(create_tables(test_context(), connection, Side::Target, schema, log, probe).ok());
    table.row_estimate = 10;
    table.data_bytes = 10 * 4'000;
    ASSERT_THAT(deferred_clauses(table), IsEmpty());
    ASSERT_TRUE(complete_table(test_context(), connection, table, probe).ok());
    EXPECT_EQ(target_->scalar("SELECT COUNT(*) FROM information_schema.STATISTICS"
                              " WHERE TABLE_SCHEMA = 'grows' AND INDEX_NAME = 'plain'"),
              "1");
    source_->execute("DROP DATABASE grows");
    target_->execute("DROP DATABASE grows");
}

TEST_F(SchemaTransfer, NeverDropsADatabaseItDidNotMake) {
    target_->execute("CREATE DATABASE shop");
    target_->execute("CREATE TABLE shop.theirs (a INT)");
    auto connection = target_->connect_root("shop");
    MemoryEffectLog log;
    NoProbe probe;
    transfer(connection, read(*source_, "shop"), log);
    for (auto const* scope : {"triggers", "schema"}) {
        auto undone = undo_scope(test_context(), connection, Side::Target, scope, log, probe);
        ASSERT_TRUE(undone.ok()) << undone.error().message();
    }
    auto const left = read(*target_, "shop");
    EXPECT_THAT(left.tables, ElementsAre(Field(&mysql::Table::name, "theirs")));
    EXPECT_THAT(left.objects, IsEmpty());
}

TEST_F(SchemaTransfer, RenamesTheDatabaseInQualifiedObjects) {
    source_->execute("CREATE DATABASE named");
    auto maker = source_->connect_root("named");
    for (auto const* sql :
         {"CREATE TABLE named (id INT PRIMARY KEY)", "CREATE TABLE t (id INT PRIMARY KEY)",
          "CREATE VIEW v AS SELECT named.named.id FROM named.named",
          "CREATE TRIGGER `named`.`tr` AFTER INSERT ON `named`.`t` FOR EACH ROW "
          "INSERT INTO `named`.`named` VALUES (NEW.id)"}) {
        ASSERT_TRUE(maker.execute(test_context(), sql).ok()) << sql;
    }
    target_->execute("CREATE DATABASE other");
    auto connection = target_->connect_root("other");
    MemoryEffectLog log;
    transfer(connection, read(*source_, "named"), log);
    target_->execute("INSERT INTO other.t VALUES (7)");
    EXPECT_EQ(target_->scalar("SELECT id FROM other.v"), "7");
    source_->execute("DROP DATABASE named");
}

TEST_F(SchemaTransfer, DropsTriggersAndMakesThemAgain) {
    auto const source = read(*source_, "shop");
    auto connection = target_->connect_root();
    MemoryEffectLog log;
    NoProbe probe;
    transfer(connection, source, log);
    auto const hash = mysql::schema_hash(read(*target_, "shop"));
    ASSERT_TRUE(drop_triggers(test_context(), connection, Side::Target, source, probe).ok());
    EXPECT_EQ(target_->scalar("SELECT COUNT(*) FROM information_schema.TRIGGERS "
                              "WHERE TRIGGER_SCHEMA = 'shop'"),
              "0");
    ASSERT_TRUE(create_active_objects(test_context(), connection, Side::Target, source,
                                      EventsEnabled::No, "triggers", log, probe)
                    .ok());
    EXPECT_EQ(mysql::schema_hash(read(*target_, "shop")), hash);
}

TEST_F(SchemaTransfer, ForeignKeyHoldsThoughItsParentsIndexCameLater) {
    source_->execute("CREATE DATABASE named");
    source_->execute("CREATE TABLE named.z_parent (id INT PRIMARY KEY, code INT, KEY (code))");
    source_->execute(
        "CREATE TABLE named.a_child (id INT PRIMARY KEY, code INT, KEY (code), "
        "FOREIGN KEY (code) REFERENCES z_parent (code))");
    target_->execute("CREATE DATABASE other");
    auto connection = target_->connect_root("other");
    MemoryEffectLog log;
    transfer(connection, read(*source_, "named"), log);
    target_->execute("INSERT INTO other.z_parent VALUES (1, 5)");
    target_->execute("INSERT INTO other.a_child VALUES (1, 5)");
    auto strict = target_->connect_root("other");
    ASSERT_TRUE(strict.execute(test_context(), "SET foreign_key_checks = 1").ok());
    EXPECT_FALSE(strict.execute(test_context(), "INSERT INTO a_child VALUES (2, 6)").ok());
    EXPECT_FALSE(strict.execute(test_context(), "DELETE FROM z_parent").ok());
    source_->execute("DROP DATABASE named");
}

TEST(SchemaOfMySql56, MovesToMariaDb) {
    auto source = DatabaseServer::start({.kind = ServerKind::MySql56});
    if (!source.ok()) GTEST_SKIP() << "no MySQL 5.6 here: " << source.error().message();
    auto target = DatabaseServer::start({.server_id = 2});
    ASSERT_TRUE(target.ok()) << target.error().message();
    make_shop(*source);
    auto const schema = read(*source, "shop");
    EXPECT_EQ(schema.tables.size(), 6u);
    EXPECT_EQ(schema.objects.size(), 8u);
    EXPECT_THAT(key_names(schema, "heap"), ElementsAre("w"));
    auto connection = target->connect_root();
    MemoryEffectLog log;
    transfer(connection, schema, log);
    auto const made = read(*target, "shop");
    EXPECT_EQ(made.tables.size(), 6u);
    EXPECT_EQ(made.objects.size(), 8u);
    EXPECT_EQ(made.find_table("child")->find_column("label")->collation,
              schema.find_table("child")->find_column("label")->collation);
}

}  // namespace
}  // namespace aipress::mover

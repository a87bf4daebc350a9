// Rows written to a real server, on every way there is.
#include "mover/row_writer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <optional>
#include <string>

#include "mover/limits.h"
#include "mysql/bulk_insert.h"
#include "mysql/schema.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::mover {
namespace {

using testing::DatabaseServer;
using testing::IsOk;
using testing::must;
using testing::ServerKind;
using testing::test_context;

constexpr std::string_view kColumns =
    "(id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, label VARCHAR(50) CHARACTER SET "
    "utf8mb4, old TEXT CHARACTER SET latin1, bytes LONGBLOB, kind ENUM('x','7','y'), flags "
    "BIT(64), "
    "rate FLOAT, amount DECIMAL(20,5), day DATE, UNIQUE KEY by_label (label)) ENGINE=InnoDB";

class RowWriterTest : public ::testing::TestWithParam<WritePath> {
protected:
    void SetUp() override {
        server_.emplace(must(DatabaseServer::start({})));
        server_->execute("CREATE DATABASE here");
        server_->execute("CREATE DATABASE there");
        server_->execute(fmt::format("CREATE TABLE here.t {}", kColumns));
        server_->execute(fmt::format("CREATE TABLE there.t {}", kColumns));
    }

    WriteOutcome write_all() {
        auto const context = test_context();
        auto source = server_->connect_root("here");
        auto target = server_->connect_root("there");
        auto const schema = must(mysql::read_schema(context, source, "here"));
        TableLayout const layout(*schema.find_table("t"));
        auto rows = must(source.stream(
            context, fmt::format("SELECT {} FROM t ORDER BY id", layout.select_list())));
        RowWriter writer(target, GetParam());
        return must(writer.write(context, layout, rows));
    }

    std::optional<DatabaseServer> server_;
};

TEST_P(RowWriterTest, StoresTheBytesOfEveryValue) {
    server_->execute(
        "INSERT INTO here.t VALUES (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        "(18446744073709551615, '', '', '', '7', 0, -1.5, -12345.67891, '0000-00-00'),"
        "(7, x'F09F8CB109275C', x'E9005C', x'00FF0A0D095C27', 'y', ~0, 16777215, 0, '2024-02-29')");
    server_->execute(
        fmt::format("INSERT INTO here.t (id, bytes) VALUES (8, REPEAT(x'005C', {})),"
                    "(9, 'behind the long one')",
                    limits::kBulkBytes));
    server_->execute("UPDATE here.t SET id = 0 WHERE id = 5");
    auto const outcome = write_all();
    EXPECT_TRUE(outcome.is_exact()) << outcome.problem;
    EXPECT_EQ(outcome.rows_stored, 5u);
    EXPECT_EQ(
        server_->scalar("SELECT COUNT(*) FROM here.t JOIN there.t AS o USING (id) WHERE "
                        "t.label <=> o.label AND HEX(t.old) <=> HEX(o.old) AND "
                        "t.bytes <=> o.bytes AND t.kind+0 <=> o.kind+0 AND t.flags <=> o.flags "
                        "AND t.rate <=> o.rate AND t.amount <=> o.amount AND t.day <=> o.day"),
        "5");
}

TEST_P(RowWriterTest, MoreRowsThanOneCallTakes) {
    server_->execute(
        "INSERT INTO here.t (id, label, bytes) SELECT seq, CONCAT('l', seq), "
        "REPEAT('b', 40) FROM here.seq_1_to_25000");
    auto const outcome = write_all();
    EXPECT_TRUE(outcome.is_exact()) << outcome.problem;
    EXPECT_EQ(outcome.rows_stored, 25'000u);
    EXPECT_EQ(server_->scalar("SELECT COUNT(*) FROM there.t WHERE label = CONCAT('l', id)"),
              "25000");
}

TEST_P(RowWriterTest, ARowThatIsNotStoredIsTold) {
    server_->execute("INSERT INTO there.t (id, label) VALUES (1, 'taken')");
    server_->execute("INSERT INTO here.t (id, label) VALUES (2, 'free'), (3, 'taken')");
    EXPECT_FALSE(write_all().is_exact());
}

INSTANTIATE_TEST_SUITE_P(EveryWay, RowWriterTest,
                         ::testing::Values(WritePath::Bulk, WritePath::LoadData,
                                           WritePath::Insert));

TEST(BulkInsertTest, AnErrorStoresNothingAndLeavesItUsable) {
    auto const server = must(DatabaseServer::start({}));
    server.execute("CREATE DATABASE here");
    server.execute("CREATE TABLE here.t (id INT PRIMARY KEY) ENGINE=InnoDB");
    auto const context = test_context();
    auto connection = server.connect_root("here");
    ASSERT_TRUE(mysql::BulkInsert::supported_by(connection));
    auto insert =
        must(mysql::BulkInsert::prepare(context, connection, "INSERT INTO t (id) VALUES (?)"));
    for (std::optional<std::string_view> const id : {"1", "2", "1"}) insert.add({&id, 1});
    auto const refused = insert.execute(context);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().native_code(), 1062u);
    EXPECT_EQ(insert.pending_rows(), 0u);
    EXPECT_EQ(server.scalar("SELECT COUNT(*) FROM here.t"), "0");
    std::optional<std::string_view> const id = "3";
    EXPECT_THAT(insert.execute_alone(context, {&id, 1}), IsOk());
    EXPECT_EQ(server.scalar("SELECT id FROM here.t"), "3");
}

TEST(BulkInsertTest, MySqlHasNone) {
    auto const server = DatabaseServer::start({.kind = ServerKind::MySql56});
    if (!server.ok()) GTEST_SKIP() << server.error().message();
    auto const connection = server->connect_root();
    EXPECT_FALSE(mysql::BulkInsert::supported_by(connection));
}

}  // namespace
}  // namespace aipress::mover

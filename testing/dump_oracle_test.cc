#include "testing/dump_oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/database_server.h"
#include "testing/status_matchers.h"

namespace aipress::testing {
namespace {

using ::testing::HasSubstr;

// One server, two databases: `a` is the truth, `b` the copy that each test spoils.
class DumpOracleTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = std::make_unique<DatabaseServer>(must(DatabaseServer::start({})));
    }
    static void TearDownTestSuite() { server_.reset(); }

    void SetUp() override {
        for (std::string const name : {"a", "b"}) {
            server_->execute("DROP DATABASE IF EXISTS " + name);
            server_->execute("CREATE DATABASE " + name);
            server_->execute("CREATE TABLE " + name +
                             ".t (id INT PRIMARY KEY AUTO_INCREMENT, text_value VARCHAR(100), "
                             "bin_value VARBINARY(100), f FLOAT, d DATETIME, e ENUM('x','y'))");
            server_->execute("INSERT INTO " + name +
                             ".t VALUES (1, 'line one\\nline \\'two\\' \\\\', x'000a0dff', 0.1, "
                             "'2024-02-29', 'x'), (2, NULL, '', 1e10, '2020-01-01', 'y')");
            server_->execute("CREATE TABLE " + name + ".heap (v INT)");
            server_->execute("INSERT INTO " + name + ".heap VALUES (1), (1), (2)");
        }
    }

    OracleVerdict compare(OracleScope scope = OracleScope::Rows) {
        Context const context(clock_, Deadline::after(clock_, milliseconds{60'000}),
                              std::stop_token());
        return must(compare_databases(context, server_->root("a"), server_->root("b"), scope));
    }

    static inline std::unique_ptr<DatabaseServer> server_;
    SystemClock clock_;
};

TEST_F(DumpOracleTest, EqualDatabases) {
    auto const verdict = compare(OracleScope::RowsAndSchema);
    EXPECT_TRUE(verdict.equal()) << verdict.describe();
    EXPECT_EQ(verdict.rows, 5U);
}

TEST_F(DumpOracleTest, SeesOneByteOfText) {
    server_->execute("UPDATE b.t SET text_value = 'line one\\nline \\'tvo\\' \\\\' WHERE id = 1");
    auto const verdict = compare();
    EXPECT_EQ(verdict.differing_lines, 2U);
    EXPECT_THAT(verdict.describe(), HasSubstr("INSERT INTO `t` VALUES (1,"));
}

TEST_F(DumpOracleTest, SeesOneByteOfBinaryAndTrailingSpace) {
    server_->execute("UPDATE b.t SET bin_value = x'000a0dfe' WHERE id = 1");
    EXPECT_FALSE(compare().equal());
    server_->execute("UPDATE b.t SET bin_value = x'000a0dff' WHERE id = 1");
    EXPECT_TRUE(compare().equal());
    server_->execute("UPDATE b.t SET text_value = CONCAT(text_value, ' ') WHERE id = 1");
    EXPECT_FALSE(compare().equal());
}

TEST_F(DumpOracleTest, SeesMissingAndExtraRows) {
    server_->execute("DELETE FROM b.t WHERE id = 2");
    // Its dump line and its line of the SELECT.
    EXPECT_EQ(compare().differing_lines, 2U);
    server_->execute("DELETE FROM a.t WHERE id = 2");
    EXPECT_TRUE(compare().equal());
    server_->execute("INSERT INTO b.heap VALUES (1)");
    auto const verdict = compare();
    EXPECT_EQ(verdict.only_first.size(), 0U);
    EXPECT_EQ(verdict.only_second.size(), 1U);
}

TEST_F(DumpOracleTest, TellsNullFromEmpty) {
    server_->execute("UPDATE b.t SET text_value = '' WHERE id = 2");
    EXPECT_FALSE(compare().equal());
}

// 0.1f and its neighbour print alike in six digits.
TEST_F(DumpOracleTest, SeesOneBitOfFloat) {
    server_->execute("UPDATE b.t SET f = 0.10000000894069672 WHERE id = 1");
    EXPECT_EQ(server_->scalar("SELECT CONCAT(f) FROM b.t WHERE id = 1"),
              server_->scalar("SELECT CONCAT(f) FROM a.t WHERE id = 1"));
    auto const verdict = compare();
    EXPECT_EQ(verdict.differing_lines, 2U);
    EXPECT_THAT(verdict.describe(), HasSubstr("SELECT t"));
}

TEST_F(DumpOracleTest, SeesSchemaButNotEngineOrCounter) {
    server_->execute("ALTER TABLE b.t ENGINE=MyISAM, AUTO_INCREMENT=77");
    EXPECT_TRUE(compare(OracleScope::RowsAndSchema).equal())
        << compare(OracleScope::RowsAndSchema).describe();
    server_->execute("ALTER TABLE b.t MODIFY text_value VARCHAR(101)");
    EXPECT_TRUE(compare(OracleScope::Rows).equal());
    EXPECT_FALSE(compare(OracleScope::RowsAndSchema).equal());
}

TEST_F(DumpOracleTest, RowFormatIsComparedBetweenTablesOfInnoDbOnly) {
    server_->execute("ALTER TABLE a.t ENGINE=MyISAM ROW_FORMAT=DYNAMIC");
    EXPECT_TRUE(compare(OracleScope::RowsAndSchema).equal())
        << compare(OracleScope::RowsAndSchema).describe();
    server_->execute("ALTER TABLE a.t ENGINE=InnoDB ROW_FORMAT=DYNAMIC");
    EXPECT_FALSE(compare(OracleScope::RowsAndSchema).equal());
}

TEST_F(DumpOracleTest, TellsInvalidEnumFromEmptyMember) {
    for (std::string const name : {"a", "b"})
        server_->execute("ALTER TABLE " + name + ".t MODIFY e ENUM('', 'x', 'y')");
    server_->execute("UPDATE a.t SET e = '' WHERE id = 1");
    auto connection = server_->connect_root("b");
    Context const context(clock_, Deadline::after(clock_, milliseconds{60'000}), std::stop_token());
    ASSERT_THAT(connection.execute(context, "SET sql_mode = ''"), IsOk());
    ASSERT_THAT(connection.execute(context, "UPDATE t SET e = 'invalid' WHERE id = 1"), IsOk());
    EXPECT_EQ(compare().differing_lines, 2U);
}

TEST_F(DumpOracleTest, MissingTableShows) {
    server_->execute("DROP TABLE b.heap");
    EXPECT_EQ(compare().differing_lines, 3U);
}

TEST_F(DumpOracleTest, MissingDatabaseIsAnError) {
    Context const context(clock_, Deadline::after(clock_, milliseconds{60'000}), std::stop_token());
    EXPECT_THAT(read_image(context, server_->root("nowhere"), OracleScope::Rows),
                HasError(ErrorCode::Internal, HasSubstr("nowhere")));
}

// The same data on MySQL 5.6 and MariaDB must look the same. (But for -0: MariaDB stores it as 0.)
TEST_F(DumpOracleTest, AgreesAcrossFamilies) {
    auto old = DatabaseServer::start({.kind = ServerKind::MySql56});
    if (!old.ok() && old.error().code() == ErrorCode::NotFound)
        GTEST_SKIP() << old.error().message();
    ASSERT_THAT(old, IsOk());
    std::string members;
    for (int i = 0; i < 64; ++i) members += (i == 0 ? "'m" : ",'m") + std::to_string(i) + "'";
    std::string const table =
        "CREATE TABLE x.t (id BIGINT UNSIGNED PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(20,6), "
        "s VARCHAR(50) CHARACTER SET latin1, b BLOB, t TIMESTAMP(3) NULL, z DATETIME, y YEAR, "
        "bits BIT(12), e ENUM('a','b'), st SET(" +
        members + "))";
    std::string const rows =
        "INSERT INTO x.t VALUES (1, 0.1, 1e-300, 12.5, x'e4818d', x'00ff', "
        "'2024-02-29 01:02:03.456', '0000-00-00', 1999, b'101', 'a', 9223372036854775809), "
        "(18446744073709551615, -3.4e38, 4e-324, -1, NULL, '', NULL, NULL, NULL, NULL, NULL, '')";
    for (auto const* server : {&*old, server_.get()}) {
        server->execute("CREATE DATABASE x");
        server->execute(table);
        server->execute(rows);
    }
    Context const context(clock_, Deadline::after(clock_, milliseconds{60'000}), std::stop_token());
    auto const compare_both = [&] {
        return must(compare_databases(context, old->root("x"), server_->root("x"),
                                      OracleScope::RowsBySelect));
    };
    EXPECT_TRUE(compare_both().equal()) << compare_both().describe();
    EXPECT_EQ(compare_both().rows, 2U);
    // Every column counts.
    for (std::string const change :
         {"f = 0.10000000894069672", "d = 1.0000000000000002e-300", "n = 12.500001",
          "s = x'e4818e'", "b = x'00fe'", "t = '2024-02-29 01:02:03.457'", "z = NULL", "y = 2000",
          "bits = b'100'", "e = 'b'", "st = 9223372036854775808"}) {
        server_->execute("UPDATE x.t SET " + change + " WHERE id = 1");
        EXPECT_EQ(compare_both().differing_lines, 2U) << change;
        server_->execute("DELETE FROM x.t WHERE id = 1");
        server_->execute(rows.substr(0, rows.find("), (") + 1));
    }
    EXPECT_TRUE(compare_both().equal()) << compare_both().describe();
    server_->execute("DROP DATABASE x");
}

}  // namespace
}  // namespace aipress::testing

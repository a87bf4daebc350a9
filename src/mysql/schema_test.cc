#include "mysql/schema.h"

#include <gtest/gtest.h>

namespace aipress::mysql {
namespace {

TEST(CanonicalCreateTable, DropsTheCounterOnly) {
    EXPECT_EQ(canonical_create_table("CREATE TABLE `t` (\n"
                                     "  `a` int(11) NOT NULL AUTO_INCREMENT COMMENT ' "
                                     "AUTO_INCREMENT=9',\n"
                                     "  PRIMARY KEY (`a`)\n"
                                     ") ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4 "
                                     "COMMENT='x AUTO_INCREMENT=5'"),
              "CREATE TABLE `t` (\n"
              "  `a` int(11) NOT NULL AUTO_INCREMENT COMMENT ' AUTO_INCREMENT=9',\n"
              "  PRIMARY KEY (`a`)\n"
              ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='x AUTO_INCREMENT=5'");
}

TEST(CanonicalCreateTable, LeavesATableWithoutACounter) {
    std::string const sql =
        "CREATE TABLE `t` (\n  `a` int(11)\n) ENGINE=InnoDB COMMENT=' AUTO_INCREMENT=5'";
    EXPECT_EQ(canonical_create_table(sql), sql);
}

TEST(Column, FractionOfBeforeMySql56) {
    auto const column = [](ColumnKind kind, std::string type) {
        Column made;
        made.kind = kind;
        made.column_type = std::move(type);
        return made;
    };
    using enum ColumnKind;
    EXPECT_TRUE(column(Temporal, "datetime(3) /* mariadb-5.3 */").has_unlogged_fraction());
    EXPECT_FALSE(column(Temporal, "datetime /* mariadb-5.3 */").has_unlogged_fraction());
    EXPECT_FALSE(column(Temporal, "datetime(3)").has_unlogged_fraction());
    EXPECT_FALSE(column(Enumerated, "enum('a) /* mariadb-5.3 */')").has_unlogged_fraction());
}

Schema one_table(std::string create_sql) {
    Schema schema;
    schema.name = "shop";
    Table table;
    table.name = "t";
    table.create_sql = std::move(create_sql);
    schema.tables.push_back(std::move(table));
    return schema;
}

TEST(SchemaHash, IsBlindToTheCounterAndSeesAColumn) {
    auto const first = schema_hash(one_table("CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB"));
    EXPECT_EQ(first.size(), 16u);
    EXPECT_EQ(
        first,
        schema_hash(one_table("CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB AUTO_INCREMENT=4")));
    EXPECT_NE(first, schema_hash(one_table("CREATE TABLE `t` (\n  `b` int\n) ENGINE=InnoDB")));
}

TEST(SchemaHash, IsBlindToAnEventsStatus) {
    auto schema = one_table("CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB");
    SchemaObject event;
    event.kind = ObjectKind::Event;
    event.name = "e";
    event.create_sql =
        "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE ENABLE DO "
        "SELECT 1";
    schema.objects.push_back(event);
    auto const enabled = schema_hash(schema);
    schema.objects[0].create_sql =
        "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO SELECT 1";
    EXPECT_EQ(enabled, schema_hash(schema));
    schema.objects[0].create_sql =
        "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO SELECT 2";
    EXPECT_NE(enabled, schema_hash(schema));
}

}  // namespace
}  // namespace aipress::mysql

#include "mover/table_text.h"

#include <gmock/gmock.h>

#include "mover/schema_transfer.h"

namespace aipress::mover {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

mysql::Table posts() {
    mysql::Table table;
    table.name = "wp_posts";
    table.engine = "InnoDB";
    table.collation = "utf8mb4_unicode_ci";
    mysql::Column id;
    id.name = "ID";
    id.is_auto_increment = true;
    mysql::Column title;
    title.name = "title";
    title.character_set = "latin1";
    title.collation = "latin1_bin";
    table.columns = {id, title};
    table.indexes = {{"PRIMARY", {"ID"}, true, false, false, true}};
    table.create_sql =
        "CREATE TABLE `wp_posts` (\n"
        "  `ID` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'a,\n  KEY `no` (`x`)',\n"
        "  `title` varchar(20) CHARACTER SET latin1 DEFAULT '',\n"
        "  PRIMARY KEY (`ID`),\n"
        "  UNIQUE KEY `u` (`title`),\n"
        "  KEY `k` (`title`(10)),\n"
        "  FULLTEXT KEY `f` (`title`),\n"
        "  CONSTRAINT `fk` FOREIGN KEY (`ID`) REFERENCES `p` (`ID`) ON DELETE CASCADE,\n"
        "  CONSTRAINT `positive` CHECK (`ID` > 0)\n"
        ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='x ) ENGINE=MyISAM'";
    return table;
}

TEST(BareCreateTable, KeepsUniqueKeysAndChecksAndSaysEveryCollation) {
    EXPECT_EQ(bare_create_table(posts()),
              "CREATE TABLE `wp_posts` (\n"
              "  `ID` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'a,\n  KEY `no` (`x`)',\n"
              "  `title` varchar(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT '',\n"
              "  PRIMARY KEY (`ID`),\n"
              "  UNIQUE KEY `u` (`title`),\n"
              "  CONSTRAINT `positive` CHECK (`ID` > 0)\n"
              ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 "
              "COLLATE=utf8mb4_unicode_ci COMMENT='x ) ENGINE=MyISAM'");
}

TEST(DeferredClauses, AreWhatTheBareTableLacks) {
    EXPECT_THAT(deferred_clauses(posts()),
                ElementsAre("ADD KEY `k` (`title`(10))", "ADD FULLTEXT KEY `f` (`title`)",
                            "ADD CONSTRAINT `fk` FOREIGN KEY (`ID`) REFERENCES `p` (`ID`) ON "
                            "DELETE CASCADE"));
}

TEST(DeferredClauses, LeavePlainIndexesOfWideRowsInPlace) {
    auto table = posts();
    table.indexes.push_back({"k", {"title"}, false, false, false, true});
    table.row_estimate = 1'000;
    table.data_bytes = 4'300'000;
    EXPECT_THAT(deferred_clauses(table),
                ElementsAre("ADD FULLTEXT KEY `f` (`title`)",
                            "ADD CONSTRAINT `fk` FOREIGN KEY (`ID`) REFERENCES `p` (`ID`) ON "
                            "DELETE CASCADE"));
    EXPECT_THAT(bare_create_table(table), testing::HasSubstr("\n  KEY `k` (`title`(10)),\n"));
}

TEST(BareCreateTable, MakesInnoDbOfMyIsam) {
    mysql::Table table;
    table.engine = "MyISAM";
    table.create_sql =
        "CREATE TABLE `t` (\n"
        "  `a` char(9) DEFAULT 'ENGINE=MyISAM',\n"
        "  PRIMARY KEY (`a`) KEY_BLOCK_SIZE=1024\n"
        ") ENGINE=MyISAM DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci CHECKSUM=1 "
        "DELAY_KEY_WRITE=1 ROW_FORMAT=FIXED COMMENT='ROW_FORMAT=FIXED x' "
        "DATA DIRECTORY='/a b/' INDEX DIRECTORY='/c/'";
    EXPECT_EQ(bare_create_table(table),
              "CREATE TABLE `t` (\n"
              "  `a` char(9) DEFAULT 'ENGINE=MyISAM',\n"
              "  PRIMARY KEY (`a`)\n"
              ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci "
              "COMMENT='ROW_FORMAT=FIXED x'");
}

TEST(BareCreateTable, MakesInnoDbOfPartitionsToo) {
    mysql::Table table;
    table.engine = "Aria";
    table.create_sql =
        "CREATE TABLE `t` (\n"
        "  `a` int(11) NOT NULL\n"
        ") ENGINE=Aria DEFAULT CHARSET=latin1 PAGE_CHECKSUM=1\n"
        " PARTITION BY RANGE (`a`)\n"
        "(PARTITION `p0` VALUES LESS THAN (10) DATA DIRECTORY = '/x' ENGINE = Aria,\n"
        " PARTITION `p1` VALUES LESS THAN MAXVALUE ENGINE = Aria)";
    EXPECT_EQ(bare_create_table(table),
              "CREATE TABLE `t` (\n"
              "  `a` int(11) NOT NULL\n"
              ") ENGINE=InnoDB DEFAULT CHARSET=latin1\n"
              " PARTITION BY RANGE (`a`)\n"
              "(PARTITION `p0` VALUES LESS THAN (10) ENGINE = InnoDB,\n"
              " PARTITION `p1` VALUES LESS THAN MAXVALUE ENGINE = InnoDB)");
}

TEST(BareCreateTable, KeepsThePlainIndexThatTheCounterNeeds) {
    mysql::Table table = posts();
    table.indexes = {{"k", {"title"}, false, false, false, true},
                     {"c", {"ID"}, false, false, false, true}};
    table.create_sql =
        "CREATE TABLE `t` (\n"
        "  `ID` int(11) NOT NULL AUTO_INCREMENT,\n"
        "  `title` int(11),\n"
        "  KEY `k` (`title`),\n"
        "  KEY `c` (`ID`)\n"
        ") ENGINE=InnoDB";
    EXPECT_THAT(bare_create_table(table), testing::HasSubstr("KEY `c` (`ID`)"));
    EXPECT_THAT(deferred_clauses(table), ElementsAre("ADD KEY `k` (`title`)"));
}

TEST(BareCreateTable, AddsTheIndexThatMyIsamCountersDoWithout) {
    mysql::Table table = posts();
    table.engine = "MyISAM";
    table.indexes = {{"PRIMARY", {"title", "ID"}, true, false, false, true}};
    table.create_sql =
        "CREATE TABLE `t` (\n"
        "  `ID` int(11) NOT NULL AUTO_INCREMENT,\n"
        "  `title` int(11),\n"
        "  PRIMARY KEY (`title`,`ID`)\n"
        ") ENGINE=MyISAM";
    EXPECT_TRUE(needs_counter_index(table));
    EXPECT_THAT(bare_create_table(table),
                testing::HasSubstr("PRIMARY KEY (`title`,`ID`),\n  KEY `aipress_counter` (`ID`)"));
    EXPECT_THAT(deferred_clauses(table), IsEmpty());
}

TEST(BareCreateTable, LeavesTablespacesBehind) {
    mysql::Table table;
    table.engine = "InnoDB";
    table.create_sql =
        "CREATE TABLE `t` (\n  `a` int\n) /*!50100 TABLESPACE `ts` */ ENGINE=InnoDB "
        "KEY_BLOCK_SIZE=8 ROW_FORMAT=COMPRESSED";
    EXPECT_EQ(bare_create_table(table),
              "CREATE TABLE `t` (\n  `a` int\n)  ENGINE=InnoDB KEY_BLOCK_SIZE=8 "
              "ROW_FORMAT=COMPRESSED");
}

}  // namespace
}  // namespace aipress::mover

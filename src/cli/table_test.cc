#include "cli/table.h"

#include <gtest/gtest.h>

namespace aipress::cli {
namespace {

TEST(TableTest, AlignsNumbersRightAndLeavesNoBlanksAtTheEnd) {
    Table table({{"table"}, {"rows", Align::Right}, {"mode"}});
    table.add_row({"wp_posts", "1,204", "live"});
    table.add_row({"größe", "7", ""});
    EXPECT_EQ(table.render(),
              "table      rows  mode\n"
              "wp_posts  1,204  live\n"
              "größe         7\n");
}

TEST(TableTest, ControlCharactersDoNotReachTheTerminal) {
    Table table({{"table"}, {"rows", Align::Right}});
    table.add_row({"a\x1b[2J\nb", "1"});
    EXPECT_EQ(table.render(), "table    rows\na?[2J?b     1\n");
}

TEST(TableTest, LongCellsGoOnBelow) {
    Table table({{"code"}, {"message", Align::Left, 10}});
    table.add_row({"binlog-off", "no log: rows cannot-be-followed at all"});
    table.add_row({"x", "short"});
    EXPECT_EQ(table.render(),
              "code        message\n"
              "binlog-off  no log:\n"
              "            rows\n"
              "            cannot-be-followed\n"
              "            at all\n"
              "x           short\n");
}

TEST(FormatTest, Counts) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1'000), "1,000");
    EXPECT_EQ(format_count(18'446'744'073'709'551'615ull), "18,446,744,073,709,551,615");
}

TEST(FormatTest, Bytes) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(999), "999 B");
    EXPECT_EQ(format_bytes(1'000), "1.0 kB");
    EXPECT_EQ(format_bytes(999'949), "999.9 kB");
    EXPECT_EQ(format_bytes(999'999), "1.0 MB");
    EXPECT_EQ(format_bytes(23'400'000), "23.4 MB");
    EXPECT_EQ(format_bytes(18'446'744'073'709'551'615ull), "18446.7 PB");
}

}  // namespace
}  // namespace aipress::cli

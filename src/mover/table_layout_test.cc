#include "mover/table_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aipress::mover {
namespace {

using mysql::ColumnKind;
using mysql::binlog::ColumnValue;

mysql::Column column(std::string name, std::size_t ordinal, ColumnKind kind,
                     std::string data_type = "") {
    mysql::Column made;
    made.name = std::move(name);
    made.ordinal = ordinal;
    made.kind = kind;
    made.data_type = std::move(data_type);
    if (kind == ColumnKind::Text) made.character_set = "utf8mb4";
    return made;
}

TableLayout layout_of(std::vector<mysql::Column> columns, std::vector<std::size_t> key) {
    mysql::Table table;
    table.name = "t";
    table.columns = std::move(columns);
    table.key = std::move(key);
    return TableLayout(table);
}

RowKey key_of(std::initializer_list<std::string_view> parts) {
    RowKey key;
    for (auto const part : parts) append_key_part(key, part);
    return key;
}

TEST(TableLayoutTest, RangesOfACompositeKeyCutExactly) {
    auto const layout = layout_of(
        {column("a", 0, ColumnKind::Integer), column("b", 1, ColumnKind::Integer)}, {0, 1});
    EXPECT_EQ(layout.in_range({}), "TRUE");
    EXPECT_EQ(layout.in_range({key_of({"1", "2"}), {}}), "(`a`>=1 AND (`a`>1 OR `b`>2))");
    EXPECT_EQ(layout.in_range({{}, key_of({"3", "4"})}), "(`a`<=3 AND (`a`<3 OR `b`<=4))");
}

TEST(TableLayoutTest, TextKeysNameTheirCharacterSetSoThatTheCollationDecides) {
    auto const layout = layout_of({column("k", 0, ColumnKind::Text)}, {0});
    auto const key = key_of({"ab"});
    EXPECT_EQ(layout.in_keys({key}), "`k` IN (_utf8mb4 x'6162')");
}

// MariaDB numbers a 0 anew when LOAD DATA has a SET clause that does not name the counter.
TEST(TableLayoutTest, AutoIncrementGoesThroughTheSetClauseWhenThereIsOne) {
    auto id = column("id", 0, ColumnKind::Integer);
    id.is_auto_increment = true;
    EXPECT_EQ(layout_of({id, column("x", 1, ColumnKind::Text)}, {0}).load_columns(), "(`id`,`x`)");
    EXPECT_EQ(layout_of({id, column("e", 1, ColumnKind::Enumerated)}, {0}).load_columns(),
              "(@v0,@v1) SET `id`=@v0, `e`=CAST(@v1 AS UNSIGNED)");
}

TEST(TableLayoutTest, PlaceholdersTakeNumbersAndJsonAsText) {
    EXPECT_EQ(
        layout_of({column("id", 0, ColumnKind::Integer), column("e", 1, ColumnKind::Enumerated),
                   column("b", 2, ColumnKind::Bit), column("j", 3, ColumnKind::Json)},
                  {0})
            .insert_placeholders(),
        "?,CAST(? AS UNSIGNED),CAST(? AS UNSIGNED),CONVERT(? USING utf8mb4)");
}

TEST(TableLayoutTest, WideRowsAreThoseOfWhichAPageHoldsAFew) {
    auto const is_wide = [](std::uint64_t rows, std::uint64_t bytes) {
        mysql::Table table;
        table.row_estimate = rows;
        table.data_bytes = bytes;
        return has_wide_rows(table);
    };
    EXPECT_FALSE(is_wide(0, 16'384));  // no statistics yet
    EXPECT_FALSE(is_wide(10, 10'239));
    EXPECT_TRUE(is_wide(10, 10'240));
    EXPECT_TRUE(is_wide(10, 163'839));
    EXPECT_FALSE(is_wide(10, 163'840));  // most of such a row lies outside its page
}

// The log strips a BINARY's trailing zeros, a SELECT shows them.
TEST(TableLayoutTest, BinaryKeysFromTheLogArePadded) {
    auto fixed = column("k", 0, ColumnKind::Binary, "binary");
    fixed.octet_length = 4;
    auto const layout = layout_of({fixed}, {0});
    ColumnValue value;
    value.kind = ColumnValue::Kind::Bytes;
    value.bytes = "ab";
    EXPECT_EQ(layout.key_of_image({value}, nullptr), key_of({std::string_view("ab\0\0", 4)}));
}

TEST(TableLayoutTest, AMinimalAfterImageTakesTheKeyFromTheBeforeImage) {
    auto const layout = layout_of({column("id", 0, ColumnKind::Integer)}, {0});
    ColumnValue seven;
    seven.kind = ColumnValue::Kind::Integer;
    seven.integer = 0xfffffff9;  // -7 in four bytes
    seven.width = 4;
    mysql::binlog::RowImage const before{seven};
    mysql::binlog::RowImage const after{ColumnValue{}};
    EXPECT_EQ(layout.key_of_image(after, &before), key_of({"-7"}));
    EXPECT_EQ(layout.key_of_image(after, nullptr), std::nullopt);
}

TEST(TableLayoutTest, GeneratedColumnsDoNotTravel) {
    auto made = column("g", 1, ColumnKind::Text);
    made.is_generated = true;
    auto const layout = layout_of({column("id", 0, ColumnKind::Integer), made}, {0});
    EXPECT_EQ(layout.select_list(), "`id`");
}

}  // namespace
}  // namespace aipress::mover

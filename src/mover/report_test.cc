#include "mover/report.h"

#include <gtest/gtest.h>

namespace aipress::mover {
namespace {

TableReport table(std::string mode, std::uint64_t estimate, std::uint64_t copied) {
    TableReport made;
    made.mode = std::move(mode);
    made.rows_estimate = estimate;
    made.bytes_estimate = 10 * estimate;
    made.rows_copied = copied;
    made.bytes_copied = 10 * copied;
    made.rows_verified = copied;
    return made;
}

TEST(ReportTest, LateTablesDoNotHoldTheCopyBelowAHundredPercent) {
    Report report;
    report.per_table = {table("live", 100, 100), table("live", 50, 50), table("late", 30, 0)};
    add_up_tables(report);
    EXPECT_EQ(report.rows_copied, 150u);
    EXPECT_EQ(report.rows_estimate, 150u);
    EXPECT_EQ(report.bytes_copied, 1500u);
    EXPECT_EQ(report.bytes_estimate, 1500u);
    EXPECT_EQ(count_late_tables(report), 1u);
}

TEST(ReportTest, LateTablesCountOnceTheyAreCopiedHoweverOften) {
    Report report;
    report.per_table = {table("live", 100, 100), table("late", 30, 29)};
    add_up_tables(report);
    add_up_tables(report);
    EXPECT_EQ(report.rows_copied, 129u);
    EXPECT_EQ(report.rows_estimate, 129u);
    EXPECT_EQ(report.verified_rows, 129u);
}

}  // namespace
}  // namespace aipress::mover

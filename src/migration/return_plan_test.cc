#include "migration/return_plan.h"

#include <gmock/gmock.h>

#include "testing/must.h"
#include "testing/status_matchers.h"

namespace aipress::migration {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::must;

KnownBackup const kBackup{.id = "b-1", .taken_at = "2026-11-30T12:00:00Z"};

TEST(ReturnPlanTest, WhatIsWholeLosesNothing) {
    auto const plan = plan_return({}, 70, kBackup);
    EXPECT_EQ(plan.by, ReturnBy::Stream);
    EXPECT_EQ(plan.loss(), "");
}

TEST(ReturnPlanTest, TheOldDatabaseIsPreferredWhereItIsWhole) {
    auto const plan =
        plan_return({.broken = "DDL", .writes_to_carry = 4, .writes_behind_break = 3}, 70, kBackup);
    EXPECT_EQ(plan.by, ReturnBy::OldDatabase);
    EXPECT_THAT(plan.cause, HasSubstr("DDL"));
    EXPECT_THAT(plan.loss(), HasSubstr("at least 3 changed rows of the new home are lost"));
    auto const purged = plan_return({.broken = "purged", .is_counted = false}, 70, kBackup);
    EXPECT_THAT(purged.loss(), HasSubstr("an unknown number of changed rows"));
}

TEST(ReturnPlanTest, ADamagedOneIsRestoredWhetherTheStreamIsBrokenOrNot) {
    for (auto const* const broken : {"", "DDL"}) {
        auto const plan = plan_return({.broken = broken,
                                       .writes_to_carry = 1,
                                       .writes_behind_break = 2,
                                       .damage = "wp_posts is gone"},
                                      70, kBackup);
        EXPECT_EQ(plan.by, ReturnBy::Backup);
        EXPECT_THAT(plan.cause, HasSubstr("wp_posts is gone"));
        EXPECT_THAT(plan.loss(), HasSubstr("since the backup b-1 of 2026-11-30T12:00:00Z is lost"));
        EXPECT_THAT(plan.loss(), HasSubstr("at least 73 changed rows"));
        auto const read = must(return_plan_of(to_json(plan)));
        EXPECT_EQ(to_json(read), to_json(plan));
    }
    EXPECT_THAT(return_plan_of({{"by", "magic"}}), HasCode(ErrorCode::DataLoss));
}

// A stream that is whole compares every row before it gives back; behind one that is broken only
// the old side's log can tell.
TEST(ReturnPlanTest, DoubtMattersBehindABreakOnly) {
    mover::WayBack found{.doubt = "10 rows were changed by somebody else"};
    EXPECT_EQ(plan_return(found, 70, kBackup).by, ReturnBy::Stream);
    EXPECT_EQ(plan_return(found, 70, kBackup, "wp_posts (7) differs").by, ReturnBy::Backup);
    found.broken = "DDL";
    auto const plan = plan_return(found, 70, kBackup);
    EXPECT_EQ(plan.by, ReturnBy::Backup);
    EXPECT_THAT(plan.cause, HasSubstr("somebody else, and the stream back is broken: DDL"));
}

}  // namespace
}  // namespace aipress::migration

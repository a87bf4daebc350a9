#include "migration/action.h"

#include <gmock/gmock.h>

#include "testing/must.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::migration {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::must;

class ActionTest : public ::testing::Test {
protected:
    Action action(std::string const& name) {
        return {.name = name,
                .look = [this](Context const&) -> Result<Facts> {
                    calls_.emplace_back("look");
                    return Facts{{"ttl", 300}};
                },
                .act = [this](Context const&, Facts const& before) -> Result<Facts> {
                    calls_.push_back("act " + std::to_string(before.at("ttl").as_int64()));
                    if (fails_) return Error(ErrorCode::Unavailable, "gone");
                    return Facts{{"made", true}};
                },
                .undo = [this, name](Context const&, ActionRecord const& record) -> Result<void> {
                    calls_.push_back("undo " + name + " " +
                                     std::to_string(record.before.at("ttl").as_int64()));
                    if (fails_) return Error(ErrorCode::Unavailable, "gone");
                    return {};
                }};
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    SystemClock clock_;
    NoProbe probe_;
    std::unique_ptr<Journal> const journal_ =
        must(Journal::create((folder_ / "j").string(), {.id = "m"}, clock_, probe_));
    Context const context_{clock_, Deadline::never(), {}};
    std::vector<std::string> calls_;
    bool fails_ = false;
};

TEST_F(ActionTest, WhatIsDoneIsNotDoneAgainUnlessAskedFor) {
    auto const facts = must(perform(context_, *journal_, action("a"), Repeat::Never));
    EXPECT_TRUE(facts.at("made").as_bool());
    EXPECT_EQ(must(perform(context_, *journal_, action("a"), Repeat::Never)), facts);
    EXPECT_THAT(calls_, ElementsAre("look", "act 300"));
    must(perform(context_, *journal_, action("a"), Repeat::Always));
    EXPECT_THAT(calls_, ElementsAre("look", "act 300", "act 300"));
}

TEST_F(ActionTest, AFailedOneIsCarriedOnWithWhatWasSeenFirst) {
    fails_ = true;
    EXPECT_THAT(perform(context_, *journal_, action("a"), Repeat::Never),
                HasCode(ErrorCode::Unavailable));
    EXPECT_EQ(journal_->content().entries.back().event, Event::Failed);
    fails_ = false;
    must(perform(context_, *journal_, action("a"), Repeat::Never));
    EXPECT_THAT(calls_, ElementsAre("look", "act 300", "act 300"));
}

TEST_F(ActionTest, TheLastIsUndoneFirstAndOnlyWhatWasBegun) {
    must(perform(context_, *journal_, action("a"), Repeat::Never));
    must(perform(context_, *journal_, action("b"), Repeat::Never));
    calls_.clear();
    must(undo_all(context_, *journal_, {action("a"), action("b"), action("c")}));
    EXPECT_THAT(calls_, ElementsAre("undo b 300", "undo a 300"));
    must(undo_all(context_, *journal_, {action("a"), action("b"), action("c")}));
    EXPECT_EQ(calls_.size(), 2u);
}

TEST_F(ActionTest, OneThatCannotBeUndoneIsTriedAgain) {
    must(perform(context_, *journal_, action("a"), Repeat::Never));
    must(perform(context_, *journal_, action("b"), Repeat::Never));
    fails_ = true;
    EXPECT_THAT(undo_all(context_, *journal_, {action("a"), action("b")}),
                HasCode(ErrorCode::Unavailable));
    fails_ = false;
    calls_.clear();
    must(undo_all(context_, *journal_, {action("a"), action("b")}));
    EXPECT_THAT(calls_, ElementsAre("undo b 300", "undo a 300"));
}

// Of a switch that cannot be taken back the new home serves: it is not taken apart.
TEST_F(ActionTest, BehindOneThatStopsItNothingIsUndone) {
    auto last = action("c");
    last.undo = {};
    auto barrier = action("b");
    barrier.if_undo_fails = IfUndoFails::Stop;
    for (auto const& each : {action("a"), barrier, last}) {
        must(perform(context_, *journal_, each, Repeat::Never));
    }
    calls_.clear();
    fails_ = true;
    EXPECT_THAT(undo_all(context_, *journal_, {action("a"), barrier, last}),
                HasCode(ErrorCode::Unavailable));
    EXPECT_THAT(calls_, ElementsAre("undo b 300"));
    EXPECT_TRUE(journal_->content().is_done("a"));
    EXPECT_FALSE(journal_->content().is_begun("c"));
}

}  // namespace
}  // namespace aipress::migration

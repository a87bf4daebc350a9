#include <gmock/gmock.h>
#include <thread>

#include "testing/rehearsal/arguments.h"
#include "testing/rehearsal/census.h"
#include "testing/rehearsal/child.h"
#include "testing/rehearsal/ledger.h"
#include "testing/rehearsal/mover_process.h"
#include "testing/rehearsal/progress.h"
#include "testing/rehearsal/verdict.h"
#include "testing/rehearsal/visitors.h"

namespace aipress::rehearsal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Visitors, ACommentIsAcceptedWhenTheRedirectNamesIt) {
    EXPECT_EQ(comment_of_location("http://127.0.0.1:80/post-7/comment-page-2/#comment-412"), 412u);
    EXPECT_EQ(comment_of_location("/?unapproved=3&moderation-hash=x#comment-3"), 3u);
    EXPECT_EQ(comment_of_location("http://127.0.0.1/wp-login.php"), 0u);
    EXPECT_EQ(comment_of_location("/post-7/#comment-"), 0u);
    EXPECT_EQ(comment_of_location("/post-7/#comment-12x"), 0u);
}

TEST(Ledger, CountsBySideAndWakesWhoeverWaits) {
    SystemClock clock;
    Context const context(clock, Deadline::after(clock, milliseconds(10'000)), {});
    Ledger ledger;
    ledger.add({1, 10, "first", "127.0.0.1:1"});
    EXPECT_EQ(ledger.count_on("127.0.0.1:2"), 0u);
    std::jthread writer([&] {
        ledger.add({2, 10, "second", "127.0.0.1:2"});
        ledger.add({3, 10, "third", "127.0.0.1:2"});
    });
    EXPECT_TRUE(ledger.wait_for(context, "127.0.0.1:2", 2).ok());
    EXPECT_EQ(ledger.count_on("127.0.0.1:1"), 1u);

    auto const in_vain = ledger.wait_for(context.within(milliseconds(1)), "127.0.0.1:3", 1);
    ASSERT_FALSE(in_vain.ok());
    EXPECT_EQ(in_vain.error().code(), ErrorCode::DeadlineExceeded);
}

Census const kBefore = {{"wp_comments", {100, "1"}},
                        {"wp_options", {50, "2"}},
                        {"wp_terms", {7, "3"}},
                        {"wp_users", {1, "4"}}};
std::map<std::string, Visited> const kVisited = {{"wp_comments", Visited::Grows},
                                                 {"wp_options", Visited::Churns}};

TEST(Census, WhatVisitsChangeIsNoFault) {
    auto after = kBefore;
    after["wp_comments"] = {130, "9"};
    after["wp_options"] = {49, "8"};
    auto const comparison = compare(kBefore, after, kVisited);
    EXPECT_EQ(comparison.lost_rows, 0u);
    EXPECT_THAT(comparison.faults, IsEmpty());
}

TEST(Census, NothingIsLostUnseen) {
    auto after = kBefore;
    after["wp_comments"].rows = 97;      // three comments gone
    after["wp_terms"].checksum = "999";  // as many rows, but not the same
    after.erase("wp_users");
    auto const comparison = compare(kBefore, after, kVisited);
    EXPECT_EQ(comparison.lost_rows, 3u + 1u + 1u);
    EXPECT_THAT(comparison.faults, ElementsAre(HasSubstr("wp_comments: 3 rows fewer"),
                                               HasSubstr("wp_terms: 7 rows with checksum 999"),
                                               HasSubstr("wp_users: missing")));
}

constexpr char const* kStatus =
    R"({"state":"reversing","owner":"target","rows_estimate":200,"rows_copied":190,
        "bytes_copied":12345678,"rows_changed":42,"dirty_keys":0,"lag_ms":7,"fence_ms":312,
        "rollback_fence_ms":-1,"verified_rows":190,"differences":0,"per_table":[]})";

TEST(MoveStatus, IsReadFromWhatTheBinaryPrints) {
    auto const status = parse_status(kStatus);
    ASSERT_TRUE(status.ok()) << status.error().message();
    EXPECT_EQ(status->state, "reversing");
    EXPECT_EQ(status->owner, "target");
    EXPECT_EQ(status->fence_ms, 312);
    EXPECT_EQ(status->verified_rows, 190);
}

TEST(MoveStatus, AMissingFieldIsNamed) {
    auto const status = parse_status(R"({"state":"copying"})");
    ASSERT_FALSE(status.ok());
    EXPECT_THAT(status.error().message(), HasSubstr("owner"));
}

TEST(Progress, SaysHowFarAMoveIs) {
    TenantProgress tenant;
    tenant.name = "blog";
    tenant.move = parse_status(kStatus).release();
    tenant.comments = 17;
    auto const line = progress_line(tenant);
    EXPECT_THAT(line, HasSubstr("blog"));
    EXPECT_THAT(line, HasSubstr("95 %"));
    EXPECT_THAT(line, HasSubstr("fence 312 ms"));
    EXPECT_THAT(line, HasSubstr("17 comments"));
}

TEST(Verdict, TheTableNamesEveryFault) {
    Outcome good;
    good.name = "blog";
    good.move = parse_status(kStatus).release();
    Outcome bad = good;
    bad.name = "shop";
    bad.ledger.missing = 2;
    bad.owner.lost_rows = 3;
    bad.faults = {"comment 4 is missing"};
    auto const text = render({good, bad});
    EXPECT_THAT(text, HasSubstr("good, reversing"));
    EXPECT_THAT(text, HasSubstr("FAILED, reversing"));
    EXPECT_THAT(text, HasSubstr("shop: comment 4 is missing"));
    EXPECT_EQ(bad.lost_rows(), 5u);
}

std::variant<Arguments, UsageExit> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "some/folder/aipress-rehearse");
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return parse_arguments(static_cast<int>(words.size()), pointers.data(), "php");
}

TEST(Arguments, DefaultsAreTheWholeRehearsalWithTheBinaryBeside) {
    auto const parsed = parse({});
    auto const& arguments = std::get<Arguments>(parsed);
    EXPECT_EQ(arguments.rehearsal.aipress, "some/folder/aipress");
    EXPECT_EQ(arguments.rehearsal.stage.scale, Scale::Full);
    EXPECT_EQ(arguments.rehearsal.scope, Scope::Move);
    EXPECT_EQ(arguments.log_folder, LogFolder::RemoveWhenGood);
}

TEST(Arguments, EveryOptionIsTaken) {
    auto const parsed = parse({"--small", "--sites-only", "--hold", "--keep", "--seed", "77",
                               "--aipress", "other", "--php", "here"});
    auto const& arguments = std::get<Arguments>(parsed);
    EXPECT_EQ(arguments.rehearsal.stage.scale, Scale::Small);
    EXPECT_EQ(arguments.rehearsal.scope, Scope::SitesOnly);
    EXPECT_EQ(arguments.rehearsal.ending, Ending::Hold);
    EXPECT_EQ(arguments.log_folder, LogFolder::Keep);
    EXPECT_EQ(arguments.rehearsal.stage.seed, 77u);
    EXPECT_EQ(arguments.rehearsal.aipress, "other");
    EXPECT_EQ(arguments.rehearsal.stage.php_folder, "here");
}

TEST(Arguments, WrongUsageIsRefused) {
    for (auto const& words : std::vector<std::vector<std::string>>{
             {"--smal1"}, {"--seed"}, {"--seed", "x"}, {"--seed", "-1"}, {"stray"}}) {
        auto const parsed = parse(words);
        ASSERT_TRUE(std::holds_alternative<UsageExit>(parsed)) << words.front();
        EXPECT_EQ(std::get<UsageExit>(parsed).code, 2);
    }
    auto const help = parse({"--help"});
    EXPECT_EQ(std::get<UsageExit>(help).code, 0);
}

TEST(Child, LastLinesOfALog) {
    EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc\n");
    EXPECT_EQ(last_lines("a\nb\nc", 1), "c");
    EXPECT_EQ(last_lines("a\n", 5), "a\n");
    EXPECT_EQ(last_lines("", 3), "");
}

TEST(Child, AProgramThatIsNotThereIsNotFound) {
    auto const found = find_program("no-such-program-anywhere");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code(), ErrorCode::NotFound);
    EXPECT_TRUE(find_program("sh").ok());
}

}  // namespace
}  // namespace aipress::rehearsal

#include <functional>
#include <gmock/gmock.h>

#include "testing/rehearsal/drill/arguments.h"
#include "testing/rehearsal/drill/report.h"

namespace aipress::drill {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

SteadyTime at(int ms) {
    return SteadyTime{} + milliseconds(100'000 + ms);
}

void page(VisitLog& log, int from, int to, std::string fault = "") {
    log.add({at(from), at(to), VisitKind::Page, std::move(fault)});
}

TEST(VisitLog, TheLongestGapIsBetweenGoodAnswers) {
    VisitLog log;
    page(log, 0, 10);
    page(log, 20, 30, "status 502");
    page(log, 300, 310);
    page(log, 320, 330);
    EXPECT_EQ(log.longest_gap(at(0), at(1'000)).length, milliseconds(300));
    EXPECT_EQ(log.longest_gap(at(315), at(1'000)).length, milliseconds(20));
    EXPECT_EQ(log.failed(), 1u);
}

TEST(VisitLog, ASiteThatStaysDownIsDownUntilTheLastVisit) {
    VisitLog log;
    page(log, 0, 10);
    page(log, 20, 700, "status 502");
    EXPECT_EQ(log.longest_gap(at(0), at(1'000)).length, milliseconds(690));
}

TEST(VisitLog, LatencyIsThatOfGoodPagesOfTheTime) {
    VisitLog log;
    for (int i = 1; i <= 20; ++i) page(log, 1'000, 1'000 + i);
    page(log, 1'000, 9'000, "no answer in time");
    page(log, 2'000, 2'500);
    log.add({at(1'000), at(1'900), VisitKind::Write, ""});
    auto const latency = log.latency(at(500), at(1'500));
    EXPECT_EQ(latency.visits, 20u);
    EXPECT_DOUBLE_EQ(latency.median_ms, 10);
    EXPECT_DOUBLE_EQ(latency.p95_ms, 19);
}

TEST(Guests, ATitleIsWhatIsBetweenItsTags) {
    EXPECT_EQ(title_of("<head><title>Bread &amp; more</title>"), "Bread &amp; more");
    EXPECT_EQ(title_of("<title>never closed"), "");
    EXPECT_EQ(title_of("</title><title>"), "");
}

Visiting const kVisiting{at(0), at(1'000), at(2'000), at(3'000)};

// A tenant that moved as it should.
void travel(Journey& journey) {
    journey.tenant = poc::make_tenant(1, 1);
    journey.began = at(1'000);
    journey.ended = at(2'000);
    journey.told = {.state = "moved", .fence_ms = 400, .steps = {{"backup", {}, {}}}};
    journey.writes = {.comments = 3, .uploads = 2};
    for (int i = 0; i < 60; ++i) page(journey.visits, i * 50, i * 50 + 20);
}

TEST(Judge, ATenantThatMovedIsGood) {
    Journey journey;
    travel(journey);
    auto const report = judge(journey, kVisiting);
    EXPECT_THAT(report.faults, IsEmpty());
    EXPECT_EQ(report.downtime_ms, 50);
}

TEST(Judge, WhatIsMissingOrForeignOrNotShownFails) {
    struct Case {
        std::function<void(Journey&)> spoil;
        char const* fault;
    };
    std::vector<Case> const cases{
        {[](Journey& it) {
             it.writes.missing_comments = 1;
             it.writes.examples = {"comment 7 is not in the database"};
         },
         "comment 7 is not in the database"},
        {[](Journey& it) { it.writes.missing_uploads = 1; }, "accepted writes are missing"},
        {[](Journey& it) { it.writes.uploads = 0; }, "nothing was written"},
        {[](Journey& it) { it.visits.add_foreign("x"); }, "visitors saw another tenant's site"},
        {[](Journey& it) { page(it.visits, 400'000, 400'010); }, "it was down for too long"},
        {[](Journey& it) { it.told.fence_ms = -1; }, "no fence was reported"},
        {[](Journey& it) { it.fate = Fate::FailsAndReturns; }, "was never broken"},
        {[](Journey& it) { it.fate = Fate::ReturnsByHand; }, "nothing was written on the new side"},
        {[](Journey& it) { it.faults = {"DNS says otherwise"}; }, "DNS says otherwise"},
    };
    auto visiting = kVisiting;
    visiting.to = at(500'000);
    for (auto const& one : cases) {
        Journey journey;
        travel(journey);
        one.spoil(journey);
        auto const report = judge(journey, visiting);
        EXPECT_FALSE(report.is_good) << one.fault;
        EXPECT_THAT(report.faults, Contains(HasSubstr(one.fault)));
    }
}

TEST(Report, IsGoodOnlyAsAWhole) {
    Journey journey;
    travel(journey);
    Report report{.tenants = {judge(journey, kVisiting)}};
    EXPECT_TRUE(report.is_good());
    EXPECT_EQ(json_of(report).at("verdict"), "good");
    report.secrets_found = {"log has the value of password"};
    EXPECT_FALSE(report.is_good());
    EXPECT_THAT(table_of(report), HasSubstr("FAILED: log has the value"));
    EXPECT_FALSE(Report{}.is_good());
}

TEST(Report, ThePageFetchesNothingAndEscapes) {
    Journey journey;
    travel(journey);
    journey.faults = {"<script>alert(1)</script>"};
    Report const report{.tenants = {judge(journey, kVisiting)}};
    auto const html = page_of(report);
    EXPECT_THAT(html, Not(HasSubstr("<script")));
    for (auto const* const fetched : {"src=", "href=", "url(", "@import"})
        EXPECT_THAT(html, Not(HasSubstr(fetched)));
    EXPECT_THAT(html, HasSubstr("tenant-001"));
}

std::variant<Arguments, rehearsal::UsageExit> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "build/aipress-rehearse");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return parse_arguments(static_cast<int>(words.size()), argv.data());
}

TEST(Arguments, AreReadAndChecked) {
    auto const good = parse({"--tenants", "3", "--observe", "5s", "--sabotage", "invent-upload"});
    ASSERT_TRUE(std::holds_alternative<Arguments>(good));
    auto const& options = std::get<Arguments>(good).options;
    EXPECT_EQ(options.tenants, 3u);
    EXPECT_EQ(options.observe, "5s");
    EXPECT_EQ(options.aipress, "build/aipress");
    EXPECT_EQ(options.sabotage, std::vector{Sabotage::InventUpload});
    for (auto const& wrong : std::vector<std::vector<std::string>>{
             {"--tenants", "0"}, {"--tenants", "x"}, {"--sabotage", "all"}, {"--no"}, {"more"}}) {
        auto const answer = parse(wrong);
        ASSERT_TRUE(std::holds_alternative<rehearsal::UsageExit>(answer)) << wrong.front();
        EXPECT_EQ(std::get<rehearsal::UsageExit>(answer).code, 2);
    }
}

}  // namespace
}  // namespace aipress::drill

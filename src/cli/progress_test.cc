#include "cli/progress.h"

#include <gmock/gmock.h>

#include "cli/table.h"

namespace aipress::cli {
namespace {

using mover::Report;
using mover::State;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FakeClock final : public Clock {
public:
    [[nodiscard]] SteadyTime now() const override { return now_; }
    [[nodiscard]] WallTime wall_now() const override { return {}; }
    bool sleep_for(milliseconds duration, std::stop_token) override {
        now_ += duration;
        return true;
    }
    std::unique_ptr<Alarm> call_at(SteadyTime, std::function<void()>) override { return nullptr; }
    void advance(milliseconds duration) { now_ += duration; }

private:
    SteadyTime now_{};
};

Report copying() {
    Report report;
    report.state = State::Copying;
    report.tables = 12;
    report.tables_copied = 3;
    report.bytes_copied = 500'000'000;
    report.bytes_estimate = 2'000'000'000;
    report.lag_ms = 431;
    return report;
}

TEST(ProgressLineTest, Copying) {
    EXPECT_EQ(progress_line(copying(), 25'000'000, 200),
              "copying      [#####...............]  25 %  500.0 MB of ~2.0 GB  25.0 MB/s  "
              "ETA 1 m 00 s  3/12 tables  lag 431 ms");
}

TEST(ProgressLineTest, TablesThatWaitForTheFenceAreNamedApart) {
    auto report = copying();
    for (auto const* mode : {"late", "live", "late"}) report.per_table.emplace_back().mode = mode;
    EXPECT_THAT(progress_line(report, 0, 200), HasSubstr("  3/10 tables (+2 in the fence)  lag"));
}

TEST(ProgressLineTest, WithoutARateThereIsNoGuess) {
    EXPECT_THAT(progress_line(copying(), 0, 200), Not(HasSubstr("ETA")));
    auto more = copying();
    more.bytes_copied = 3'000'000'000;  // the estimate was too low
    EXPECT_THAT(progress_line(more, 1e6, 200), HasSubstr("[####################] 100 %"));
    EXPECT_THAT(progress_line(more, 1e6, 200), Not(HasSubstr("ETA")));
    more.bytes_estimate = 0;
    EXPECT_THAT(progress_line(more, 1e6, 200), HasSubstr("  0 %"));
}

TEST(ProgressLineTest, PausedAndResting) {
    auto report = copying();
    report.throttled_by = "source load 52";
    EXPECT_THAT(progress_line(report, 0, 200), EndsWith("  resting: source load 52"));
    report.paused = true;
    EXPECT_THAT(progress_line(report, 0, 200), EndsWith("  PAUSED"));
}

TEST(ProgressLineTest, TheOtherStates) {
    Report report;
    report.dirty_keys = 1'204;
    report.rows_changed = 120'332;
    report.rounds = 31;
    report.lag_ms = 300;
    report.rows_copied = 2'000;
    report.verified_rows = 1'500;
    report.fence_ms = 812;
    auto const line = [&](State state, double rate = 0) {
        report.state = state;
        return progress_line(report, rate, 200);
    };
    EXPECT_EQ(line(State::CatchingUp),
              "catching_up  1,204 keys waiting, 120,332 carried over in 31 rounds  lag 300 ms");
    EXPECT_EQ(line(State::Verifying, 100),
              "verifying    [###############.....]  75 %  1,500 of ~2,000 rows  100 rows/s  "
              "ETA 5.0 s  lag 300 ms");
    EXPECT_THAT(line(State::Switched), EndsWith("target serves  fence 812 ms"));
    EXPECT_THAT(line(State::Reversing), HasSubstr("'database finalize' or 'database rollback'"));
    report.reverse_broken = true;
    report.reverse_error = "DDL on\nthe target";
    report.writes_at_risk = 7;
    EXPECT_EQ(line(State::Reversing),
              "reversing    the way back is broken, 7 change(s) at risk: DDL on?the target");
}

TEST(ProgressLineTest, IsCutByColumnsNotInsideACharacter) {
    Report report;
    report.state = State::Reversing;
    report.reverse_broken = true;
    report.reverse_error = std::string(50, ' ') + "äöüäöüäöü";
    for (std::size_t width = 90; width < 125; ++width) {
        auto const line = progress_line(report, 0, width);
        EXPECT_LE(display_width(line), width);
        EXPECT_EQ(line.size(), line.find_last_not_of('\xc3') + 1) << "half a character";
    }
}

TEST(RateMeterTest, FollowsTheRateAndStartsAnewWhenWorkGoesBack) {
    FakeClock clock;
    RateMeter meter;
    meter.add(clock.now(), 0);
    EXPECT_EQ(meter.per_second(), 0);
    clock.advance(milliseconds(1'000));
    meter.add(clock.now(), 1'000);
    EXPECT_DOUBLE_EQ(meter.per_second(), 1'000);
    for (int second = 2; second <= 40; ++second) {
        clock.advance(milliseconds(1'000));
        meter.add(clock.now(), 1'000 + static_cast<std::uint64_t>(second - 1) * 3'000);
    }
    EXPECT_NEAR(meter.per_second(), 3'000, 10);
    clock.advance(milliseconds(1'000));
    meter.add(clock.now(), 0);
    EXPECT_EQ(meter.per_second(), 0);
    meter.add(clock.now(), 5);  // no time has passed
    EXPECT_EQ(meter.per_second(), 0);
}

class ProgressDisplayTest : public ::testing::Test {
protected:
    ProgressDisplay display(ProgressStyle style) {
        return {clock_, style, [this](std::string_view text) { written_ += text; },
                [] { return std::size_t{60}; }};
    }
    std::string take() { return std::exchange(written_, {}); }

    FakeClock clock_;
    std::string written_;
};

TEST_F(ProgressDisplayTest, ATerminalHasOneLineAState) {
    auto shown = display(ProgressStyle::Terminal);
    auto report = copying();
    shown.update(report);
    auto const first = take();
    EXPECT_THAT(first, StartsWith("\r\x1b[Kcopying "));
    EXPECT_THAT(first, Not(HasSubstr("\n")));
    EXPECT_LE(first.size(), 60 + 4 - 1u);
    shown.update(report);
    EXPECT_THAT(take(), StartsWith("\r\x1b[Kcopying "));
    report.state = State::CatchingUp;
    report.bytes_copied = report.bytes_estimate;
    shown.update(report);
    auto const changed = take();
    EXPECT_THAT(changed, StartsWith("\r\x1b[Kcopying      [####################] 100 %"));
    EXPECT_THAT(changed, HasSubstr("\n\r\x1b[Kcatching_up "));
    shown.finish();
    EXPECT_EQ(take(), "\n");
    shown.finish();
    EXPECT_EQ(take(), "");
}

TEST_F(ProgressDisplayTest, ElsewhereALineOnNewsAndEveryFiveSeconds) {
    auto shown = display(ProgressStyle::Lines);
    auto report = copying();
    shown.update(report);
    EXPECT_THAT(take(), StartsWith("copying "));
    clock_.advance(milliseconds(4'999));
    shown.update(report);
    EXPECT_EQ(take(), "");
    clock_.advance(milliseconds(1));
    shown.update(report);
    EXPECT_THAT(take(), EndsWith("\n"));
    report.paused = true;
    shown.update(report);
    EXPECT_THAT(take(), EndsWith("PAUSED\n"));
    report.paused = false;
    report.state = State::Verifying;
    shown.update(report);
    EXPECT_THAT(take(), StartsWith("verifying "));
    report.throttled_by = "lag 40 s";
    shown.update(report);
    EXPECT_THAT(take(), HasSubstr("resting: lag 40 s"));
    report.throttled_by = "lag 41 s";  // no news
    shown.update(report);
    EXPECT_EQ(take(), "");
}

TEST_F(ProgressDisplayTest, TheRateIsOfThePresentState) {
    auto shown = display(ProgressStyle::Lines);
    auto report = copying();
    shown.update(report);
    clock_.advance(milliseconds(10'000));
    report.bytes_copied += 250'000'000;
    shown.update(report);
    EXPECT_THAT(take(), HasSubstr("25.0 MB/s"));
    report.state = State::Verifying;
    report.rows_copied = 10;
    shown.update(report);
    EXPECT_THAT(take(), Not(HasSubstr("rows/s")));
}

TEST_F(ProgressDisplayTest, QuietIsQuiet) {
    auto shown = display(ProgressStyle::None);
    shown.update(copying());
    shown.finish();
    EXPECT_EQ(take(), "");
}

}  // namespace
}  // namespace aipress::cli

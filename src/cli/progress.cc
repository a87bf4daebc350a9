#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/durations.h"
#include "cli/table.h"

namespace aipress::cli {
namespace {

using mover::Report;
using mover::State;

constexpr milliseconds kBetweenLines{5'000};
constexpr double kSmoothingSeconds = 5;
constexpr double kLeastInterval = 0.2;
constexpr std::size_t kBarWidth = 20;
constexpr std::size_t kPlainWidth = 200;
constexpr std::size_t kUsualWidth = 80;

// 0 … 1; estimates may be too low, done never shows as more than all.
double share(std::uint64_t done, std::uint64_t all) {
    if (all == 0) return 0;
    return std::min(1.0, static_cast<double>(done) / static_cast<double>(all));
}

std::string bar(double part) {
    auto const filled = static_cast<std::size_t>(std::floor(part * kBarWidth));
    return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
}

std::string eta(std::uint64_t done, std::uint64_t all, double rate) {
    if (rate <= 0 || done >= all) return "";
    auto const seconds = static_cast<double>(all - done) / rate;
    if (seconds > 30 * 86'400.0) return "";
    // From a minute on, the half minutes are guesswork; below a second nobody needs to know.
    auto const ms = std::max<std::int64_t>(1'000, std::llround(seconds) * 1'000);
    return "  ETA " + format_duration(milliseconds(ms));
}

std::string lag(Report const& report) {
    if (report.lag_ms < 0) return "";
    return "  lag " + format_duration(milliseconds(report.lag_ms));
}

std::string copying(Report const& report, double rate) {
    auto const part = share(report.bytes_copied, report.bytes_estimate);
    auto line = fmt::format("{} {:3.0f} %  {} of ~{}", bar(part), std::floor(part * 100),
                            format_bytes(report.bytes_copied), format_bytes(report.bytes_estimate));
    if (rate > 0) line += fmt::format("  {}/s", format_bytes(static_cast<std::uint64_t>(rate)));
    line += eta(report.bytes_copied, report.bytes_estimate, rate);
    auto const late = mover::count_late_tables(report);
    line += fmt::format("  {}/{} tables", report.tables_copied, report.tables - late);
    if (late > 0) line += fmt::format(" (+{} in the fence)", late);
    return line + lag(report);
}

std::string verifying(Report const& report, double rate) {
    auto const part = share(report.verified_rows, report.rows_copied);
    auto line = fmt::format("{} {:3.0f} %  {} of ~{} rows", bar(part), std::floor(part * 100),
                            format_count(report.verified_rows), format_count(report.rows_copied));
    if (rate > 0) {
        line += fmt::format("  {} rows/s", format_count(static_cast<std::uint64_t>(rate)));
    }
    return line + eta(report.verified_rows, report.rows_copied, rate) + lag(report);
}

std::string following(Report const& report) {
    return fmt::format("{} keys waiting, {} carried over in {} rounds",
                       format_count(report.dirty_keys), format_count(report.rows_changed),
                       format_count(report.rounds)) +
           lag(report);
}

std::string reversing(Report const& report) {
    if (report.reverse_broken) {
        return fmt::format("the way back is broken, {} change(s) at risk: {}",
                           format_count(report.writes_at_risk), report.reverse_error);
    }
    return "target serves, source kept current" + lag(report) +
           "  (end it with 'database finalize' or 'database rollback')";
}

std::string fence(std::int64_t fence_ms) {
    return fence_ms < 0 ? "" : "fence " + format_duration(milliseconds(fence_ms));
}

std::string details(Report const& report, double rate) {
    switch (report.state) {
        case State::Preflight:
            return "asking both servers";
        case State::Schema:
            return fmt::format("making {} tables on the target", report.tables);
        case State::Copying:
            return copying(report, rate);
        case State::CatchingUp:
            return following(report);
        case State::Verifying:
            return verifying(report, rate);
        case State::Standby:
            return following(report);
        case State::Fenced:
            return "the tenant is held; " + following(report);
        case State::Switched:
            return "target serves  " + fence(report.fence_ms);
        case State::Reversing:
            return reversing(report);
        case State::Finalized:
            return fmt::format("{} rows verified, {} differences  ",
                               format_count(report.verified_rows), report.differences) +
                   fence(report.fence_ms);
        case State::Aborted:
            return "source serves, as before";
        case State::RolledBack:
            return "source serves again  " + fence(report.rollback_fence_ms);
    }
    return "";
}

// What the meter measures in a state.
std::uint64_t work_done(Report const& report) {
    return report.state == State::Verifying ? report.verified_rows : report.bytes_copied;
}

std::string cut_to(std::string line, std::size_t width) {
    if (display_width(line) <= width) return line;
    std::size_t columns = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        bool const begins = (static_cast<unsigned char>(line[i]) & 0xc0) != 0x80;
        if (begins && columns++ == width) return line.substr(0, i);
    }
    return line;
}

}  // namespace

void RateMeter::add(SteadyTime now, std::uint64_t done) {
    if (!last_time_ || done < last_done_) {
        *this = RateMeter();
        last_time_ = now;
        last_done_ = done;
        return;
    }
    double const seconds = std::chrono::duration<double>(now - *last_time_).count();
    if (seconds < kLeastInterval) return;
    double const present = static_cast<double>(done - last_done_) / seconds;
    // The first measurement counts in full, later ones by how much time they cover.
    double const weight = rate_ == 0 ? 1 : 1 - std::exp(-seconds / kSmoothingSeconds);
    rate_ += weight * (present - rate_);
    last_time_ = now;
    last_done_ = done;
}

std::string progress_line(Report const& report, double rate, std::size_t width) {
    std::string line = fmt::format("{:<12} {}", to_string(report.state), details(report, rate));
    if (report.paused) {
        line += "  PAUSED";
    } else if (!report.throttled_by.empty()) {
        line += "  resting: " + report.throttled_by;
    }
    line = printable(line);
    line.erase(line.find_last_not_of(' ') + 1);
    return cut_to(std::move(line), width);
}

ProgressDisplay::ProgressDisplay(Clock& clock, ProgressStyle style, Write write, Width width)
    : clock_(clock), style_(style), write_(std::move(write)), width_(std::move(width)) {}

bool ProgressDisplay::is_new_state(Report const& report) const {
    return report.state != state_;
}

void ProgressDisplay::update(Report const& report) {
    std::lock_guard const lock(mutex_);
    if (style_ == ProgressStyle::None) return;
    auto const now = clock_.now();
    if (is_new_state(report)) meter_.reset();
    meter_.add(now, work_done(report));
    if (style_ == ProgressStyle::Terminal) {
        draw(report);
    } else {
        print_line(report, now);
    }
    state_ = report.state;
    paused_ = report.paused;
    throttled_by_ = report.throttled_by;
}

// Each state leaves its last line behind, drawn once more with what it had come to.
void ProgressDisplay::draw(Report const& report) {
    constexpr std::string_view kEraseLine = "\r\x1b[K";
    // Never the last column: some terminals wrap there.
    auto const width = std::max<std::size_t>(2, width_()) - 1;
    std::string text(kEraseLine);
    if (is_new_state(report) && line_is_open_) {
        auto last = report;
        last.state = *state_;
        text += progress_line(last, 0, width) + "\n" + std::string(kEraseLine);
    }
    text += progress_line(report, meter_.per_second(), width);
    write_(text);
    line_is_open_ = true;
}

void ProgressDisplay::print_line(Report const& report, SteadyTime now) {
    bool const is_news = is_new_state(report) || report.paused != paused_ ||
                         report.throttled_by.empty() != throttled_by_.empty();
    if (!is_news && last_line_ && now - *last_line_ < kBetweenLines) return;
    write_(progress_line(report, meter_.per_second(), kPlainWidth) + "\n");
    last_line_ = now;
}

void ProgressDisplay::finish() {
    std::lock_guard const lock(mutex_);
    if (line_is_open_) write_("\n");
    line_is_open_ = false;
}

ProgressStyle style_of_stderr() {
    return ::isatty(STDERR_FILENO) == 1 ? ProgressStyle::Terminal : ProgressStyle::Lines;
}

std::size_t width_of_stderr() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
    return size.ws_col;
}

void write_to_stderr(std::string_view text) {
    // One write a line, so that lines of several writers do not mix; a closed stderr is no reason
    // to stop a move.
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace aipress::cli

#include "testing/rehearsal/progress.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace aipress::rehearsal {
namespace {

constexpr milliseconds kPlainInterval{5'000};

std::int64_t percent(MoveStatus const& move) {
    if (move.rows_estimate <= 0) return 0;
    return std::min<std::int64_t>(100, move.rows_copied * 100 / move.rows_estimate);
}

// A line that wraps would make two, and the redraw would climb too little.
std::string fitting(std::string line, std::FILE* terminal) {
    winsize size{};
    if (ioctl(fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        line.resize(std::min<std::size_t>(line.size(), size.ws_col - 1u));
    return line;
}

}  // namespace

std::string progress_line(TenantProgress const& tenant) {
    auto const& move = tenant.move;
    auto line = fmt::format("{:<7} {:<11} {} {:>3} % {:>8} rows {:>6.1f} MB  {} changed",
                            tenant.name, move.state, move.owner, percent(move), move.rows_copied,
                            static_cast<double>(move.bytes_copied) / 1e6, move.rows_changed);
    if (move.lag_ms >= 0) line += fmt::format("  lag {} ms", move.lag_ms);
    if (move.fence_ms >= 0) line += fmt::format("  fence {} ms", move.fence_ms);
    return line + fmt::format("  | {} requests, {} failed, {} comments", tenant.visits.requests,
                              tenant.visits.failed, tenant.comments);
}

ProgressDisplay::ProgressDisplay(std::FILE* stream, Clock const& clock)
    : stream_(stream), clock_(clock), is_terminal_(isatty(fileno(stream)) == 1) {}

void ProgressDisplay::show(std::vector<TenantProgress> const& tenants) {
    std::string states;
    for (auto const& tenant : tenants) states += tenant.move.state + " " + tenant.move.owner + "\n";
    auto const now = clock_.now();
    if (!is_terminal_ && states == last_states_ && elapsed_ms(last_shown_, now) < kPlainInterval)
        return;
    last_states_ = states;
    last_shown_ = now;
    if (lines_to_redraw_ > 0) fmt::print(stream_, "\x1b[{}A", lines_to_redraw_);
    for (auto const& tenant : tenants)
        fmt::print(stream_, "{}{}\n",
                   is_terminal_ ? fitting(progress_line(tenant), stream_) : progress_line(tenant),
                   is_terminal_ ? "\x1b[K" : "");
    if (is_terminal_) lines_to_redraw_ = tenants.size();
    std::fflush(stream_);
}

void ProgressDisplay::say(std::string const& line) {
    fmt::print(stream_, "{}\n", line);
    std::fflush(stream_);
    lines_to_redraw_ = 0;
}

}  // namespace aipress::rehearsal

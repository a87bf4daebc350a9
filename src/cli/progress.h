// A move's progress on stderr: one line that is drawn over and over on a terminal, a plain line on
// each change of state and every few seconds elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "mover/report.h"

namespace aipress::cli {

enum class ProgressStyle { Terminal, Lines, None };

// How fast the work of the present state goes, smoothed over some seconds.
class RateMeter {
public:
    // Work done so far, in bytes or rows; starts anew when it goes back.
    void add(SteadyTime now, std::uint64_t done);
    void reset() { *this = RateMeter(); }
    // Per second; 0 until two measurements.
    [[nodiscard]] double per_second() const { return rate_; }

private:
    std::optional<SteadyTime> last_time_;
    std::uint64_t last_done_ = 0;
    double rate_ = 0;
};

// One line without '\n', at most `width` columns. `rate`: bytes per second while copying, rows per
// second while verifying.
[[nodiscard]] std::string progress_line(mover::Report const& report, double rate,
                                        std::size_t width);

// Thread safe.
class ProgressDisplay {
public:
    using Write = std::function<void(std::string_view)>;
    using Width = std::function<std::size_t()>;  // of the terminal, now

    ProgressDisplay(Clock& clock, ProgressStyle style, Write write, Width width);

    void update(mover::Report const& report);
    // Ends the line being drawn, so that others can write to the terminal.
    void finish();

private:
    void draw(mover::Report const& report);
    void print_line(mover::Report const& report, SteadyTime now);
    [[nodiscard]] bool is_new_state(mover::Report const& report) const;

    std::mutex mutex_;
    Clock& clock_;
    ProgressStyle style_;
    Write write_;
    Width width_;
    RateMeter meter_;
    std::optional<mover::State> state_;
    bool paused_ = false;
    std::string throttled_by_;
    std::optional<SteadyTime> last_line_;
    bool line_is_open_ = false;
};

// To stderr: Terminal if it is one, else Lines.
[[nodiscard]] ProgressStyle style_of_stderr();
[[nodiscard]] std::size_t width_of_stderr();
void write_to_stderr(std::string_view text);

}  // namespace aipress::cli

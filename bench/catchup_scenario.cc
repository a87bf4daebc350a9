// How fast the mover works off what changed while it could not follow.
#include <algorithm>
#include <fmt/format.h>

#include "bench/stage.h"

namespace aipress::bench {
namespace {

constexpr std::uint64_t kBurstRows = 60'000;
constexpr std::uint64_t kRowsPerTransaction = 20;
constexpr double kGoalRowsPerSecond = 5'000;

struct Samples {
    std::vector<double> caught_up, written, ratio;  // rows a second; of one repetition
};

Result<void> stall_once(Context const& context, Stage const& stage, Samples& samples) {
    auto const tenant = stage.fifth();
    auto const rows = std::min(kBurstRows, tenant.rows_of("wp_postmeta"));
    TRY(stage.reset(context, tenant));
    auto move = TRY(stage.start_move(context, tenant, {"--switch", "manual", "--reverse", "none"}));
    auto const standby = TRY(move.wait_until(
        context, [](auto const& report) { return text(report, "state") == "standby"; }));
    auto const before = number(standby, "rows_changed");

    // Stopped, not paused: a paused move still follows the stream.
    move.suspend();
    auto const burst =
        TRY(write_burst(context, stage.source().root(tenant.database), rows, kRowsPerTransaction));
    auto const began = context.clock().now();
    move.resume();
    TRY(move.wait_until(context, [&](auto const& report) {
        return number(report, "rows_changed") >= before + static_cast<std::int64_t>(rows) &&
               number(report, "dirty_keys") == 0;
    }));
    auto const passed = elapsed_ms(began, context.clock().now());

    samples.written.push_back(static_cast<double>(rows) / burst.seconds);
    samples.caught_up.push_back(static_cast<double>(rows) * 1000.0 /
                                static_cast<double>(passed.count()));
    samples.ratio.push_back(samples.caught_up.back() / samples.written.back());
    say(fmt::format("catchup: {} rows, written in {:.1f} s, caught up in {:.1f} s", rows,
                    burst.seconds, static_cast<double>(passed.count()) / 1000.0));
    TRY(move.command(context, "switch"));
    TRY(move.wait(context));
    return stage.check_same_content(context, tenant);
}

}  // namespace

Result<void> run_catchup(Context const& context, Stage& stage) {
    Samples samples;
    for (unsigned i = 0; i < stage.options().repeat; ++i) {
        TRY(stall_once(context, stage, samples));
    }
    auto figure =
        median_figure("catchup", "rows caught up after a stall", samples.caught_up, "rows/s");
    figure.goal = kGoalRowsPerSecond;
    figure.at_most = false;
    stage.add(std::move(figure));
    stage.add(median_figure("catchup", "rows written by two sessions, 20 a transaction",
                            samples.written, "rows/s"));
    stage.add(median_figure("catchup", "caught up : written", samples.ratio, "x"));
    return {};
}

}  // namespace aipress::bench

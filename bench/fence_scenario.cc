// How long a tenant cannot write while 500 rows a second change, and that its size does not matter.
#include <fmt/format.h>

#include "bench/stage.h"

namespace aipress::bench {
namespace {

constexpr unsigned kSessions = 4;
constexpr std::uint64_t kRowsPerSecondEach = 125;
constexpr milliseconds kWarmUp{2'000};
constexpr double kGoalFenceMs = 1'000;
// Medians of a few noisy samples; a fence that grew with the size would show a factor of 10.
constexpr double kGoalSizeRatio = 2.0;

struct Samples {
    std::vector<double> fence_ms, rows_per_second;
};

std::uint64_t rows_changed(std::vector<std::unique_ptr<TenantWriter>> const& writers) {
    std::uint64_t rows = 0;
    for (auto const& writer : writers) rows += writer->rows_changed();
    return rows;
}

Result<void> switch_once(Context const& context, Stage const& stage, Tenant const& tenant,
                         Samples& samples) {
    TRY(stage.reset(context, tenant));
    auto writers = stage.start_writers(tenant, kSessions, kRowsPerSecondEach);
    context.sleep(kWarmUp);
    auto const before = rows_changed(writers);
    auto move =
        TRY(stage.start_move(context, tenant, {"--switch", "when-ready", "--reverse", "none"}));
    auto const outcome = TRY(move.wait(context));
    samples.rows_per_second.push_back(static_cast<double>(rows_changed(writers) - before) /
                                      outcome.wall_seconds);
    writers.clear();
    samples.fence_ms.push_back(static_cast<double>(number(outcome.report, "fence_ms")));
    say(fmt::format("fence: {} ms, {} rows changed, {} rounds, {:.1f} s",
                    number(outcome.report, "fence_ms"), number(outcome.report, "rows_changed"),
                    number(outcome.report, "rounds"), outcome.wall_seconds));
    return stage.check_same_content(context, tenant);
}

Result<double> median_fence(Context const& context, Stage& stage, Tenant const& tenant) {
    Samples samples;
    for (unsigned i = 0; i < stage.options().repeat; ++i) {
        TRY(switch_once(context, stage, tenant, samples));
    }
    stage.add(median_figure("fence", "rows changed during the move of " + tenant.size_text(),
                            samples.rows_per_second, "rows/s"));
    auto figure =
        median_figure("fence", "fence, tenant of " + tenant.size_text(), samples.fence_ms, "ms");
    figure.goal = kGoalFenceMs;
    auto const value = figure.value;
    stage.add(std::move(figure));
    return value;
}

}  // namespace

Result<void> run_fence(Context const& context, Stage& stage) {
    auto const large = TRY(median_fence(context, stage, stage.fifth()));
    auto const small = TRY(median_fence(context, stage, stage.fiftieth()));
    stage.add({.part = "fence",
               .name = fmt::format("fence, {} : {}", stage.fifth().size_text(),
                                   stage.fiftieth().size_text()),
               .value = large / small,
               .unit = "x",
               .samples = {},
               .goal = kGoalSizeRatio});
    return {};
}

}  // namespace aipress::bench

// What the copy costs the source: the tenant's own writes, as fast as they go, before and during
// it.
#include <fmt/format.h>

#include "bench/stage.h"

namespace aipress::bench {
namespace {

constexpr unsigned kSessions = 2;
constexpr milliseconds kBefore{5'000};
constexpr milliseconds kWarmUp{1'000};

struct Moment {
    SteadyTime time;
    std::uint64_t rows = 0;
};

Moment now(Context const& context, std::vector<std::unique_ptr<TenantWriter>> const& writers) {
    Moment moment{.time = context.clock().now()};
    for (auto const& writer : writers) moment.rows += writer->rows_changed();
    return moment;
}

double rate(Moment const& from, Moment const& to) {
    return static_cast<double>(to.rows - from.rows) * 1000.0 /
           static_cast<double>(elapsed_ms(from.time, to.time).count());
}

struct Samples {
    std::vector<double> before, during, ratio;
};

Result<void> measure_once(Context const& context, Stage const& stage, Samples& samples) {
    auto const tenant = stage.full();
    TRY(stage.reset(context, tenant));
    auto const writers = stage.start_writers(tenant, kSessions, kUnlimitedRate);
    context.sleep(kWarmUp);
    auto const quiet_began = now(context, writers);
    context.sleep(kBefore);
    auto const quiet_ended = now(context, writers);

    auto move = TRY(stage.start_move(context, tenant, {"--switch", "manual"}));
    TRY(move.wait_until(context,
                        [](auto const& report) { return text(report, "state") == "copying"; }));
    auto const copy_began = now(context, writers);
    TRY(move.wait_until(context,
                        [](auto const& report) { return text(report, "state") != "copying"; }));
    auto const copy_ended = now(context, writers);
    TRY(move.command(context, "rollback"));

    samples.before.push_back(rate(quiet_began, quiet_ended));
    samples.during.push_back(rate(copy_began, copy_ended));
    samples.ratio.push_back(samples.during.back() / samples.before.back());
    say(fmt::format("writes: {:.0f} rows/s before, {:.0f} rows/s during the copy",
                    samples.before.back(), samples.during.back()));
    return {};
}

}  // namespace

Result<void> run_writes(Context const& context, Stage& stage) {
    Samples samples;
    for (unsigned i = 0; i < stage.options().repeat; ++i) {
        TRY(measure_once(context, stage, samples));
    }
    stage.add(
        median_figure("writes", "source's own writes before the copy", samples.before, "rows/s"));
    stage.add(
        median_figure("writes", "source's own writes during the copy", samples.during, "rows/s"));
    stage.add(median_figure("writes", "during : before", samples.ratio, "x"));
    return {};
}

}  // namespace aipress::bench

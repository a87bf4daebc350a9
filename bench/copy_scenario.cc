// Copy, indexes and verification against the two usual tools, and the mover's memory at two sizes.
#include <fmt/format.h>

#include "bench/peers.h"
#include "bench/stage.h"
#include "bench/wordpress_data.h"

namespace aipress::bench {
namespace {

constexpr double kGoalOverDump = 2.0;
constexpr double kGoalOverMydumper = 1.0;
constexpr double kGoalMemoryMegabytes = 200;

struct Samples {
    std::vector<double> wall, work, dump, mydumper;  // seconds
    std::vector<double> over_dump, over_mydumper;    // work against them, in one repetition
    std::vector<double> whole_over_dump, whole_over_mydumper;
    std::vector<double> memory_megabytes;
};

Result<MoveOutcome> move_and_check(Context const& context, Stage const& stage,
                                   Tenant const& tenant) {
    TRY(stage.reset(context, tenant));
    auto move = TRY(stage.start_move(context, tenant, {"--switch", "now", "--reverse", "none"}));
    auto outcome = TRY(move.wait(context));
    auto const rows = TRY(count_rows(context, stage.source(), tenant.database));
    auto const verified = number(outcome.report, "verified_rows");
    if (verified < static_cast<std::int64_t>(rows) || number(outcome.report, "differences") != 0) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("{} rows, {} verified, {} differences", rows, verified,
                                 number(outcome.report, "differences")));
    }
    TRY(stage.check_same_content(context, tenant));
    return outcome;
}

Result<void> check_peer(Context const& context, Stage const& stage, Tenant const& tenant) {
    if (TRY(count_rows(context, stage.source(), tenant.database)) !=
        TRY(count_rows(context, stage.target(), tenant.database))) {
        return Error(ErrorCode::DataLoss, "the other tool has lost rows");
    }
    return {};
}

Result<void> repeat_once(Context const& context, Stage const& stage, Samples& samples) {
    auto const tenant = stage.full();
    auto const outcome = TRY(move_and_check(context, stage, tenant).in_context("aipress"));
    samples.wall.push_back(outcome.wall_seconds);
    samples.work.push_back(static_cast<double>(number(outcome.report, "copy_ms") +
                                               number(outcome.report, "verify_ms")) /
                           1000.0);
    samples.memory_megabytes.push_back(static_cast<double>(outcome.peak_memory_bytes) / 1e6);

    TRY(stage.reset(context, tenant));
    samples.dump.push_back(
        TRY(move_with_dump(context, stage.source(), stage.target(), tenant.database)));
    TRY(check_peer(context, stage, tenant));

    TRY(stage.reset(context, tenant));
    samples.mydumper.push_back(
        TRY(move_with_mydumper(context, stage.source(), stage.target(), tenant.database,
                               stage.options().workers, stage.options().directory)));
    TRY(check_peer(context, stage, tenant));
    TRY(stage.reset(context, tenant));

    samples.over_dump.push_back(samples.dump.back() / samples.work.back());
    samples.over_mydumper.push_back(samples.mydumper.back() / samples.work.back());
    samples.whole_over_dump.push_back(samples.dump.back() / samples.wall.back());
    samples.whole_over_mydumper.push_back(samples.mydumper.back() / samples.wall.back());
    say(fmt::format("copy: aipress {:.1f} s, mariadb-dump {:.1f} s, mydumper {:.1f} s",
                    samples.wall.back(), samples.dump.back(), samples.mydumper.back()));
    return {};
}

void add_memory(Stage& stage, Tenant const& tenant, std::vector<double> megabytes) {
    auto figure = median_figure("memory", "peak of the mover, tenant of " + tenant.size_text(),
                                std::move(megabytes), "MB");
    figure.goal = kGoalMemoryMegabytes;
    stage.add(std::move(figure));
}

void add_ratio(Stage& stage, std::string name, std::vector<double> ratios, double goal) {
    auto figure = median_figure("copy", std::move(name), std::move(ratios), "x");
    figure.goal = goal;
    figure.at_most = false;
    stage.add(std::move(figure));
}

}  // namespace

Result<void> run_copy(Context const& context, Stage& stage) {
    TRY(check_peers_installed(context));
    Samples samples;
    for (unsigned i = 0; i < stage.options().repeat; ++i) {
        TRY(repeat_once(context, stage, samples));
    }
    auto const tenant = stage.full();
    stage.add(
        median_figure("copy", "aipress, whole move of " + tenant.size_text(), samples.wall, "s"));
    stage.add(median_figure("copy", "aipress, copy + indexes + verification", samples.work, "s"));
    stage.add(median_figure("copy", "mariadb-dump | mariadb", samples.dump, "s"));
    stage.add(median_figure("copy", "mydumper + myloader", samples.mydumper, "s"));
    add_ratio(stage, "mariadb-dump | mariadb : copy + indexes + verification", samples.over_dump,
              kGoalOverDump);
    add_ratio(stage, "mydumper + myloader : copy + indexes + verification", samples.over_mydumper,
              kGoalOverMydumper);
    stage.add(
        median_figure("copy", "mariadb-dump | mariadb : whole move", samples.whole_over_dump, "x"));
    stage.add(median_figure("copy", "mydumper + myloader : whole move", samples.whole_over_mydumper,
                            "x"));
    add_memory(stage, tenant, samples.memory_megabytes);

    std::vector<double> megabytes;
    for (unsigned i = 0; i < stage.options().repeat; ++i) {
        auto const outcome = TRY(move_and_check(context, stage, stage.tenth()));
        megabytes.push_back(static_cast<double>(outcome.peak_memory_bytes) / 1e6);
    }
    add_memory(stage, stage.tenth(), megabytes);
    return {};
}

}  // namespace aipress::bench

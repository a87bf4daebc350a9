#include "testing/rehearsal/rehearsal.h"

#include <fmt/format.h>

namespace aipress::rehearsal {
namespace {

constexpr std::size_t kSitesOnlyComments = 40;
constexpr milliseconds kLedgerTimeout{180'000};

Result<bool> sites_only(Context const& context, Stage& stage) {
    auto const source = Stage::address(stage.source());
    bool all_well = true;
    for (auto& tenant : stage.tenants())
        TRY(tenant.ledger.wait_for(context.within(kLedgerTimeout), source, kSitesOnlyComments)
                .in_context(tenant.site.name()));
    stage.send_visitors_home();
    for (auto& tenant : stage.tenants()) {
        auto owner =
            TRY(mysql::Connection::open(context, stage.source().root(tenant.site.database())));
        auto const check =
            TRY(compare(context, owner, tenant.ledger, companion_table(tenant.site.kind())));
        auto const visits = tenant.visitors->statistics();
        fmt::print(
            "{:<8} {:>5.1f} MB  requests {}, failed {}, vanished {}; comments accepted {}, "
            "missing {}, unacknowledged {}; median {:.0f} ms, p99 {:.0f} ms\n",
            tenant.site.name(), static_cast<double>(tenant.data_bytes) / 1e6, visits.requests,
            visits.failed, visits.vanished, check.accepted,
            check.missing + check.missing_companions, check.unacknowledged, visits.median_ms,
            visits.p99_ms);
        for (auto const& [fault, count] : visits.failures)
            fmt::print(stderr, "{}: {} × {}\n", tenant.site.name(), count, fault);
        all_well = all_well && check.complete() && visits.failed == 0 && visits.vanished == 0;
    }
    return all_well;
}

void hold(Context const& context, Stage const& stage) {
    for (auto const& tenant : stage.tenants())
        fmt::print(stderr, "{} stays at {}/ until Ctrl-C\n", tenant.site.name(), tenant.site.url());
    while (context.sleep(milliseconds(1'000))) {
    }
}

}  // namespace

Result<bool> rehearse(Context const& context, RehearsalOptions const& options) {
    auto stage = TRY(Stage::build(context, options.stage));
    stage->let_visitors_in(context.clock());
    auto const all_well = TRY(sites_only(context, *stage));
    if (options.ending == Ending::Hold) hold(context, *stage);
    return all_well;
}

}  // namespace aipress::rehearsal

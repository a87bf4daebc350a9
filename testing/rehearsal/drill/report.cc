#include "testing/rehearsal/drill/report.h"

#include <algorithm>
#include <boost/json/value_from.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace aipress::drill {
namespace {

namespace json = boost::json;

std::string columns(auto const&... cells) {
    return fmt::format(
        "{:<11}{:<7}{:<13}{:>9}{:>9}{:>9}{:>8}{:>17}{:>17}{:>10}{:>8}{:>9}{:>6}  {}\n", cells...);
}

std::string pair_of(Latency const& latency) {
    return latency.visits == 0 ? "-"
                               : fmt::format("{:.0f}/{:.0f}", latency.median_ms, latency.p95_ms);
}

std::string iso(WallTime time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

json::object json_of(Latency const& latency) {
    return {
        {"pages", latency.visits}, {"median_ms", latency.median_ms}, {"p95_ms", latency.p95_ms}};
}

json::object json_of(TenantReport const& tenant) {
    json::array steps;
    for (auto const& step : tenant.steps)
        steps.push_back(json::object{
            {"step", step.step}, {"begun_at", iso(step.begun)}, {"ended_at", iso(step.ended)}});
    return {{"tenant", tenant.tenant},
            {"kind", tenant.kind},
            {"fate", to_string(tenant.fate)},
            {"state", tenant.state},
            {"reason", tenant.reason},
            {"good", tenant.is_good},
            {"faults", json::value_from(tenant.faults)},
            {"runs", tenant.runs},
            {"took_ms", tenant.took_ms},
            {"fence_ms", tenant.fence_ms},
            {"downtime_ms", tenant.downtime_ms},
            {"requests", tenant.requests},
            {"failed_requests", tenant.failed},
            {"failures", json::value_from(tenant.failures)},
            {"dns_answers", json::value_from(tenant.dns)},
            {"foreign_pages", json::value_from(tenant.foreign)},
            {"latency_before", json_of(tenant.before)},
            {"latency_after", json_of(tenant.after)},
            {"comments", tenant.writes.comments},
            {"missing_comments", tenant.writes.missing_comments},
            {"uploads", tenant.writes.uploads},
            {"missing_uploads", tenant.writes.missing_uploads},
            {"began_at", iso(tenant.began_at)},
            {"ended_at", iso(tenant.ended_at)},
            {"steps", std::move(steps)}};
}

}  // namespace

std::size_t Report::good_tenants() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(tenants, [](TenantReport const& one) { return one.is_good; }));
}

bool Report::is_good() const {
    return !tenants.empty() && good_tenants() == tenants.size() && secrets_found.empty() &&
           faults.empty();
}

TenantReport judge(Journey const& journey, Visiting const& visiting) {
    TenantReport report{.tenant = journey.tenant.name,
                        .kind = std::string(poc::to_string(journey.tenant.kind)),
                        .fate = journey.fate,
                        .state = journey.told.state,
                        .reason = journey.told.reason,
                        .faults = journey.faults,
                        .runs = journey.runs,
                        .took_ms = elapsed_ms(journey.began, journey.ended).count(),
                        .fence_ms = journey.told.fence_ms};
    auto const& visits = journey.visits;
    report.downtime_ms = visits.longest_gap(journey.began, visiting.to).length.count();
    report.requests = visits.requests();
    report.failed = visits.failed();
    report.failures = visits.faults();
    report.dns = visits.dns();
    report.foreign = visits.foreign();
    report.before = visits.latency(visiting.from, visiting.first_began);
    report.after = visits.latency(visiting.last_ended, visiting.to);
    report.writes = journey.writes;
    report.steps = journey.told.steps;
    report.began_at = journey.began_at;
    report.ended_at = journey.ended_at;

    auto const expect = [&](bool holds, std::string fault) {
        if (!holds) report.faults.push_back(std::move(fault));
    };
    auto const& writes = journey.writes;
    for (auto const& example : writes.examples) report.faults.push_back(example);
    expect(writes.missing_comments + writes.missing_uploads == 0 || !writes.examples.empty(),
           "accepted writes are missing");
    expect(writes.comments > 0 && writes.uploads > 0, "nothing was written: nothing is shown");
    expect(report.foreign.empty(), "visitors saw another tenant's site");
    expect(report.downtime_ms < kDowntimePromise.count(), "it was down for too long");
    expect(report.after.visits > 0, "no page came after the last migration");
    expect(report.fence_ms >= 0, "no fence was reported");
    expect(journey.fate != Fate::FailsAndReturns || journey.broken_at.has_value(),
           "its new home was never broken");
    expect(journey.fate != Fate::FailsAndReturns || !report.reason.empty(),
           "it came back without a reason");
    expect(journey.fate != Fate::ReturnsByHand || journey.written_before_return > 0,
           "nothing was written on the new side before it was rolled back");
    report.is_good = report.faults.empty();
    return report;
}

std::string table_of(Report const& report) {
    auto text = columns("tenant", "kind", "state", "took s", "fence ms", "down ms", "failed",
                        "before ms 50/95", "after ms 50/95", "comments", "uploads", "missing",
                        "runs", "verdict");
    for (auto const& one : report.tenants) {
        auto const& writes = one.writes;
        text += columns(one.tenant, one.kind, one.state,
                        fmt::format("{:.1f}", static_cast<double>(one.took_ms) / 1e3), one.fence_ms,
                        one.downtime_ms, fmt::format("{}", one.failed), pair_of(one.before),
                        pair_of(one.after), writes.comments, writes.uploads,
                        writes.missing_comments + writes.missing_uploads, one.runs,
                        one.is_good ? "good: " + std::string(to_string(one.fate)) : "FAILED");
    }
    for (auto const& one : report.tenants) {
        for (auto const& fault : one.faults)
            text += fmt::format("{}: FAILED: {}\n", one.tenant, fault);
        if (!one.reason.empty())
            text += fmt::format("{}: rolled back: {}\n", one.tenant, one.reason);
        for (auto const& [fault, count] : one.failures)
            text += fmt::format("{}: {} x {}\n", one.tenant, count, fault);
    }
    for (auto const& fault : report.secrets_found) text += fmt::format("FAILED: {}\n", fault);
    for (auto const& fault : report.faults) text += fmt::format("FAILED: {}\n", fault);
    std::size_t missing = 0;
    for (auto const& one : report.tenants)
        missing += one.writes.missing_comments + one.writes.missing_uploads;
    text += fmt::format(
        "{} of {} tenants as they should be, {} accepted writes missing, {:.0f} s: {}\n",
        report.good_tenants(), report.tenants.size(), missing,
        static_cast<double>(report.took_ms) / 1e3, report.is_good() ? "good" : "FAILED");
    return text;
}

json::object json_of(Report const& report) {
    json::array tenants;
    for (auto const& one : report.tenants) tenants.push_back(json_of(one));
    return {{"verdict", report.is_good() ? "good" : "failed"},
            {"good_tenants", report.good_tenants()},
            {"seed", report.seed},
            {"began_at", iso(report.began_at)},
            {"took_ms", report.took_ms},
            {"downtime_promise_ms", kDowntimePromise.count()},
            {"inventory_tenants", report.inventory_tenants},
            {"secrets_found", json::value_from(report.secrets_found)},
            {"faults", json::value_from(report.faults)},
            {"tenants", std::move(tenants)}};
}

}  // namespace aipress::drill

#include <boost/json/array.hpp>
#include <cmath>

#include "fleet/statistics.h"
#include "sites/observe.h"

namespace aipress::sites {
namespace {

namespace json = boost::json;

// Microseconds are enough for a chart.
double rounded(double ms) {
    return std::round(ms * 1'000) / 1'000;
}

json::value number(std::optional<double> ms) {
    return ms ? json::value(rounded(*ms)) : json::value(nullptr);
}

json::object page_json(WaySamples const& way, PageKind kind) {
    json::array samples;
    std::uint64_t failures = 0;
    for (auto const& sample : way.samples) {
        if (sample.kind != kind) continue;
        failures += sample.trouble == Trouble::None ? 0 : 1;
        samples.push_back(
            json::array{sample.at.count(), rounded(sample.latency_ms), sample.status});
    }
    auto const latencies = way.latencies(kind);
    return {{"page", to_string(kind)},
            {"requests", samples.size()},
            {"failures", failures},
            {"median_ms", number(fleet::median(latencies))},
            {"p95_ms", number(fleet::quantile(latencies, 0.95))},
            {"samples", std::move(samples)}};
}

json::array ways_json(std::vector<WaySamples> const& ways) {
    json::array all;
    for (auto const& way : ways) {
        json::array pages;
        for (auto const kind :
             {PageKind::Front, PageKind::Post, PageKind::Login, PageKind::Rest, PageKind::Media}) {
            auto page = page_json(way, kind);
            if (!page.at("samples").as_array().empty()) pages.push_back(std::move(page));
        }
        std::uint64_t failed_rounds = 0;
        for (auto const health : way.rounds) failed_rounds += health == fleet::Health::Failed;
        all.push_back(json::object{{"vantage_point", way.name},
                                   {"host", way.host},
                                   {"requests", way.samples.size()},
                                   {"failures", way.failures()},
                                   {"rounds", way.rounds.size()},
                                   {"failed_rounds", failed_rounds},
                                   {"pages", std::move(pages)}});
    }
    return all;
}

json::object judgement_json(fleet::Judgement const& judgement) {
    return {{"outcome", to_string(judgement.outcome)}, {"reason", judgement.reason}};
}

json::object verdict_json(fleet::Verdict const& verdict) {
    json::array findings;
    for (auto const& finding : verdict.findings) {
        findings.push_back(json::object{{"trigger", to_string(finding.trigger)},
                                        {"strict", judgement_json(finding.strict)},
                                        {"statistical", judgement_json(finding.statistical)}});
    }
    return {{"mode", to_string(verdict.mode)},
            {"outcome", to_string(verdict.outcome)},
            {"reason", verdict.reason},
            {"strict", to_string(verdict.strict)},
            {"statistical", to_string(verdict.statistical)},
            {"findings", std::move(findings)}};
}

}  // namespace

json::object to_json(Observed const& observed) {
    json::array mismatches;
    for (auto const& mismatch : observed.mismatches) mismatches.emplace_back(mismatch);
    return {{"verdict", verdict_json(observed.verdict)},
            {"warm_up_rounds", observed.warm_up_rounds},
            {"rounds", observed.rounds},
            {"took_ms", observed.took.count()},
            {"window_ms", observed.window.count()},
            {"mismatches", std::move(mismatches)},
            {"now", ways_json(observed.now)},
            {"old_home", ways_json(observed.baseline)},
            {"before", ways_json(observed.before)}};
}

}  // namespace aipress::sites

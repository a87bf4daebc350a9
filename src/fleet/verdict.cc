#include "fleet/verdict.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>

#include "base/assert.h"
#include "fleet/statistics.h"

namespace aipress::fleet {
namespace {

// The worse of two, where a failure outweighs what is not known.
int weight(Outcome outcome) {
    switch (outcome) {
        case Outcome::Pass:
            return 0;
        case Outcome::Inconclusive:
            return 1;
        case Outcome::Error:
            return 2;
        case Outcome::Fail:
            return 3;
    }
    return 0;
}

Finding error_rate(Observation const& observation, Thresholds const& limits) {
    ASSERT(observation.failures <= observation.requests);
    auto const count =
        fmt::format("{} of {} requests failed", observation.failures, observation.requests);
    Finding finding{.trigger = Trigger::ErrorRate};
    if (observation.requests == 0) {
        finding.strict = finding.statistical = {Outcome::Inconclusive, "no request was made"};
        return finding;
    }
    double const rate =
        static_cast<double>(observation.failures) / static_cast<double>(observation.requests);
    auto const percents =
        fmt::format("{}: {:.1f} %, limit {:g} %", count, 100 * rate, 100 * limits.error_rate);
    bool const is_over = rate > limits.error_rate;
    finding.strict = {is_over ? Outcome::Fail : Outcome::Pass, percents};
    if (observation.requests < limits.requests_least) {
        finding.statistical = {
            Outcome::Inconclusive,
            fmt::format("{}; at least {} requests are needed", count, limits.requests_least)};
        return finding;
    }
    auto const bounds = wilson_interval(observation.failures, observation.requests);
    auto outcome = is_over ? Outcome::Inconclusive : Outcome::Pass;
    if (bounds.lower > limits.error_rate) outcome = Outcome::Fail;
    finding.statistical = {outcome, fmt::format("{}; 95 % Wilson interval {:.1f} to {:.1f} %",
                                                percents, 100 * bounds.lower, 100 * bounds.upper)};
    return finding;
}

std::span<double const> without_first(std::vector<double> const& values, std::size_t count) {
    return std::span(values).subspan(std::min(count, values.size()));
}

Judgement strict_latency(PageLatency const& page, Thresholds const& limits) {
    auto const now = median(without_first(page.now_ms, limits.latencies_dropped));
    auto const& before = page.before_ms.empty() ? page.baseline_ms : page.before_ms;
    auto const baseline = median(without_first(before, limits.latencies_dropped));
    if (!now || !baseline) {
        return {Outcome::Inconclusive, fmt::format("{}: nothing to compare yet", page.page)};
    }
    return {*now > limits.latency_ratio * *baseline ? Outcome::Fail : Outcome::Pass,
            fmt::format("{}: median {:.0f} ms, baseline {:.0f} ms, limit {:+.0f} %", page.page,
                        *now, *baseline, 100 * (limits.latency_ratio - 1))};
}

// The largest ratio that is none: what the old home differs from itself, now and before the switch.
double noise_ratio(PageLatency const& page, std::size_t count, Thresholds const& limits) {
    auto const noise =
        std::max(noise_of_medians(without_first(page.baseline_ms, limits.latencies_dropped), count),
                 noise_of_medians(page.before_ms, count));
    return std::exp(limits.noise_factor * noise);
}

Judgement statistical_latency(PageLatency const& page, Thresholds const& limits) {
    auto const now = without_first(page.now_ms, limits.latencies_dropped);
    auto const baseline = without_first(page.baseline_ms, limits.latencies_dropped);
    if (std::min(now.size(), baseline.size()) < limits.latencies_least) {
        return {Outcome::Inconclusive,
                fmt::format("{}: {} and {} interleaved probes behind the first {}; {} are needed",
                            page.page, now.size(), baseline.size(), limits.latencies_dropped,
                            limits.latencies_least)};
    }
    double const now_ms = *median(now);
    double const baseline_ms = *median(baseline);
    auto const test = mann_whitney(now, baseline);
    bool const is_slower = now_ms > limits.latency_ratio * baseline_ms &&
                           now_ms - baseline_ms >= limits.latency_more_ms;
    double const noise = noise_ratio(page, std::min(now.size(), baseline.size()), limits);
    bool const is_certain = test.p_greater < limits.latency_chance && now_ms > noise * baseline_ms;
    auto outcome = Outcome::Pass;
    if (is_slower) outcome = is_certain ? Outcome::Fail : Outcome::Inconclusive;
    return {outcome,
            fmt::format("{}: median {:.0f} ms ({} probes), baseline {:.0f} ms ({} "
                        "probes), {:+.0f} ms, Mann-Whitney p {:.2g}, noise up to {:+.0f} %",
                        page.page, now_ms, now.size(), baseline_ms, baseline.size(),
                        now_ms - baseline_ms, test.p_greater, 100 * (noise - 1))};
}

// The worst page speaks for all of them.
Judgement worst_of(std::vector<Judgement> const& all) {
    auto const worst = std::max_element(all.begin(), all.end(), [](auto const& a, auto const& b) {
        return weight(a.outcome) < weight(b.outcome);
    });
    if (worst == all.end()) return {Outcome::Inconclusive, "no page is compared with a baseline"};
    if (worst->outcome != Outcome::Pass) return *worst;
    auto reason = all.front().reason;
    for (std::size_t i = 1; i < all.size(); ++i) reason += "; " + all[i].reason;
    return {Outcome::Pass, std::move(reason)};
}

Finding response_time(Observation const& observation, Thresholds const& limits) {
    std::vector<Judgement> strict;
    std::vector<Judgement> statistical;
    for (auto const& page : observation.latencies) {
        if (page.baseline_ms.empty() && page.before_ms.empty()) continue;
        strict.push_back(strict_latency(page, limits));
        if (!page.baseline_ms.empty()) statistical.push_back(statistical_latency(page, limits));
    }
    return {.trigger = Trigger::ResponseTime,
            .strict = worst_of(strict),
            .statistical = worst_of(statistical)};
}

// After each round, how many failures in a row there have been by then.
std::vector<std::size_t> runs_of(VantageHealth const& way) {
    std::vector<std::size_t> runs;
    std::size_t run = 0;
    for (auto const health : way.rounds) {
        run = health == Health::Failed ? run + 1 : 0;
        runs.push_back(run);
    }
    return runs;
}

Finding health(Observation const& observation, Thresholds const& limits) {
    std::vector<std::size_t> agreed;  // by round: how many ways are past the limit
    std::size_t longest = 0;
    std::string longest_of = "any vantage point";
    for (auto const& way : observation.health) {
        auto const runs = runs_of(way);
        agreed.resize(std::max(agreed.size(), runs.size()));
        for (std::size_t round = 0; round < runs.size(); ++round) {
            agreed[round] += runs[round] > limits.failures_in_a_row ? 1 : 0;
            if (runs[round] > longest) {
                longest = runs[round];
                longest_of = way.name;
            }
        }
    }
    Finding finding{.trigger = Trigger::Health};
    if (agreed.empty()) {
        finding.strict = finding.statistical = {Outcome::Inconclusive, "no round was made"};
        return finding;
    }
    auto const reason = fmt::format("at most {} failures in a row at {}, limit {}", longest,
                                    longest_of, limits.failures_in_a_row);
    bool const is_over = longest > limits.failures_in_a_row;
    finding.strict = {is_over ? Outcome::Fail : Outcome::Pass, reason};
    auto const most = *std::max_element(agreed.begin(), agreed.end());
    if (most >= limits.vantage_points_least) {
        finding.statistical = {Outcome::Fail, fmt::format("{}; {} of {} vantage points agree",
                                                          reason, most, observation.health.size())};
    } else if (is_over) {
        finding.statistical = {
            Outcome::Inconclusive,
            fmt::format("{}; only {} of {} vantage points say so, {} have to "
                        "agree",
                        reason, most, observation.health.size(), limits.vantage_points_least)};
    } else {
        finding.statistical = finding.strict;
    }
    return finding;
}

Finding integrity(Observation const& observation) {
    auto const& mismatches = observation.mismatches;
    Judgement judgement{Outcome::Pass, "no mismatch"};
    if (!mismatches.empty()) {
        judgement = {Outcome::Fail, mismatches.front()};
        if (mismatches.size() > 1) {
            judgement.reason += fmt::format(", and {} more", mismatches.size() - 1);
        }
    }
    return {.trigger = Trigger::Integrity, .strict = judgement, .statistical = judgement};
}

Judgement overall(Observation const& observation, std::vector<Finding> const& findings,
                  RollbackMode mode) {
    if (observation.mismatches.empty() && !observation.observer_problem.empty()) {
        return {Outcome::Error, observation.observer_problem};
    }
    Judgement result;
    for (auto const& finding : findings) {
        auto const& judgement = finding.by(mode);
        auto const reason = fmt::format("{}: {}", to_string(finding.trigger), judgement.reason);
        if (weight(judgement.outcome) > weight(result.outcome) || result.reason.empty()) {
            result = {judgement.outcome, reason};
        } else if (judgement.outcome == result.outcome) {
            result.reason += "; " + reason;
        }
    }
    return result;
}

}  // namespace

std::string_view to_string(RollbackMode mode) {
    return mode == RollbackMode::Strict ? "strict" : "statistical";
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::Pass:
            return "pass";
        case Outcome::Fail:
            return "fail";
        case Outcome::Inconclusive:
            return "inconclusive";
        case Outcome::Error:
            return "error";
    }
    return "";
}

std::string_view to_string(Trigger trigger) {
    switch (trigger) {
        case Trigger::ErrorRate:
            return "error rate";
        case Trigger::ResponseTime:
            return "response time";
        case Trigger::Health:
            return "health";
        case Trigger::Integrity:
            return "integrity";
    }
    return "";
}

Verdict judge(Observation const& observation, RollbackMode mode, Thresholds const& thresholds) {
    Verdict verdict{.mode = mode};
    verdict.findings = {error_rate(observation, thresholds), response_time(observation, thresholds),
                        health(observation, thresholds), integrity(observation)};
    verdict.strict = overall(observation, verdict.findings, RollbackMode::Strict).outcome;
    verdict.statistical = overall(observation, verdict.findings, RollbackMode::Statistical).outcome;
    auto decisive = overall(observation, verdict.findings, mode);
    verdict.outcome = decisive.outcome;
    verdict.reason = std::move(decisive.reason);
    return verdict;
}

}  // namespace aipress::fleet

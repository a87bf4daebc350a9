// Whether a tenant goes back home by itself: what has been observed of its site since the switch,
// held against the rules for automatic rollback. Pure, thread safe.
//
//   trigger        plain rule               statistical rule (default)
//   error rate     > 5 %                    >= 20 requests, and the lower bound of the 95 % Wilson
//                                           interval > 5 %
//   response time  > 50 % over baseline     interleaved probes, the first five of a side dropped:
//                                           ratio of medians > 1.5 and past what the old home
//                                           differs from itself, and >= 100 ms more, and larger by
//                                           Mann and Whitney's test at 98 %
//   health         > 3 failures in a row    the 4th in a row, agreed by two vantage points in the
//                                           same round
//   integrity      any mismatch             any mismatch
//
// Both are computed; the mode says which one is obeyed. By the statistical rule a site that is slow
// and nothing else goes back when a second window confirms it: windows.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::fleet {

enum class RollbackMode { Statistical, Strict };
[[nodiscard]] std::string_view to_string(RollbackMode mode);  // "statistical"

enum class Outcome {
    Pass,
    Fail,          // the only one that rolls back
    Inconclusive,  // watch longer
    Error,         // the observer itself is broken: the wave pauses
};
[[nodiscard]] std::string_view to_string(Outcome outcome);  // "pass"

struct Thresholds {
    double error_rate = 0.05;
    std::uint64_t requests_least = 20;
    double latency_ratio = 1.5;
    double latency_more_ms = 100;
    std::size_t latencies_dropped = 5;  // of each side: caches fill, instances start
    // Of each side, behind those that are dropped: the test's normal approximation holds from about
    // 8 on.
    std::size_t latencies_least = 10;
    double latency_chance = 0.01;  // the upper tail of a two-sided test at 98 %
    // A ratio is noise up to so many times what the old home's medians differ among themselves
    // (noise_of_medians): three, for about 1 in 1,000. 0: noise is not asked for.
    double noise_factor = 3;
    std::size_t failures_in_a_row = 3;
    std::size_t vantage_points_least = 2;
};

// How long one page took, each time that it was served, in the order of the probes.
struct PageLatency {
    std::string page = {};  // "front page (service)"
    std::vector<double> now_ms = {};
    // Of the home that was left, by probes in between those above.
    std::vector<double> baseline_ms = {};
    // Taken before the switch, of the old home held against itself; the plain rule's baseline when
    // there is any.
    std::vector<double> before_ms = {};
};

// One way to the site, round by round; all ways have the same rounds.
enum class Health { Good, Failed };
struct VantageHealth {
    std::string name = {};
    std::vector<Health> rounds = {};
};

struct Observation {
    std::uint64_t requests = 0;  // to the new home, by all ways
    std::uint64_t failures = 0;  // of these
    std::vector<PageLatency> latencies = {};
    std::vector<VantageHealth> health = {};
    std::vector<std::string> mismatches = {};  // in words
    std::string observer_problem = {};         // why what was seen says nothing; "": it does
};

enum class Trigger { ErrorRate, ResponseTime, Health, Integrity };
[[nodiscard]] std::string_view to_string(Trigger trigger);  // "error rate"

struct Judgement {
    Outcome outcome = Outcome::Pass;
    std::string reason = {};  // in words and numbers, one line

    bool operator==(Judgement const&) const = default;
};
struct Finding {
    Trigger trigger = Trigger::ErrorRate;
    Judgement strict = {};
    Judgement statistical = {};

    [[nodiscard]] Judgement const& by(RollbackMode mode) const {
        return mode == RollbackMode::Strict ? strict : statistical;
    }
};

struct Verdict {
    RollbackMode mode = RollbackMode::Statistical;
    Outcome outcome = Outcome::Inconclusive;  // by the mode
    std::string reason = {};                  // of it: those of the findings that decide
    Outcome strict = Outcome::Inconclusive;
    Outcome statistical = Outcome::Inconclusive;
    std::vector<Finding> findings = {};  // one a trigger, in the order of Trigger

    // REQUIRES: one of judge()'s.
    [[nodiscard]] Finding const& finding(Trigger trigger) const {
        return findings[static_cast<std::size_t>(trigger)];
    }
};

// A mismatch fails whatever else is said. Else an observer that is broken is an error. Else one
// trigger that fails is enough; to pass, none may be inconclusive.
[[nodiscard]] Verdict judge(Observation const& observation, RollbackMode mode,
                            Thresholds const& thresholds = {});

}  // namespace aipress::fleet

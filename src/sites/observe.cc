#include "sites/observe.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <optional>

#include "base/assert.h"
#include "fleet/windows.h"
#include "sites/limits.h"

namespace aipress::sites {
namespace {

struct Way {
    explicit Way(VantagePoint point) : visitor(std::move(point)) {}

    Visitor visitor;
    WaySamples seen = {};
    fleet::Health round = fleet::Health::Good;
};
using Ways = std::vector<std::unique_ptr<Way>>;

Ways open_ways(std::vector<VantagePoint> const& points) {
    Ways ways;
    for (auto const& point : points) {
        ways.push_back(std::make_unique<Way>(point));
        ways.back()->seen.name = point.name;
        ways.back()->seen.host = point.host;
    }
    return ways;
}

std::vector<WaySamples> seen_by(Ways& ways) {
    std::vector<WaySamples> all;
    for (auto& way : ways) all.push_back(std::move(way->seen));
    return all;
}

WaySamples const* find_way(std::vector<WaySamples> const& ways, std::string_view name) {
    auto const found =
        std::find_if(ways.begin(), ways.end(), [&](auto const& way) { return way.name == name; });
    return found == ways.end() ? nullptr : &*found;
}

Result<PageProbe> ask(Context const& context, Way& way, SitePlan const& plan,
                      PlannedPage const& page, SteadyTime begun) {
    auto probe = TRY(probe_page(context, way.visitor, plan, page));
    way.seen.samples.push_back({.kind = probe.kind,
                                .at = elapsed_ms(begun, context.clock().now()),
                                .latency_ms = probe.latency_ms,
                                .status = probe.status,
                                .is_redirect = probe.is_redirect,
                                .is_reached = probe.is_reached,
                                .trouble = probe.trouble});
    if (!probe.is_good()) way.round = fleet::Health::Failed;
    return probe;
}

void end_round(Ways& ways) {
    for (auto& way : ways) {
        way->seen.rounds.push_back(way->round);
        way->round = fleet::Health::Good;
    }
}

// A round that is faster than the last one by more is still warming something up.
constexpr double kSettledShare = 0.8;
constexpr std::size_t kSettledRounds = 2;  // in a row

double last_round_ms(WaySamples const& seen, std::size_t pages) {
    double total = 0;
    for (auto at = seen.samples.end() - static_cast<std::ptrdiff_t>(pages);
         at != seen.samples.end(); ++at) {
        total += at->latency_ms;
    }
    return total;
}

// No answer, and nobody who was reached and is silent: a site that hangs is the site's own fault.
// (A kept connection is reached, and then broken, when a network goes.)
bool says_nothing(PageProbe const& probe) {
    bool const is_silent = probe.trouble == Trouble::Timeout && probe.is_reached;
    return probe.status == 0 && !is_silent;
}

// Takes back the round that is under way.
void forget_round(Ways& ways, std::size_t pages) {
    for (auto& way : ways) {
        auto& samples = way->seen.samples;
        samples.erase(samples.end() - static_cast<std::ptrdiff_t>(pages), samples.end());
        way->round = fleet::Health::Good;
    }
}

// Whether there was any trouble.
bool forget_all(Ways& ways) {
    bool is_troubled = false;
    for (auto& way : ways) {
        is_troubled = is_troubled || way->round == fleet::Health::Failed;
        way->seen.samples.clear();
        way->round = fleet::Health::Good;
    }
    return is_troubled;
}

class Observer {
public:
    Observer(Context const& context, Subject const& subject, ObserveOptions const& options,
             OnRound const& on_round)
        : context_(context),
          subject_(subject),
          options_(options),
          on_round_(on_round),
          now_(open_ways(subject.now)),
          baseline_(open_ways(subject.baseline)),
          windows_(options.window, options.window_most),
          begun_(context.clock().now()) {
        result_.window = options.window;
        result_.before = subject.before;
    }

    Result<Observed> run();

private:
    Result<void> warm_up();
    Result<void> round();
    // Of what was seen from then on.
    [[nodiscard]] fleet::Observation observation(milliseconds from) const;
    // The verdict of a window that is over, or nullopt when another one is open.
    [[nodiscard]] std::optional<fleet::Verdict> close_window();
    [[nodiscard]] bool is_decided() const;
    [[nodiscard]] milliseconds elapsed() const {
        return elapsed_ms(begun_, context_.clock().now());
    }

    Context const& context_;
    Subject const& subject_;
    ObserveOptions const& options_;
    OnRound const& on_round_;
    Ways now_;
    Ways baseline_;
    fleet::Windows windows_;
    SteadyTime begun_;  // of the first round that counts
    Observed result_;
    std::vector<std::string> troubles_;  // of the round
};

Result<void> Observer::warm_up() {
    std::map<Way*, double> last;
    for (std::size_t settled = 0;
         settled < kSettledRounds && result_.warm_up_rounds < limits::kWarmUpRounds;) {
        ++result_.warm_up_rounds;
        bool is_settled = true;
        for (auto* const ways : {&now_, &baseline_}) {
            for (auto const& way : *ways) {
                for (auto const& page : subject_.plan.pages) {
                    TRY(ask(context_, *way, subject_.plan, page, begun_));
                }
                double const took = last_round_ms(way->seen, subject_.plan.pages.size());
                auto const before = last.find(way.get());
                is_settled =
                    is_settled && before != last.end() && took >= kSettledShare * before->second;
                last[way.get()] = took;
            }
        }
        settled = is_settled ? settled + 1 : 0;
        // What is wrong is seen again in the first round that counts.
        bool const is_new_troubled = forget_all(now_);
        if (forget_all(baseline_) || is_new_troubled) break;
    }
    begun_ = context_.clock().now();
    return {};
}

Result<void> Observer::round() {
    troubles_.clear();
    // Both homes' ways, page by page; whoever is first this time is last the next.
    std::vector<std::pair<Way*, bool>> order;
    for (auto const& way : now_) order.emplace_back(way.get(), true);
    for (auto const& way : baseline_) order.emplace_back(way.get(), false);
    if (result_.rounds % 2 == 1) std::reverse(order.begin(), order.end());
    bool is_blind = true;
    for (auto const& page : subject_.plan.pages) {
        for (auto const& [way, is_new] : order) {
            auto const probe = TRY(ask(context_, *way, subject_.plan, page, begun_));
            is_blind = is_blind && says_nothing(probe);
            if (probe.is_good()) continue;
            auto what =
                fmt::format("{}{}: {}", is_new ? "" : "old home, ", way->seen.name, probe.what);
            bool const is_told = is_new && is_mismatch(probe.trouble) &&
                                 result_.mismatches.size() < limits::kMismatches;
            if (is_told) result_.mismatches.push_back(what);
            troubles_.push_back(std::move(what));
        }
    }
    ++result_.rounds;
    result_.blind_rounds += is_blind ? 1 : 0;
    for (auto* const ways : {&now_, &baseline_}) {
        if (is_blind) {
            forget_round(*ways, subject_.plan.pages.size());
        } else {
            end_round(*ways);
        }
    }
    return {};
}

fleet::Observation Observer::observation(milliseconds from) const {
    fleet::Observation all{.mismatches = result_.mismatches};
    for (auto const& way : now_) {
        auto const& seen = way->seen;
        all.requests += seen.samples.size();
        all.failures += seen.failures();
        all.health.push_back({seen.name, seen.rounds});
        auto const paired =
            std::find_if(baseline_.begin(), baseline_.end(),
                         [&](auto const& other) { return other->seen.name == seen.name; });
        auto const* const before = find_way(subject_.before, seen.name);
        for (auto const& page : subject_.plan.pages) {
            fleet::PageLatency latency{
                .page = fmt::format("{} ({})", to_string(page.kind), seen.name),
                .now_ms = seen.latencies(page.kind, from)};
            if (paired != baseline_.end()) {
                latency.baseline_ms = (*paired)->seen.latencies(page.kind, from);
            }
            if (before != nullptr) latency.before_ms = before->latencies(page.kind);
            all.latencies.push_back(std::move(latency));
        }
    }
    if (result_.blind_rounds > 0 && result_.blind_rounds == result_.rounds) {
        all.observer_problem = fmt::format(
            "no connection to either home by any of {} ways: is it the network of this machine?",
            now_.size() + baseline_.size());
    }
    return all;
}

bool Observer::is_decided() const {
    using fleet::Trigger;
    for (auto const trigger : {Trigger::ErrorRate, Trigger::Health, Trigger::Integrity}) {
        auto const& judgement = result_.verdict.finding(trigger).by(options_.mode);
        if (judgement.outcome == fleet::Outcome::Fail) {
            return result_.verdict.outcome == fleet::Outcome::Fail;
        }
    }
    return false;
}

std::optional<fleet::Verdict> Observer::close_window() {
    auto warm = options_.thresholds;
    // Not again: what was cold at first is not any more.
    if (windows_.begin().count() > 0) warm.latencies_dropped = 0;
    return windows_.close(result_.verdict,
                          fleet::judge(observation(windows_.begin()), options_.mode, warm));
}

Result<Observed> Observer::run() {
    TRY(warm_up());
    while (true) {
        auto const round_begun = elapsed();
        TRY(round());
        result_.verdict =
            fleet::judge(observation(milliseconds(0)), options_.mode, options_.thresholds);
        auto const now = elapsed();
        bool const is_full = result_.rounds == limits::kRounds;
        bool is_over = is_decided();
        if (!is_over && (now >= windows_.end() || is_full)) {
            auto verdict = close_window();
            is_over = verdict.has_value() || is_full;
            if (verdict) result_.verdict = std::move(*verdict);
            // Not confirmed, and there is no round left to do so.
            if (is_over && !verdict) result_.verdict.outcome = fleet::Outcome::Inconclusive;
        }
        result_.window = windows_.end();
        if (on_round_) {
            on_round_({result_.rounds, now, result_.window, troubles_, result_.verdict});
        }
        if (is_over) break;
        auto const left = options_.interval - (now - round_begun);
        if (left.count() > 0 && !context_.sleep(left)) {
            return Error(context_.stopped() ? ErrorCode::Cancelled : ErrorCode::DeadlineExceeded,
                         fmt::format("the observation was ended after {} rounds", result_.rounds));
        }
    }
    result_.took = elapsed();
    result_.now = seen_by(now_);
    result_.baseline = seen_by(baseline_);
    return std::move(result_);
}

Result<void> check_subject(Subject const& subject, ObserveOptions const& options) {
    if (subject.plan.pages.empty() || subject.now.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "an observation needs a page to ask for and a way to ask by");
    }
    if (options.window.count() <= 0 || options.window_most < options.window ||
        options.interval.count() < 0) {
        return Error(ErrorCode::InvalidArgument,
                     "an observation's window is more than nothing, and at most window_most");
    }
    return {};
}

}  // namespace

std::vector<double> WaySamples::latencies(PageKind kind, milliseconds from) const {
    std::vector<double> all;
    for (auto const& sample : samples) {
        bool const is_page = sample.trouble == Trouble::None && !sample.is_redirect;
        if (sample.kind == kind && is_page && sample.at >= from) all.push_back(sample.latency_ms);
    }
    return all;
}

std::uint64_t WaySamples::failures() const {
    return static_cast<std::uint64_t>(
        std::count_if(samples.begin(), samples.end(),
                      [](auto const& sample) { return sample.trouble != Trouble::None; }));
}

Result<std::vector<WaySamples>> take_baseline(Context const& context, SitePlan const& plan,
                                              std::vector<VantagePoint> const& points,
                                              BaselineOptions const& options) {
    auto ways = open_ways(points);
    auto const begun = context.clock().now();
    for (std::size_t round = 0; round < std::min(options.rounds, limits::kRounds); ++round) {
        if (round > 0 && !context.sleep(options.interval)) {
            return Error(context.stopped() ? ErrorCode::Cancelled : ErrorCode::DeadlineExceeded,
                         fmt::format("the baseline was ended after {} rounds", round));
        }
        for (auto const& page : plan.pages) {
            for (auto const& way : ways) TRY(ask(context, *way, plan, page, begun));
        }
        end_round(ways);
    }
    return seen_by(ways);
}

Result<Observed> observe(Context const& context, Subject const& subject,
                         ObserveOptions const& options, OnRound const& on_round) {
    TRY(check_subject(subject, options));
    return Observer(context, subject, options, on_round).run();
}

}  // namespace aipress::sites

// A site's new home watched beside its old one, until fleet's rules have a verdict.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "fleet/verdict.h"
#include "sites/probe.h"
#include "sites/visit.h"

namespace aipress::sites {

// One page, asked for once.
struct Sample {
    PageKind kind = PageKind::Front;
    milliseconds at{0};  // since the beginning
    double latency_ms = 0;
    int status = 0;
    bool is_redirect = false;
    bool is_reached = false;
    Trouble trouble = Trouble::None;
};

// Everything that was seen by one way.
struct WaySamples {
    std::string name = {};  // the vantage point's
    std::string host = {};
    std::vector<Sample> samples = {};
    std::vector<fleet::Health> rounds = {};

    // How long the page took, each time that it was served whole; redirects are no pages. Asked for
    // at `from` or later.
    [[nodiscard]] std::vector<double> latencies(PageKind kind,
                                                milliseconds from = milliseconds(0)) const;
    [[nodiscard]] std::uint64_t failures() const;
};

// So many rounds by each way, one after another; what a later observation is held against.
struct BaselineOptions {
    std::size_t rounds = 10;
    milliseconds interval{1'000};
};
// Errors: Cancelled and DeadlineExceeded of the context.
[[nodiscard]] Result<std::vector<WaySamples>> take_baseline(Context const& context,
                                                            SitePlan const& plan,
                                                            std::vector<VantagePoint> const& ways,
                                                            BaselineOptions const& options);

struct Subject {
    SitePlan plan = {};
    // The new home's: two at least, or nobody's word on its health is believed by itself.
    std::vector<VantagePoint> now = {};
    // The old home's, each compared with the one of the new home's of the same name: like with
    // like.
    std::vector<VantagePoint> baseline = {};
    std::vector<WaySamples> before = {};  // take_baseline()'s, by name
};

struct ObserveOptions {
    milliseconds window{300'000};
    // Extended to at most so long while inconclusive; one that confirms slowness may come on top.
    milliseconds window_most{900'000};
    milliseconds interval{2'000};  // from the beginning of a round to that of the next
    fleet::RollbackMode mode = fleet::RollbackMode::Statistical;
    fleet::Thresholds thresholds = {};
};

// After each round; short. The verdict is that of all that has been seen by then.
struct RoundSeen {
    std::size_t round = 0;  // from 1
    milliseconds elapsed{0};
    milliseconds window{0};                  // as it is extended by then
    std::vector<std::string> troubles = {};  // "visitors: front page: status 500"
    fleet::Verdict const& verdict;
};
using OnRound = std::function<void(RoundSeen const&)>;

struct Observed {
    fleet::Verdict verdict = {};
    std::size_t warm_up_rounds = 0;  // before the first; nothing of them is kept
    std::size_t rounds = 0;
    // Of these, without a connection by any way to either home: they say nothing of the site, but
    // of the network of who looks, and nothing of them is kept.
    std::size_t blind_rounds = 0;
    milliseconds took{0};
    milliseconds window{0};
    std::vector<WaySamples> now = {};
    std::vector<WaySamples> baseline = {};
    std::vector<WaySamples> before = {};
    std::vector<std::string> mismatches = {};  // the first limits::kMismatches
};

// A round asks for each page of the plan by every way, the old home's in between, in an order that
// turns round by round. Warm-up rounds come first, until no way's round is much faster than its
// last one, limits::kWarmUpRounds at most: PHP compiles a page when it is first asked for, tables
// are opened, pages read from disk. Measured at a service that has just been deployed: the first
// page took 950 ms instead of 30, the second one as long as all others. A round with trouble ends
// them. Then windows as in fleet/windows.h. Ends early when the verdict is Fail for errors, health
// or integrity: response time is judged at the end of a window only, for a test that is repeated
// round by round finds something by chance. Errors: InvalidArgument for options that make no
// observation; Cancelled and DeadlineExceeded of the context, and what was seen is lost.
[[nodiscard]] Result<Observed> observe(Context const& context, Subject const& subject,
                                       ObserveOptions const& options, OnRound const& on_round);

// All numbers: the verdict by both rules, and for each way and page the count, failures, median,
// p95 and the samples [at_ms, latency_ms, status], for charts.
[[nodiscard]] boost::json::object to_json(Observed const& observed);

}  // namespace aipress::sites

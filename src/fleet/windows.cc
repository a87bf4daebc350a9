#include "fleet/windows.h"

#include <algorithm>

#include "base/assert.h"

namespace aipress::fleet {

bool is_slow_only(Verdict const& verdict) {
    if (verdict.outcome != Outcome::Fail) return false;
    return std::all_of(verdict.findings.begin(), verdict.findings.end(), [&](auto const& finding) {
        bool const fails = finding.by(verdict.mode).outcome == Outcome::Fail;
        return fails == (finding.trigger == Trigger::ResponseTime);
    });
}

Windows::Windows(milliseconds first, milliseconds most) : most_(most), end_(first) {
    ASSERT(first.count() > 0 && first <= most);
}

void Windows::open_next(milliseconds end) {
    begin_ = end_;
    end_ = end;
}

std::optional<Verdict> Windows::close(Verdict all, Verdict const& fresh) {
    bool const was_confirming = is_confirming_;
    is_confirming_ = all.mode == RollbackMode::Statistical && is_slow_only(all);
    if (is_confirming_) {
        auto const& again = fresh.finding(Trigger::ResponseTime).statistical;
        if (was_confirming && again.outcome == Outcome::Fail) {
            all.reason += "; and in a second window " + again.reason;
            return all;
        }
        // Two windows that do not agree: the one that is opened now may settle it.
        all.outcome = all.statistical = Outcome::Inconclusive;
        all.reason = "one window does not confirm it: " + all.reason;
        if (was_confirming && end_ >= most_) return all;
        open_next(was_confirming ? std::min(2 * end_, most_) : 2 * end_ - begin_);
        return std::nullopt;
    }
    if (all.outcome != Outcome::Inconclusive || end_ >= most_) return all;
    open_next(std::min(2 * end_, most_));
    return std::nullopt;
}

}  // namespace aipress::fleet

// How long a site is watched, and when what is seen is a verdict. Pure; not thread safe.
//
//   a window ─┬─ pass, or fail for errors, health or integrity ──► over
//             ├─ inconclusive ──► as long again, up to the bound ──► over, inconclusive
//             └─ fail for response time alone ──► as long again: it is over when the new window, by
//                itself, says so too; else it is inconclusive
//
// Windows double, so that a test which is right 98 times in 100 is asked a few times, and not every
// few seconds until it errs. The plain rule's verdict needs no second window.
#pragma once

#include <optional>

#include "base/clock.h"
#include "fleet/verdict.h"

namespace aipress::fleet {

// Fails, and for nothing but response time.
[[nodiscard]] bool is_slow_only(Verdict const& verdict);

class Windows {
public:
    // `most`: up to where it is extended while inconclusive; a window that confirms may go past it
    // by once its length. REQUIRES: 0 < first <= most.
    Windows(milliseconds first, milliseconds most);

    // Of the window that is open, since the beginning.
    [[nodiscard]] milliseconds begin() const { return begin_; }
    [[nodiscard]] milliseconds end() const { return end_; }

    // At the window's end. `all`: of everything that was seen so far; `fresh`: of what was seen in
    // this window. The verdict when it is over; nullopt: another window is open now.
    [[nodiscard]] std::optional<Verdict> close(Verdict all, Verdict const& fresh);

private:
    void open_next(milliseconds end);

    milliseconds const most_;
    milliseconds begin_{0};
    milliseconds end_;
    bool is_confirming_ = false;
};

}  // namespace aipress::fleet

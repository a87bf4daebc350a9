// What Google answered lately to the calls of one quota: whether it refuses more of them than now
// and then, and how many came through.
//
// A refusal by itself says nothing about the caller's rate: a server's own limit, another client's
// burst, an error that passes. What counts is their share, as in Google's client-side throttling
// (SRE book, chapter 21) and gRPC's retry throttling (gRFC A6).
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "gcp/limits.h"

namespace aipress::gcp {

// Not thread safe. Times do not go back.
class AnsweredCalls {
public:
    void accepted(SteadyTime now);
    void refused(SteadyTime now);

    // So many of the last so many calls, within a minute, were refused.
    struct Evidence {
        std::size_t refusals = limits::kRefusalsSustained;
        std::size_t calls = limits::kCallsJudged;  // limits::kCallsJudged at most
    };
    [[nodiscard]] bool is_refused_lastingly(SteadyTime now, Evidence evidence) const;
    // In the last minute, to a second.
    [[nodiscard]] double accepted_in_a_minute(SteadyTime now) const;

    // Judges by what comes from now on; what came through stays known.
    void judge_anew() { last_.clear(); }

private:
    struct Answer {
        SteadyTime at = {};
        bool is_refusal = false;
    };
    struct Second {
        std::int64_t number = -1;  // since the clock's beginning
        std::uint64_t accepted = 0;
    };
    void add(Answer answer);

    std::deque<Answer> last_;         // limits::kCallsJudged at most
    std::array<Second, 60> seconds_;  // by number modulo 60
};

}  // namespace aipress::gcp

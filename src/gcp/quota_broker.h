// Calls a minute, shared by everything that calls Google: execution waits here before a call, and a
// plan asks here how long so many calls will take.
//
// Google counts calls by quota group, the project charged, the user and, for some, the region. A
// bucket of tokens stands for each such key: it holds a burst, and fills at the rate that the group
// is known to have.
//
// What Google refuses (429) teaches more, when it lasts. A refusal among many answers is the
// refused caller's alone, who comes back when Google says so: the others go on at the full rate.
// Where a quarter of the calls is refused (answered_calls.h) there is a limit that is lower than
// known, or that others use, too: the rate becomes a part of what came through in the last minute,
// and finds its way back along RFC 9438's curve, quickly to where the refusals began, slowly past
// it:
//
//     rate(t) = came_through * (1 + (1 - kQuotaCut) * (t / kQuotaRecovery - 1)^3)
//
// So the rate stays close below the limit, and a few calls in a hundred find where it is.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/context.h"
#include "gcp/answered_calls.h"
#include "gcp/outcome.h"

namespace aipress::gcp {

// Calls that Google counts together: an API's "mutate", "read".
struct QuotaGroup {
    std::string api = {};  // "sqladmin.googleapis.com"
    std::string name = {};
    auto operator<=>(QuotaGroup const&) const = default;
};

struct QuotaKey {
    QuotaGroup group = {};
    std::string project = {};  // the one that is charged
    std::string user = {};
    std::string region = {};  // "" where the group is not counted by region
    auto operator<=>(QuotaKey const&) const = default;
};

struct QuotaLimit {
    double calls_a_minute = 0;  // 0: none is known
    double burst = 0;           // calls that may come at once; at least 1
    // However often Google refuses, this much is always asked for; and a delay that it asks for is
    // the refused caller's alone, always. 0: where refusals last it is everybody's.
    double least = 0;
};

// Thread safe.
class QuotaBroker {
public:
    // The clock outlives it. Google's published defaults are known from the start.
    explicit QuotaBroker(Clock& clock);

    void set_limit(QuotaGroup const& group, QuotaLimit limit);

    struct Permit {
        std::uint64_t era = 0;  // cuts and pauses of its bucket that were before it
    };
    // Waits for its turn; turns are given in the order they were asked for. Without a known limit
    // there is no wait. Errors: ResourceExhausted as soon as it is known that the turn would come
    // past the deadline (none is taken then); Cancelled (the turn is lost).
    [[nodiscard]] Outcome<Permit> acquire(Context const& context, QuotaKey const& key);

    // Google let the call of that permit through, whatever came of it.
    void accepted(QuotaKey const& key, Permit const& permit);
    // Google refused it. Where that lasts the rate is cut, and all make a pause: of `delay` at
    // least, ever longer while what comes next is refused, too (but see QuotaLimit::least). What
    // was let through before the last cut or pause does not count: it says nothing new.
    void refused(QuotaKey const& key, Permit const& permit, std::optional<milliseconds> delay);

    // How long from now until the last of `count` more calls may begin, at the rate of now; 0 for
    // what has no known limit.
    [[nodiscard]] milliseconds eta(QuotaKey const& key, std::uint64_t count) const;
    // nullopt: none is known.
    [[nodiscard]] std::optional<double> calls_a_minute(QuotaKey const& key) const;

private:
    struct Bucket {
        std::optional<QuotaLimit> limit;  // as known beforehand
        double rate = 0;                  // calls a minute; 0: unlimited
        double burst = 1;
        double least = 0;   // the rate never falls below
        double tokens = 1;  // negative: turns given ahead
        SteadyTime filled_at = {};
        SteadyTime closed_until = {};
        // Learned: what came through a minute when Google refused lastingly; 0: nothing is.
        double came_through = 0;
        SteadyTime cut_at = {};
        milliseconds pause{0};  // the last one, until a call comes through
        std::uint64_t pauses = 0;
        std::uint64_t era = 0;  // cuts and pauses
        AnsweredCalls answered = {};
    };
    Bucket make_bucket(QuotaKey const& key, SteadyTime now) const;
    Bucket& bucket(QuotaKey const& key, SteadyTime now);
    static void cut(Bucket& bucket, SteadyTime now);
    static void pause(Bucket& bucket, SteadyTime now, milliseconds least);
    static void recover(Bucket& bucket, SteadyTime now);
    static void fill(Bucket& bucket, SteadyTime now);
    static SteadyTime turn(Bucket const& bucket, double tokens, SteadyTime now);
    Outcome<milliseconds> take_turn(Context const& context, QuotaKey const& key, Bucket& bucket);

    Clock& clock_;
    mutable std::mutex mutex_;
    std::map<QuotaGroup, QuotaLimit> limits_;
    std::map<QuotaKey, Bucket> buckets_;
};

}  // namespace aipress::gcp

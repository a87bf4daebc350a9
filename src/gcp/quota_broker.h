// Calls a minute, shared by everything that calls Google: execution waits here before a call, and a
// plan asks here how long so many calls will take.
//
// Google counts calls by quota group, the project charged, the user and, for some, the region. A
// bucket of tokens stands for each such key: it holds a burst, and fills at the rate that the group
// is known to have. What Google refuses (429) teaches more: the rate is halved, and rises again
// step by step while nothing more is refused (limits::kQuotaRecovery, kQuotaRise).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/context.h"
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
    // the refused caller's alone. 0: all of it is everybody's.
    double least = 0;
};

// Thread safe.
class QuotaBroker {
public:
    // The clock outlives it. Google's published defaults are known from the start.
    explicit QuotaBroker(Clock& clock);

    void set_limit(QuotaGroup const& group, QuotaLimit limit);

    struct Permit {
        SteadyTime granted_at = {};
    };
    // Waits for its turn; turns are given in the order they were asked for. Without a known limit
    // there is no wait. Errors: ResourceExhausted at once, when the turn would come past the
    // deadline (none is taken then); Cancelled (the turn is lost).
    [[nodiscard]] Outcome<Permit> acquire(Context const& context, QuotaKey const& key);

    // Google refused the call of that permit. Nobody's turn comes before `delay` is over (but see
    // QuotaLimit::least). Calls
    // that were let through before the last halving do not halve again: they say nothing new.
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
        SteadyTime halved_at = SteadyTime::min();
        SteadyTime rose_at = {};
        // Calls let through in this window and the last: what an unknown rate is learned from.
        std::uint64_t window_calls = 0;
        std::uint64_t last_window_calls = 0;
        SteadyTime window_began = {};
    };
    Bucket make_bucket(QuotaKey const& key, SteadyTime now) const;
    Bucket& bucket(QuotaKey const& key, SteadyTime now);
    static void recover(Bucket& bucket, SteadyTime now);
    static void fill(Bucket& bucket, SteadyTime now);
    static void count_call(Bucket& bucket, SteadyTime now);
    static SteadyTime turn(Bucket const& bucket, double tokens, SteadyTime now);

    Clock& clock_;
    mutable std::mutex mutex_;
    std::map<QuotaGroup, QuotaLimit> limits_;
    std::map<QuotaKey, Bucket> buckets_;
};

}  // namespace aipress::gcp

#include "gcp/quota_broker.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "gcp/limits.h"
#include "gcp/quota_groups.h"

namespace aipress::gcp {
namespace {

constexpr milliseconds kMinute{60'000};

using Minutes = std::chrono::duration<double, std::ratio<60>>;

SteadyTime later(SteadyTime time, double minutes) {
    // A sum of fractions may be a hair too large, which is no reason to wait a millisecond more.
    constexpr double kHair = 1e-6;
    auto const exact = std::chrono::duration<double, std::milli>(Minutes(minutes)).count();
    return time + milliseconds(std::llround(std::ceil(exact - kHair)));
}

}  // namespace

QuotaBroker::QuotaBroker(Clock& clock) : clock_(clock), limits_(published_limits()) {}

void QuotaBroker::set_limit(QuotaGroup const& group, QuotaLimit limit) {
    std::lock_guard const lock(mutex_);
    limits_[group] = limit;
    std::erase_if(buckets_, [&](auto const& entry) { return entry.first.group == group; });
}

QuotaBroker::Bucket QuotaBroker::make_bucket(QuotaKey const& key, SteadyTime now) const {
    Bucket made;
    made.filled_at = now;
    made.rose_at = now;
    made.window_began = now;
    made.least = limits::kLeastCallsAMinute;
    auto const known = limits_.find(key.group);
    if (known == limits_.end()) return made;
    made.least = std::max(known->second.least, made.least);
    if (known->second.calls_a_minute > 0) {
        made.limit = known->second;
        made.rate = std::max(known->second.calls_a_minute, limits::kLeastCallsAMinute);
        made.burst = std::max(known->second.burst, 1.0);
        made.tokens = made.burst;
    }
    return made;
}

QuotaBroker::Bucket& QuotaBroker::bucket(QuotaKey const& key, SteadyTime now) {
    auto const found = buckets_.find(key);
    if (found != buckets_.end()) return found->second;
    return buckets_.emplace(key, make_bucket(key, now)).first->second;
}

// What was learned is forgotten after limits::kQuotaForgotten without a refusal.
void QuotaBroker::recover(Bucket& bucket, SteadyTime now) {
    if (bucket.rate == 0 || bucket.halved_at == SteadyTime::min()) return;
    while (now - bucket.rose_at >= limits::kQuotaRecovery) {
        bucket.rose_at += limits::kQuotaRecovery;
        bucket.rate *= limits::kQuotaRise;
        if (bucket.limit && bucket.rate >= bucket.limit->calls_a_minute) {
            bucket.rate = bucket.limit->calls_a_minute;
            bucket.halved_at = SteadyTime::min();
            return;
        }
        if (!bucket.limit && now - bucket.halved_at >= limits::kQuotaForgotten) {
            bucket.rate = 0;
            bucket.halved_at = SteadyTime::min();
            return;
        }
    }
}

void QuotaBroker::fill(Bucket& bucket, SteadyTime now) {
    recover(bucket, now);
    if (now <= bucket.filled_at) return;
    bucket.tokens += Minutes(now - bucket.filled_at).count() * bucket.rate;
    bucket.tokens = std::min(bucket.tokens, bucket.burst);
    bucket.filled_at = now;
}

void QuotaBroker::count_call(Bucket& bucket, SteadyTime now) {
    if (now - bucket.window_began >= kMinute) {
        bool const is_next = now - bucket.window_began < 2 * kMinute;
        bucket.last_window_calls = is_next ? bucket.window_calls : 0;
        bucket.window_calls = 0;
        bucket.window_began = now;
    }
    ++bucket.window_calls;
}

// When a bucket that holds `tokens` has one whole.
SteadyTime QuotaBroker::turn(Bucket const& bucket, double tokens, SteadyTime now) {
    auto when = std::max(now, bucket.closed_until);
    if (bucket.rate > 0 && tokens < 1) {
        when = std::max(when, later(bucket.filled_at, (1 - tokens) / bucket.rate));
    }
    return when;
}

Outcome<QuotaBroker::Permit> QuotaBroker::acquire(Context const& context, QuotaKey const& key) {
    milliseconds wait{0};
    {
        std::lock_guard const lock(mutex_);
        auto const now = clock_.now();
        auto& mine = bucket(key, now);
        fill(mine, now);
        auto const when = turn(mine, mine.tokens, now);
        wait = std::chrono::ceil<milliseconds>(when - now);
        if (wait > milliseconds(0) && wait >= context.deadline().remaining(context.clock())) {
            return Error(
                ErrorCode::ResourceExhausted,
                fmt::format("the quota of {} ({}, project '{}') lets the next call through "
                            "in {} s only, which is past the deadline: give it more time, "
                            "charge another project, or ask for a higher quota",
                            key.group.api, key.group.name, key.project, wait.count() / 1000 + 1));
        }
        if (mine.rate > 0) mine.tokens -= 1;
        count_call(mine, when);
    }
    if (wait > milliseconds(0) && !context.sleep(wait)) {
        if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
        return Error(ErrorCode::DeadlineExceeded, "no time is left");
    }
    return Permit{.granted_at = clock_.now()};
}

void QuotaBroker::refused(QuotaKey const& key, Permit const& permit,
                          std::optional<milliseconds> delay) {
    std::lock_guard const lock(mutex_);
    auto const now = clock_.now();
    auto& mine = bucket(key, now);
    fill(mine, now);
    bool const is_shared = mine.least <= limits::kLeastCallsAMinute;
    if (delay && is_shared) mine.closed_until = std::max(mine.closed_until, now + *delay);
    if (mine.halved_at != SteadyTime::min() && permit.granted_at <= mine.halved_at) return;
    if (mine.rate == 0) {
        // Nothing was known. What came through in about a minute was too much.
        auto const calls = std::max(mine.window_calls, mine.last_window_calls);
        mine.rate = std::max(static_cast<double>(calls), limits::kLearnedLeastCalls);
        mine.rate = std::max(mine.rate, mine.least);
        mine.filled_at = now;
    }
    mine.rate = std::max(mine.rate / 2, mine.least);
    mine.tokens = std::min(mine.tokens, 0.0);  // what Google has no more is not here either
    mine.halved_at = now;
    mine.rose_at = now;
}

milliseconds QuotaBroker::eta(QuotaKey const& key, std::uint64_t count) const {
    if (count == 0) return milliseconds(0);
    std::lock_guard const lock(mutex_);
    auto const now = clock_.now();
    auto const found = buckets_.find(key);
    auto seen = found == buckets_.end() ? make_bucket(key, now) : found->second;
    fill(seen, now);
    auto const last = turn(seen, seen.tokens - static_cast<double>(count - 1), now);
    return std::chrono::ceil<milliseconds>(last - now);
}

std::optional<double> QuotaBroker::calls_a_minute(QuotaKey const& key) const {
    std::lock_guard const lock(mutex_);
    auto const now = clock_.now();
    auto const found = buckets_.find(key);
    auto seen = found == buckets_.end() ? make_bucket(key, now) : found->second;
    fill(seen, now);
    if (seen.rate == 0) return std::nullopt;
    return seen.rate;
}

}  // namespace aipress::gcp

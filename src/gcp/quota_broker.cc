#include "gcp/quota_broker.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "gcp/limits.h"
#include "gcp/quota_groups.h"

namespace aipress::gcp {
namespace {

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

// Once what was learned is no lower than what was known, or is old, it is forgotten.
void QuotaBroker::recover(Bucket& bucket, SteadyTime now) {
    if (bucket.came_through == 0) return;
    auto const since_cut = std::chrono::duration<double>(now - bucket.cut_at) /
                           std::chrono::duration<double>(limits::kQuotaRecovery);
    auto const curve = 1 + (1 - limits::kQuotaCut) * std::pow(since_cut - 1, 3);
    bucket.rate = std::max(bucket.came_through * curve, bucket.least);
    bool const is_known = bucket.limit && bucket.rate >= bucket.limit->calls_a_minute;
    bool const is_old = !bucket.limit && now - bucket.cut_at >= limits::kQuotaForgotten;
    if (!is_known && !is_old) return;
    bucket.rate = is_known ? bucket.limit->calls_a_minute : 0;
    bucket.came_through = 0;
}

void QuotaBroker::cut(Bucket& bucket, SteadyTime now) {
    auto const accepted = bucket.answered.accepted_in_a_minute(now);
    bool const is_unlimited = bucket.rate == 0;
    auto const rate = is_unlimited ? std::max(accepted, limits::kLearnedLeastCalls) : bucket.rate;
    bucket.came_through =
        std::max(std::clamp(accepted, rate * limits::kQuotaCutMost, rate), bucket.least);
    bucket.rate = std::max(bucket.came_through * limits::kQuotaCut, bucket.least);
    bucket.tokens = std::min(bucket.tokens, 0.0);  // what Google has no more is not here either
    bucket.cut_at = now;
    ++bucket.era;
    bucket.answered.judge_anew();
}

// The minute's calls may be used up, whatever the rate. Nothing is saved up meanwhile, and who
// waits for a turn takes another: see acquire().
void QuotaBroker::pause(Bucket& bucket, SteadyTime now, milliseconds least) {
    bucket.pause = std::clamp(2 * bucket.pause, limits::kQuotaPauseFirst, limits::kQuotaPauseMost);
    bucket.closed_until = std::max(bucket.closed_until, now + std::max(bucket.pause, least));
    bucket.tokens = 1;
    bucket.filled_at = bucket.closed_until;
    ++bucket.pauses;
    ++bucket.era;
}

void QuotaBroker::fill(Bucket& bucket, SteadyTime now) {
    recover(bucket, now);
    if (now <= bucket.filled_at) return;
    bucket.tokens += Minutes(now - bucket.filled_at).count() * bucket.rate;
    bucket.tokens = std::min(bucket.tokens, bucket.burst);
    bucket.filled_at = now;
}

// When a bucket that holds `tokens` has one whole.
SteadyTime QuotaBroker::turn(Bucket const& bucket, double tokens, SteadyTime now) {
    auto when = std::max(now, bucket.closed_until);
    if (bucket.rate > 0 && tokens < 1) {
        when = std::max(when, later(bucket.filled_at, (1 - tokens) / bucket.rate));
    }
    return when;
}

Outcome<milliseconds> QuotaBroker::take_turn(Context const& context, QuotaKey const& key,
                                             Bucket& bucket) {
    auto const now = clock_.now();
    fill(bucket, now);
    auto const wait = std::chrono::ceil<milliseconds>(turn(bucket, bucket.tokens, now) - now);
    if (wait > milliseconds(0) && wait >= context.deadline().remaining(context.clock())) {
        return Error(
            ErrorCode::ResourceExhausted,
            fmt::format("the quota of {} ({}, project '{}') lets the next call through "
                        "in {} s only, which is past the deadline: give it more time, "
                        "charge another project, or ask for a higher quota",
                        key.group.api, key.group.name, key.project, wait.count() / 1000 + 1));
    }
    if (bucket.rate > 0) bucket.tokens -= 1;
    return wait;
}

Outcome<QuotaBroker::Permit> QuotaBroker::acquire(Context const& context, QuotaKey const& key) {
    std::unique_lock lock(mutex_);
    for (;;) {
        auto& mine = bucket(key, clock_.now());
        auto const pauses = mine.pauses;
        auto const wait = TRY(take_turn(context, key, mine));
        if (wait <= milliseconds(0)) return Permit{.era = mine.era};
        lock.unlock();
        if (!context.sleep(wait)) {
            if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
            return Error(ErrorCode::DeadlineExceeded, "no time is left");
        }
        lock.lock();
        // A cut leaves the turns as they are, a pause does not.
        auto const& then = bucket(key, clock_.now());
        if (then.pauses == pauses) return Permit{.era = then.era};
    }
}

void QuotaBroker::accepted(QuotaKey const& key, Permit const& permit) {
    std::lock_guard const lock(mutex_);
    auto const now = clock_.now();
    auto& mine = bucket(key, now);
    mine.answered.accepted(now);
    if (permit.era == mine.era) mine.pause = milliseconds(0);
}

void QuotaBroker::refused(QuotaKey const& key, Permit const& permit,
                          std::optional<milliseconds> delay) {
    std::lock_guard const lock(mutex_);
    auto const now = clock_.now();
    auto& mine = bucket(key, now);
    fill(mine, now);
    if (permit.era != mine.era) return;
    bool const is_learned = mine.came_through > 0;
    bool const is_first_since_pause = mine.pause > milliseconds(0);
    mine.answered.refused(now);
    bool const is_lasting = mine.answered.is_refused_lastingly(
        now, {.refusals = limits::kRefusalsSustained / (is_learned ? 2 : 1),
              .calls = limits::kCallsJudged / (is_learned ? 2 : 1)});
    if (!is_lasting && !is_first_since_pause) return;
    if (!is_first_since_pause) cut(mine, now);
    bool const is_everybodys = mine.least <= limits::kLeastCallsAMinute;
    if (is_everybodys) pause(mine, now, delay.value_or(milliseconds(0)));
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

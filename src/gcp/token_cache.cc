#include "gcp/token_cache.h"

#include <algorithm>

namespace aipress::gcp {

Outcome<AccessToken> TokenCache::token(Context const& context) {
    Lock lock(mutex_);
    for (;;) {
        if (is_usable() && (is_fetching_ || !is_due())) return *token_;
        if (!is_fetching_) return fetch(context, lock);
        if (auto shared = wait_for_fetcher(context, lock)) return std::move(*shared);
    }
}

// The fetcher's error; nullopt: look again.
std::optional<Outcome<AccessToken>> TokenCache::wait_for_fetcher(Context const& context,
                                                                 Lock& lock) {
    auto const before = fetches_;
    std::unique_ptr<Alarm> alarm;
    if (!context.deadline().is_never()) {
        lock.unlock();  // an alarm that is due already rings at once
        alarm = context.clock().call_at(context.deadline().time(), [this] {
            std::lock_guard const guard(mutex_);
            changed_.notify_all();
        });
        lock.lock();
    }
    changed_.wait(lock, context.stop(), [&] { return fetches_ != before || context.expired(); });
    bool const is_over = fetches_ != before;
    auto error = last_error_;
    lock.unlock();
    alarm.reset();  // waits for its callback, which takes the lock
    lock.lock();
    if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
    if (!is_over) return Error(ErrorCode::DeadlineExceeded, "no access token came in time");
    // What ended the fetcher's own context says nothing about this one's.
    bool const is_own = error && (error->code() == ErrorCode::Cancelled ||
                                  error->code() == ErrorCode::DeadlineExceeded);
    if (error && !is_own) return std::move(*error);
    return std::nullopt;
}

Outcome<AccessToken> TokenCache::fetch(Context const& context, Lock& lock) {
    auto policy = retry_;
    if (is_usable()) policy.attempts = 1;  // the old one will do: nobody waits for retries
    is_fetching_ = true;
    lock.unlock();
    auto fetched = fetch_(context, policy);
    lock.lock();
    is_fetching_ = false;
    ++fetches_;
    changed_.notify_all();
    auto const now = clock_.wall_now();
    if (fetched.ok()) {
        last_error_.reset();
        token_ = fetched.value();
        auto const lifetime = std::chrono::duration_cast<milliseconds>(token_->expiry - now);
        renew_at_ = token_->expiry - std::min(limits::kTokenRenewal, lifetime / 4);
        return fetched;
    }
    last_error_ = fetched.error();
    if (!is_usable()) return fetched;
    renew_at_ = now + limits::kRenewalPause;
    return *token_;
}

void TokenCache::refuse(AccessToken const& token) {
    std::lock_guard const lock(mutex_);
    if (token_ && token_->secret.reveal() == token.secret.reveal()) token_.reset();
}

}  // namespace aipress::gcp

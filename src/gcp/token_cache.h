// One token for all threads, renewed ahead of its end by one of them.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "gcp/credentials.h"

namespace aipress::gcp {

class TokenCache final : public TokenSource {
public:
    // Called by one thread at a time.
    using Fetch = std::function<Outcome<AccessToken>(Context const&, RetryPolicy const&)>;

    // The clock outlives it.
    TokenCache(Clock& clock, RetryPolicy retry, Fetch fetch)
        : clock_(clock), retry_(std::move(retry)), fetch_(std::move(fetch)) {}

    [[nodiscard]] Outcome<AccessToken> token(Context const& context) override;
    void refuse(AccessToken const& token) override;

private:
    using Lock = std::unique_lock<std::mutex>;
    [[nodiscard]] bool is_usable() const { return token_ && clock_.wall_now() < token_->expiry; }
    [[nodiscard]] bool is_due() const { return clock_.wall_now() >= renew_at_; }
    std::optional<Outcome<AccessToken>> wait_for_fetcher(Context const& context, Lock& lock);
    Outcome<AccessToken> fetch(Context const& context, Lock& lock);

    Clock& clock_;
    RetryPolicy const retry_;
    Fetch const fetch_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool is_fetching_ = false;
    unsigned fetches_ = 0;                // that ended
    std::optional<ApiError> last_error_;  // of the last one
    std::optional<AccessToken> token_;
    WallTime renew_at_ = WallTime::min();
};

}  // namespace aipress::gcp

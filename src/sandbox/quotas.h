// Google's rate quotas, with the numbers that it publishes: `aipress sandbox up --quotas real`.
//
// Each is a token bucket on the sandbox's clock: it holds as many requests as the quota has for its
// period, and is filled at an even pace. (Google's own quotas of a minute may be full again at the
// minute's turn, and may let a little more pass.)
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sandbox/outcome.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

enum class QuotaMode { Off, Real };

// Whose requests share a bucket.
enum class QuotaScope {
    Project,   // all of a project's
    User,      // those of a principal to a project
    Resource,  // those to one resource, such as an object
};

struct QuotaLimit {
    std::string_view service;       // "secretmanager"
    std::string_view methods;       // patterns of ids, apart by blanks
    std::string_view metric;        // "secretmanager.googleapis.com/access_requests"
    std::string_view name;          // "AccessRequestsPerMinutePerProject"
    std::string_view shown_metric;  // "Access requests", as messages have it
    std::string_view shown_limit;   // "Access requests per minute"
    std::uint64_t most = 0;         // in a period
    milliseconds period{60'000};
    QuotaScope scope = QuotaScope::Project;
    std::uint64_t cost = 1;  // of one request
};

// All of them; quota_limits.cc tells where each is published. Of those of one metric the first one
// whose methods match is charged.
[[nodiscard]] std::span<QuotaLimit const> quota_limits();

// Who is charged for a request.
struct QuotaConsumer {
    std::string project_number;
    std::string principal;
};

// Thread safe. The clock outlives it. Bounded: it keeps the buckets of limits::kQuotaBuckets
// consumers and resources that asked lately.
class Quotas {
public:
    explicit Quotas(Clock& clock) : clock_(clock) {}

    // Takes what the request costs from each of its buckets, or from none. Errors: 429 (Compute:
    // 403) in Google's words when one of them has not enough left.
    [[nodiscard]] Outcome<Done> charge(Call const& call, QuotaConsumer const& consumer);
    [[nodiscard]] std::size_t buckets() const;

private:
    struct Bucket {
        double used = 0;  // of `most`, at `time`
        SteadyTime time;
    };
    struct Charge {
        QuotaLimit const* limit;
        std::string key;
        double used;  // before this request
    };
    [[nodiscard]] double used_now(QuotaLimit const& limit, std::string const& key,
                                  SteadyTime now) const;
    void forget_full(SteadyTime now);

    Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, Bucket> buckets_;
};

}  // namespace aipress::sandbox

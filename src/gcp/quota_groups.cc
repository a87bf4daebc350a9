#include "gcp/quota_groups.h"

namespace aipress::gcp {

std::map<QuotaGroup, QuotaLimit> published_limits() {
    // A burst is what Google allows within a second or two of a minute that was quiet; a sixth of
    // the minute's calls is on the safe side.
    auto const a_minute = [](double calls) {
        return QuotaLimit{.calls_a_minute = calls, .burst = calls / 6};
    };
    return {
        // cloud.google.com/sql/docs/mysql/quotas
        {{"sqladmin.googleapis.com", "mutate"}, a_minute(180)},
        {{"sqladmin.googleapis.com", "read"}, a_minute(500)},
        // cloud.google.com/service-usage/docs/quotas
        {{"serviceusage.googleapis.com", "mutate"}, a_minute(120)},
        // cloud.google.com/billing/quotas
        {{"cloudbilling.googleapis.com", "mutate"}, a_minute(300)},
        {{"cloudbilling.googleapis.com", "read"}, a_minute(300)},
        // cloud.google.com/run/quotas: 100 writes in 100 seconds
        {{"run.googleapis.com", "mutate"}, a_minute(60)},
        // cloud.google.com/storage/quotas: a bucket in two seconds
        {{"storage.googleapis.com", "buckets"}, {.calls_a_minute = 30, .burst = 1}},
        // cloud.google.com/storage/docs/request-rate: no quota, but a bucket that begins with 1,000
        // writes and 5,000 reads a second and is given more as it is used. What it refuses while
        // it grows is asked for again by each caller by itself; a tenth of that is never too much.
        {{"storage.googleapis.com", "mutate"}, {.least = 6'000}},
        {{"storage.googleapis.com", "read"}, {.least = 30'000}},
    };
}

}  // namespace aipress::gcp

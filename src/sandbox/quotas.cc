#include "sandbox/quotas.h"

#include <algorithm>
#include <fmt/format.h>

#include "sandbox/fault_rules.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

bool is_about(QuotaLimit const& limit, Method const& method) {
    if (method.api->service != limit.service) return false;
    for (auto rest = limit.methods; !rest.empty();) {
        auto const end = std::min(rest.find(' '), rest.size());
        if (matches_pattern(rest.substr(0, end), method.id)) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

// The object or the bucket that is written; "" when the request does not say: the pieces of an
// upload, and one whose name is in its metadata alone.
std::string resource_of(Call const& call) {
    if (call.request.parameter("upload_id")) return "";
    auto const member = [&](std::string_view name) -> std::string {
        auto const found = call.path.find(name);
        return found == call.path.end() ? "" : found->second;
    };
    bool const is_copy = !member("destinationBucket").empty();
    auto const bucket = is_copy ? member("destinationBucket") : member("bucket");
    if (call.method.id.starts_with("storage.buckets.")) return bucket;
    auto object = member("destinationObject");
    if (object.empty()) object = member("object");
    if (object.empty()) object = call.query("name");
    return object.empty() ? "" : fmt::format("{}/{}", bucket, object);
}

// nullopt: the limit has no say.
std::optional<std::string> key_of(QuotaLimit const& limit, Call const& call,
                                  QuotaConsumer const& consumer) {
    switch (limit.scope) {
        case QuotaScope::Project:
            return fmt::format("{} {}", limit.metric, consumer.project_number);
        case QuotaScope::User:
            return fmt::format("{} {} {}", limit.metric, consumer.project_number,
                               consumer.principal);
        case QuotaScope::Resource:
            break;
    }
    auto const resource = resource_of(call);
    if (resource.empty()) return std::nullopt;
    return fmt::format("{} {}", limit.metric, resource);
}

// Cloud Storage's limits are not of the quota system, and speak for themselves.
ApiError storage_error(QuotaLimit const& limit, Call const& call) {
    auto const resource = resource_of(call);
    auto const what =
        limit.scope == QuotaScope::Project
            ? std::string("The project exceeded the rate limit for creating and deleting buckets.")
        : resource.find('/') != resource.npos
            ? fmt::format(
                  "The object {} exceeded the rate limit for object mutation operations "
                  "(create, update, and delete). Please reduce your request rate. See "
                  "https://cloud.google.com/storage/docs/gcs429.",
                  resource)
            : fmt::format(
                  "The rate of change requests to the bucket {} exceeds the rate limit. "
                  "Please reduce your request rate.",
                  resource);
    return {.code = ErrorCode::ResourceExhausted,
            .message = what,
            .legacy_reason = "rateLimitExceeded",
            .legacy_domain = "usageLimits"};
}

std::string unit_of(QuotaLimit const& limit) {
    return limit.scope == QuotaScope::User ? "1/min/{project}/{user}" : "1/min/{project}";
}

// Google says neither when to come again (no Retry-After, no RetryInfo) nor QuotaFailure for a
// rate: ErrorInfo and a link, as its clients' trackers show.
ApiError error_of(QuotaLimit const& limit, Call const& call, QuotaConsumer const& consumer) {
    if (limit.service == "storage") return storage_error(limit, call);
    auto const service = fmt::format("{}.googleapis.com", limit.service);
    bool const is_compute = limit.service == "compute";
    return {.code = is_compute ? ErrorCode::PermissionDenied : ErrorCode::ResourceExhausted,
            .message = fmt::format("Quota exceeded for quota metric '{}' and limit '{}' of service "
                                   "'{}' for consumer 'project_number:{}'.",
                                   limit.shown_metric, limit.shown_limit, service,
                                   consumer.project_number),
            .legacy_reason = "rateLimitExceeded",
            .legacy_domain = is_compute ? "usageLimits" : "global",
            .details = {
                error_info("RATE_LIMIT_EXCEEDED", "googleapis.com",
                           {{"service", service},
                            {"consumer", "projects/" + consumer.project_number},
                            {"quota_metric", std::string(limit.metric)},
                            {"quota_limit", std::string(limit.name)},
                            {"quota_limit_value", fmt::format("{}", limit.most)},
                            {"quota_location", "global"},
                            {"quota_unit", unit_of(limit)}}),
                boost::json::object{
                    {"@type", "type.googleapis.com/google.rpc.Help"},
                    {"links",
                     {{{"description", "Request a higher quota limit."},
                       {"url", "https://cloud.google.com/docs/quotas/help/request_increase"}}}}}}};
}

}  // namespace

double Quotas::used_now(QuotaLimit const& limit, std::string const& key, SteadyTime now) const {
    auto const found = buckets_.find(key);
    if (found == buckets_.end()) return 0;
    auto const share = static_cast<double>(elapsed_ms(found->second.time, now).count()) /
                       static_cast<double>(limit.period.count());
    return std::max(0.0, found->second.used - share * static_cast<double>(limit.most));
}

// A bucket that is full again is as good as none. When that is not enough, any go: a consumer may
// then ask a little more than its quota.
void Quotas::forget_full(SteadyTime now) {
    if (buckets_.size() < limits::kQuotaBuckets) return;
    for (auto const& limit : quota_limits()) {
        auto const prefix = fmt::format("{} ", limit.metric);
        for (auto it = buckets_.lower_bound(prefix);
             it != buckets_.end() && it->first.starts_with(prefix);) {
            it = used_now(limit, it->first, now) == 0 ? buckets_.erase(it) : std::next(it);
        }
    }
    while (buckets_.size() >= limits::kQuotaBuckets) buckets_.erase(buckets_.begin());
}

Outcome<Done> Quotas::charge(Call const& call, QuotaConsumer const& consumer) {
    std::lock_guard const lock(mutex_);
    auto const now = clock_.now();
    std::vector<Charge> charges;
    for (auto const& limit : quota_limits()) {
        if (!is_about(limit, call.method)) continue;
        auto key = key_of(limit, call, consumer);
        if (!key) continue;
        bool const is_charged = std::any_of(charges.begin(), charges.end(),
                                            [&](Charge const& one) { return one.key == *key; });
        if (is_charged) continue;
        auto const used = used_now(limit, *key, now);
        if (used + static_cast<double>(limit.cost) > static_cast<double>(limit.most)) {
            return error_of(limit, call, consumer);
        }
        charges.push_back({&limit, std::move(*key), used});
    }
    forget_full(now);
    for (auto const& [limit, key, used] : charges) {
        buckets_[key] = {.used = used + static_cast<double>(limit->cost), .time = now};
    }
    return Done();
}

std::size_t Quotas::buckets() const {
    std::lock_guard const lock(mutex_);
    return buckets_.size();
}

}  // namespace aipress::sandbox

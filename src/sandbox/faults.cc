#include "sandbox/faults.h"

#include <algorithm>
#include <fmt/format.h>

#include "sandbox/limits.h"
#include "sandbox/stale_lists.h"

namespace aipress::sandbox {
namespace {

// SplitMix64 (https://prng.di.unimi.it/splitmix64.c): every bit of the input reaches every bit of
// the output.
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

// From 0 to 1, without 1.
double fraction(std::uint64_t value) {
    return static_cast<double>(value >> 11) * 0x1.0p-53;
}

bool is_counted(FaultRule const& rule, Method const& method, PathParameters const& path) {
    if (!rule.matches(method)) return false;
    if (rule.kind == FaultKind::StaleList) return lists_with_times(method);
    if (!is_of_instance(rule.kind)) return true;
    auto const instance = path.find("instance");
    return method.api->service == "sqladmin" && instance != path.end() &&
           matches_pattern(rule.instance, instance->second);
}

// What follows an answer of the middle of the body: the rest of it never comes.
std::uint64_t half_of(http::Response const& response) {
    if (auto const* text = std::get_if<std::string>(&response.body)) return text->size() / 2;
    if (auto const* range = std::get_if<http::FileRange>(&response.body)) return range->length / 2;
    return std::get<http::BodySource>(response.body).length.value_or(0) / 2;
}

// As Cloud Resource Manager ends the operation of who has as many projects as he may have.
ApiError no_more_projects() {
    constexpr auto* kWhy =
        "The project cannot be created because you have exceeded your allotted project quota.";
    boost::json::object const violation{{"subject", "project quota"}, {"description", kWhy}};
    boost::json::object const failure{{"@type", "type.googleapis.com/google.rpc.QuotaFailure"},
                                      {"violations", boost::json::array{violation}}};
    return {.code = ErrorCode::ResourceExhausted,
            .message = kWhy,
            .legacy_reason = "quotaExceeded",
            .details = {failure}};
}

// https://cloud.google.com/iam/docs/permission-error-messages; Cloud Storage has no details.
ApiError permission_denied(FaultRule const& rule, std::string_view service) {
    if (service == "storage") {
        return {.code = ErrorCode::PermissionDenied,
                .message = fmt::format("The caller does not have {0} access to the Google Cloud "
                                       "Storage resource. Permission '{0}' denied on resource (or "
                                       "it may not exist).",
                                       rule.permission),
                .legacy_reason = "forbidden"};
    }
    return {
        .code = ErrorCode::PermissionDenied,
        .message = fmt::format("Permission '{}' denied on resource (or it may not exist).",
                               rule.permission),
        .legacy_reason = "forbidden",
        .details = {error_info("IAM_PERMISSION_DENIED", fmt::format("{}.googleapis.com", service),
                               {{"permission", rule.permission}})}};
}

}  // namespace

void Faults::set_rules(std::vector<FaultRule> rules) {
    rules_ = std::move(rules);
    counts_.assign(rules_.size(), 0);
}

bool Faults::is_hit(std::size_t rule, std::uint64_t k) const {
    auto const& own = rules_.at(rule);
    auto const first = k - std::min(k - 1, own.burst - 1);
    for (auto begin = first; begin <= k; ++begin) {
        if (std::binary_search(own.at.begin(), own.at.end(), begin)) return true;
        if (fraction(mixed(mixed(mixed(seed_) ^ rule) ^ begin)) < own.rate) return true;
    }
    return false;
}

FaultRule const* Faults::next(Method const& method, PathParameters const& path) {
    FaultRule const* met = nullptr;
    std::lock_guard const lock(mutex_);
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        if (!is_counted(rules_[i], method, path)) continue;
        bool const is_met = is_hit(i, ++counts_[i]);
        if (is_met && met == nullptr) met = &rules_[i];
    }
    return met;
}

bool Faults::harm(FaultKind kind, std::string const& project, std::string const& instance) const {
    return harm_ && harm_(kind, project, instance);
}

void Faults::delay(FaultRule const& rule) const {
    if (rule.kind == FaultKind::Slow) clock_.sleep_for(rule.delay, stopping_.get_token());
}

std::optional<ApiError> refusal_of(FaultRule const& rule, std::string_view service) {
    switch (rule.kind) {
        case FaultKind::RateLimited: {
            auto const delay = rule.retry_after.value_or(milliseconds(0));
            ApiError error{
                .code = ErrorCode::ResourceExhausted,
                .message = "Resource has been exhausted (e.g. check quota).",
                .legacy_reason = "rateLimitExceeded",
                .details = {error_info("RATE_LIMIT_EXCEEDED", "googleapis.com",
                                       {{"service", fmt::format("{}.googleapis.com", service)}}),
                            retry_info(delay)},
                .retry_after = delay};
            // Cloud Storage's limits are its own, and say no more than a reason.
            if (service == "storage") error.details.clear();
            // Compute alone has kept the 403 of the older APIs:
            // https://cloud.google.com/compute/api-quota
            if (service == "compute") {
                error.code = ErrorCode::PermissionDenied;
                error.legacy_domain = "usageLimits";
            }
            return error;
        }
        case FaultKind::Internal:
            return ApiError{.code = ErrorCode::Internal,
                            .message = "Internal error encountered.",
                            .legacy_reason = "internalError"};
        case FaultKind::Unavailable:
            return ApiError{.code = ErrorCode::Unavailable,
                            .message = "The service is currently unavailable.",
                            .legacy_reason = "backendError",
                            .retry_after = rule.retry_after};
        case FaultKind::PermissionDenied:
            return permission_denied(rule, service);
        default:
            return std::nullopt;
    }
}

std::optional<OperationFault> operation_fault_of(FaultRule const& rule) {
    ApiError const error{.code = ErrorCode::Internal,
                         .message = "An internal error occurred. Please try again.",
                         .legacy_reason = "INTERNAL_ERROR"};
    switch (rule.kind) {
        case FaultKind::SlowOperation:
            return OperationFault{.kind = OperationFault::Kind::Slow, .slower = rule.delay};
        case FaultKind::FailedOperation:
            return OperationFault{.kind = OperationFault::Kind::Failed, .error = error};
        case FaultKind::ProjectQuota:
            return OperationFault{.kind = OperationFault::Kind::Failed,
                                  .error = no_more_projects()};
        case FaultKind::HalfMade:
            return OperationFault{.kind = OperationFault::Kind::HalfMade, .error = error};
        default:
            return std::nullopt;
    }
}

void cut(FaultRule const& rule, http::Request const& request, http::Response& response) {
    if (rule.kind == FaultKind::LostResponse) response.cut.emplace();
    if (rule.kind != FaultKind::CutBody) return;
    response.cut.emplace();
    // Without a body its middle is in front of the status line.
    bool const has_body = request.method != "HEAD" && response.status != 204;
    if (has_body) response.cut->after_body_bytes = half_of(response);
}

}  // namespace aipress::sandbox

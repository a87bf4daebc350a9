#include "sandbox/api_error.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/assert.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

// What the older APIs call it where they have no word of their own.
std::string_view legacy_reason_of(int http_status) {
    switch (http_status) {
        case 400:
            return "invalid";
        case 401:
            return "required";
        case 403:
            return "forbidden";
        case 404:
            return "notFound";
        case 409:
            return "conflict";
        case 412:
            return "conditionNotMet";
        case 429:
            return "rateLimitExceeded";
        case 503:
            return "backendError";
        default:
            return http_status < 500 ? "badRequest" : "internalError";
    }
}

}  // namespace

ErrorStyle error_style_of(std::string_view service) {
    constexpr std::array<std::string_view, 3> kLegacy{"compute", "sqladmin", "storage"};
    constexpr std::array<std::string_view, 3> kBoth{"bigquery", "dns", "iam"};
    if (std::find(kLegacy.begin(), kLegacy.end(), service) != kLegacy.end()) {
        return ErrorStyle::Legacy;
    }
    if (std::find(kBoth.begin(), kBoth.end(), service) != kBoth.end()) {
        return ErrorStyle::LegacyAndStatus;
    }
    return ErrorStyle::Rpc;
}

int http_status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidArgument:
        case ErrorCode::FailedPrecondition:
        case ErrorCode::OutOfRange:
            return 400;
        case ErrorCode::Unauthenticated:
            return 401;
        case ErrorCode::PermissionDenied:
            return 403;
        case ErrorCode::NotFound:
            return 404;
        case ErrorCode::Aborted:
        case ErrorCode::AlreadyExists:
            return 409;
        case ErrorCode::ResourceExhausted:
            return 429;
        case ErrorCode::Cancelled:
            return 499;
        case ErrorCode::Unimplemented:
            return 501;
        case ErrorCode::Unavailable:
            return 503;
        case ErrorCode::DeadlineExceeded:
            return 504;
        default:
            return 500;
    }
}

http::Response ApiError::response(ErrorStyle style) const {
    int const status = http_status != 0 ? http_status : http_status_of(code);
    json::object error{{"code", status}, {"message", message}};
    if (style != ErrorStyle::Rpc) {
        auto const reason =
            legacy_reason.empty() ? legacy_reason_of(status) : std::string_view(legacy_reason);
        error["errors"] = json::array{
            json::object{{"message", message}, {"domain", legacy_domain}, {"reason", reason}}};
    }
    // What Google's common front refuses, before the API sees it, is in both styles.
    if (style != ErrorStyle::Legacy || !details.empty()) {
        error["status"] = to_string(code);
        if (!details.empty()) error["details"] = details;
    }
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json; charset=UTF-8");
    if (retry_after) {
        auto const seconds = (retry_after->count() + 999) / 1000;
        response.headers.add("Retry-After", fmt::format("{}", seconds));
    }
    response.body = json::serialize(json::object{{"error", std::move(error)}}) + "\n";
    return response;
}

json::value error_info(std::string_view reason, std::string_view domain,
                       std::map<std::string, std::string> const& metadata) {
    json::object described;
    for (auto const& [name, value] : metadata) described[name] = value;
    return json::object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                        {"reason", reason},
                        {"domain", domain},
                        {"metadata", std::move(described)}};
}

json::value retry_info(milliseconds delay) {
    return json::object{
        {"@type", "type.googleapis.com/google.rpc.RetryInfo"},
        {"retryDelay", fmt::format("{}.{:03}s", delay.count() / 1000, delay.count() % 1000)}};
}

json::value bad_request(std::vector<Violation> const& violations) {
    json::array listed;
    for (auto const& violation : violations) {
        json::object one;
        if (!violation.field.empty()) one["field"] = violation.field;
        one["description"] = violation.description;
        listed.push_back(std::move(one));
    }
    return json::object{{"@type", "type.googleapis.com/google.rpc.BadRequest"},
                        {"fieldViolations", std::move(listed)}};
}

ApiError invalid_body(std::vector<Violation> const& violations) {
    ASSERT(!violations.empty());
    ApiError error;
    error.code = ErrorCode::InvalidArgument;
    for (auto const& violation : violations) {
        error.message += (error.message.empty() ? "" : "\n") + violation.description;
    }
    error.details.push_back(bad_request(violations));
    return error;
}

}  // namespace aipress::sandbox

#include "gcp/error.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"
#include "gcp/remedies.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

// google/rpc/code.proto's HTTP mapping, read backwards.
ErrorCode code_of_status(int status) {
    switch (status) {
        case 400:
            return ErrorCode::InvalidArgument;
        case 401:
            return ErrorCode::Unauthenticated;
        case 403:
            return ErrorCode::PermissionDenied;
        case 404:
        case 410:
            return ErrorCode::NotFound;
        case 408:
        case 504:
            return ErrorCode::DeadlineExceeded;
        case 409:
            return ErrorCode::AlreadyExists;
        case 412:
            return ErrorCode::FailedPrecondition;
        case 413:
        case 416:
            return ErrorCode::OutOfRange;
        case 429:
            return ErrorCode::ResourceExhausted;
        case 499:
            return ErrorCode::Cancelled;
        case 501:
            return ErrorCode::Unimplemented;
        case 502:
        case 503:
            return ErrorCode::Unavailable;
        default:
            return status >= 500 ? ErrorCode::Internal : ErrorCode::Unknown;
    }
}

std::optional<ErrorCode> code_of_number(std::int64_t number) {
    bool const is_known = number >= static_cast<int>(ErrorCode::Cancelled) &&
                          number <= static_cast<int>(ErrorCode::Unauthenticated);
    if (!is_known) return std::nullopt;
    return static_cast<ErrorCode>(number);
}

std::optional<ErrorCode> code_of_name(std::string_view name) {
    for (int number = 1; number <= static_cast<int>(ErrorCode::Unauthenticated); ++number) {
        if (to_string(static_cast<ErrorCode>(number)) == name) return code_of_number(number);
    }
    return std::nullopt;
}

// Legacy errors have one HTTP status for what google.rpc tells apart.
ErrorCode code_of_reason(std::string_view reason, ErrorCode by_status) {
    if (reason == "operationInProgress") return ErrorCode::Aborted;
    if (reason == "rateLimitExceeded" || reason == "userRateLimitExceeded") {
        return ErrorCode::ResourceExhausted;
    }
    if (reason == "quotaExceeded") return ErrorCode::ResourceExhausted;
    if (reason == "containerNotEmpty") return ErrorCode::FailedPrecondition;
    return by_status;
}

// "1.500s": google.protobuf.Duration.
std::optional<milliseconds> duration(std::string_view text) {
    double seconds = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    bool const is_whole = failure == std::errc() && end + 1 == text.data() + text.size();
    if (!is_whole || *end != 's' || !(seconds >= 0 && seconds < limits::kRetryDelaySeconds)) {
        return std::nullopt;
    }
    return milliseconds(std::llround(seconds * 1000));
}

// Seconds only: Google sends no dates here.
std::optional<milliseconds> retry_after(http::Headers const& headers) {
    auto const value = headers.find("Retry-After");
    return value ? duration(std::string(*value) + "s") : std::nullopt;
}

void read_details(json::object const& status, ApiError& error, std::string& words) {
    for (auto const& detail : array_of(status, "details")) {
        if (!detail.is_object()) continue;
        auto const& fields = detail.get_object();
        auto const type = text_of(fields, "@type");
        if (type.ends_with("google.rpc.ErrorInfo")) {
            error.reason = text_of(fields, "reason");
            error.domain = text_of(fields, "domain");
            auto const* const metadata = fields.if_contains("metadata");
            if (metadata == nullptr || !metadata->is_object()) continue;
            for (auto const& [name, value] : metadata->get_object()) {
                if (value.is_string()) error.metadata[name] = value.get_string();
            }
        } else if (type.ends_with("google.rpc.RetryInfo")) {
            error.retry_delay = duration(text_of(fields, "retryDelay"));
        } else if (type.ends_with("google.rpc.QuotaFailure")) {
            for (auto const& violation : array_of(fields, "violations")) {
                if (!violation.is_object()) continue;
                auto const description = text_of(violation.get_object(), "description");
                if (!description.empty()) words += ": " + description;
            }
        }
    }
}

Retry retry_of(ApiError const& error, std::string_view words) {
    if (error.is_rate_limit()) return Retry::Always;
    // Cloud SQL runs one operation an instance; the refused request made none.
    if (error.reason == "operationInProgress") return Retry::Always;
    if (words.find("peering operation in progress") != words.npos) return Retry::Always;
    switch (error.http_status) {
        case 408:
        case 500:
        case 502:
        case 503:
        case 504:
            return Retry::WhenIdempotent;
        default:
            return Retry::Never;
    }
}

ApiError described(std::string_view what, std::string_view words, ErrorCode code, ApiError error) {
    // The code decides what the remedy is, so it is needed before the text is whole.
    ApiError coded(Error(code, std::string(words)));
    coded.http_status = error.http_status;
    coded.reason = std::move(error.reason);
    coded.domain = std::move(error.domain);
    coded.metadata = std::move(error.metadata);
    coded.retry_delay = error.retry_delay;
    coded.retry = coded.http_status == 0 ? Retry::Never : retry_of(coded, words);
    coded.remedy = remedy_for(what, words, coded);
    auto message = fmt::format("{}: {}", what, words);
    if (!coded.reason.empty()) message += fmt::format(" ({})", coded.reason);
    if (!coded.remedy.empty()) message += "; " + coded.remedy;
    static_cast<Error&>(coded) = Error(code, std::move(message));
    return coded;
}

struct Envelope {
    std::string words;
    std::optional<ErrorCode> code;
};

// google.rpc.Status as it is: what a gRPC gateway answers, Cloud Spanner's emulator among them.
Envelope read_bare_status(json::object const& status, ApiError& error) {
    auto const* const number = status.if_contains("code");
    if (number == nullptr || !number->is_int64()) return {};
    Envelope envelope{.words = text_of(status, "message"),
                      .code = code_of_number(number->get_int64())};
    read_details(status, error, envelope.words);
    return envelope;
}

Envelope read_envelope(json::object const& body, ApiError& error) {
    auto const* const inner = body.if_contains("error");
    if (inner != nullptr && inner->is_string()) {  // OAuth
        error.reason = inner->get_string();
        return {.words = text_of(body, "error_description"), .code = std::nullopt};
    }
    if (inner == nullptr) return read_bare_status(body, error);
    if (!inner->is_object()) return {};
    auto const& status = inner->get_object();
    Envelope envelope{.words = text_of(status, "message"),
                      .code = code_of_name(text_of(status, "status"))};
    auto const& legacy = array_of(status, "errors");
    if (!legacy.empty() && legacy[0].is_object()) {
        error.reason = text_of(legacy[0].get_object(), "reason");
        error.domain = text_of(legacy[0].get_object(), "domain");
    }
    read_details(status, error, envelope.words);
    return envelope;
}

}  // namespace

bool ApiError::is_rate_limit() const {
    if (reason == "rateLimitExceeded" || reason == "userRateLimitExceeded") return true;
    if (reason == "RATE_LIMIT_EXCEEDED") return true;
    return http_status == 429 && reason != "quotaExceeded" && reason != "dailyLimitExceeded";
}

bool ApiError::is_project_rate_limit() const {
    return is_rate_limit() && message().find("rate limit for object mutation") == std::string::npos;
}

ApiError read_error(std::string_view what, http::ClientResponse const& response) {
    ApiError error(Error(ErrorCode::Unknown, ""));
    error.http_status = response.status;
    Envelope envelope;
    boost::system::error_code failure;
    auto const body = json::parse(response.body, failure);
    if (!failure && body.is_object()) envelope = read_envelope(body.get_object(), error);
    if (envelope.words.empty()) {
        envelope.words = fmt::format("HTTP {}: {}", response.status,
                                     response.body.substr(0, limits::kQuotedBytes));
    }
    if (!error.retry_delay) error.retry_delay = retry_after(response.headers);
    auto const code =
        envelope.code.value_or(code_of_reason(error.reason, code_of_status(response.status)));
    return described(what, envelope.words, code, std::move(error));
}

ApiError read_operation_error(std::string_view what, json::object const& fields) {
    ApiError error(Error(ErrorCode::Unknown, ""));
    auto words = text_of(fields, "message");
    auto const* const number = fields.if_contains("code");
    auto code = ErrorCode::Unknown;
    if (number != nullptr && number->is_int64()) {
        code = code_of_number(number->get_int64()).value_or(ErrorCode::Unknown);
    }
    read_details(fields, error, words);
    for (auto const& entry : array_of(fields, "errors")) {
        if (!entry.is_object()) continue;
        if (error.reason.empty()) error.reason = text_of(entry.get_object(), "code");
        words += (words.empty() ? "" : "; ") + text_of(entry.get_object(), "message");
    }
    if (code == ErrorCode::Unknown) {
        // Compute's RESOURCE_NOT_FOUND and google.rpc's NOT_FOUND alike.
        auto const& reason = error.reason;
        if (reason.find("NOT_FOUND") != reason.npos) code = ErrorCode::NotFound;
        if (reason.find("QUOTA") != reason.npos) code = ErrorCode::ResourceExhausted;
        code = code_of_name(reason).value_or(code);
    }
    return described(what, words.empty() ? "the operation failed" : words, code, std::move(error));
}

ApiError transport_error(Error error, bool was_sent) {
    ApiError lost(std::move(error));
    if (lost.code() == ErrorCode::Unavailable) {
        lost.retry = was_sent ? Retry::WhenIdempotent : Retry::Always;
    }
    return lost;
}

}  // namespace aipress::gcp

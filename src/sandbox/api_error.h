// An error as Google's APIs answer it, in the envelope of the API that was asked.
#pragma once

#include <boost/json/array.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "http/response.h"
#include "sandbox/shape.h"

namespace aipress::sandbox {

// Who answers how; what the recorded traffic shows.
enum class ErrorStyle {
    Rpc,              // {"error": {code, message, status, details}}
    Legacy,           // {"error": {code, message, errors: [{domain, reason, message}]}}, and
                      // status and details when there are some
    LegacyAndStatus,  // both: Cloud DNS, BigQuery
};
// By the service's name, "storage".
[[nodiscard]] ErrorStyle error_style_of(std::string_view service);

struct ApiError {
    ErrorCode code = ErrorCode::Internal;
    std::string message = {};
    int http_status = 0;             // 0: that of the code
    std::string legacy_reason = {};  // "instanceDoesNotExist"; empty: that of the code
    std::string legacy_domain = "global";
    boost::json::array details = {};               // google.rpc: see the functions below
    std::optional<milliseconds> retry_after = {};  // the Retry-After header, in whole seconds

    [[nodiscard]] http::Response response(ErrorStyle style) const;
};

// The HTTP status of a code: google/rpc/code.proto.
[[nodiscard]] int http_status_of(ErrorCode code);

// google.rpc.ErrorInfo, RetryInfo and BadRequest (error_details.proto) for `details`.
[[nodiscard]] boost::json::value error_info(std::string_view reason, std::string_view domain,
                                            std::map<std::string, std::string> const& metadata);
[[nodiscard]] boost::json::value retry_info(milliseconds delay);
[[nodiscard]] boost::json::value bad_request(std::vector<Violation> const& violations);

// The error for a body that is not of its shape. REQUIRES: not empty.
[[nodiscard]] ApiError invalid_body(std::vector<Violation> const& violations);

}  // namespace aipress::sandbox

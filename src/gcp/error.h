// What Google answers when it does not do what it was asked, read into one type.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "http/client.h"

namespace aipress::gcp {

// Whether the same request may succeed when it is sent again.
enum class Retry {
    Never,
    WhenIdempotent,  // it is unknown whether this one was carried out: 5xx, a lost answer
    Always,          // this one was not carried out: a rate limit, another operation in progress
};

// Where this becomes an Error, which loses its fields, the message still has all an operator
// needs: what was asked, Google's words, and the remedy.
class [[nodiscard]] ApiError : public Error {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): TRY passes up an Error as one of these.
    ApiError(Error error) : Error(std::move(error)) {}

    int http_status = 0;      // 0: there was no answer, or it is an operation's error
    std::string reason = {};  // "SERVICE_DISABLED", "notFound": ErrorInfo's, else errors[0]'s
    std::string domain = {};  // "googleapis.com", "global"
    std::map<std::string, std::string> metadata = {};        // ErrorInfo's
    std::optional<milliseconds> retry_delay = std::nullopt;  // as Google asks for
    std::string remedy = {};                                 // "" when none is known
    Retry retry = Retry::Never;

    // A limit on calls a time, which passes; not one on things, which does not.
    [[nodiscard]] bool is_rate_limit() const;
    // The same, and not of a single object's (Cloud Storage changes one about once a second), which
    // says nothing about the project's other calls.
    [[nodiscard]] bool is_project_rate_limit() const;
    // A precondition (generation, etag) of the request did not hold: 412.
    [[nodiscard]] bool is_condition_not_met() const { return http_status == 412; }
};

// The error in an answer whose status is 400 or more. `what` says what was asked, "PUT
// cloudbilling.googleapis.com/v1/projects/p/billingInfo": it begins the message and tells apart
// errors that Google words alike. Reads google.rpc.Status, the legacy errors[] and OAuth's two
// fields; of anything else the status and the first bytes. Sources: AIP-193, RFC 6749 5.2.
[[nodiscard]] ApiError read_error(std::string_view what, http::ClientResponse const& response);

// The error of a finished operation: google.rpc.Status (`code` is a google.rpc code), or
// {"errors": [{"code", "message"}]} as Compute and Cloud SQL have it. Never to be retried blindly:
// it was the operation that failed, not the call.
[[nodiscard]] ApiError read_operation_error(std::string_view what,
                                            boost::json::object const& error);

// No answer came. `was_sent`: some of the request may have arrived.
[[nodiscard]] ApiError transport_error(Error error, bool was_sent);

}  // namespace aipress::gcp

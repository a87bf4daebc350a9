#include "sandbox/storage/xml_errors.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/assert.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kXml = "xml";  // the domain of an error that is one already

struct Known {
    std::string_view code;
    int status;
    std::string_view message;
};

constexpr std::array<Known, 22> kErrors{{
    {"BadDigest", 400,
     "The Content-MD5 or x-goog-hash you specified did not match what we received."},
    {"EntityTooLarge", 400,
     "Your proposed upload is larger than the maximum object size specified."},
    {"EntityTooSmall", 400,
     "Your proposed upload is smaller than the minimum object size specified."},
    {"ExpiredToken", 400, "The provided token has expired."},
    {"InvalidArgument", 400, "Invalid argument."},
    {"InvalidDigest", 400, "The Content-MD5 or x-goog-hash you specified was invalid."},
    {"MalformedSecurityHeader", 400, "Your request has a malformed header."},
    {"AuthenticationRequired", 401, "Authentication required."},
    {"AccessDenied", 403, "Access denied."},
    {"InvalidSecurity", 403, "The provided security credentials are not valid."},
    {"SignatureDoesNotMatch", 403, "Access denied."},
    {"NoSuchBucket", 404, "The specified bucket does not exist."},
    {"NoSuchKey", 404, "The specified key does not exist."},
    {"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
    {"OperationAborted", 409, "A conflicting conditional operation is currently in progress."},
    {"NoSuchUpload", 410, "The specified upload does not exist."},
    {"PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold."},
    {"InvalidRange", 416, "The requested range cannot be satisfied."},
    {"SlowDown", 429, "Please reduce your request rate."},
    {"InternalError", 500, "We encountered an internal error. Please try again."},
    {"NotImplemented", 501,
     "A header or query you provided requested a function that is not implemented."},
    {"ServiceUnavailable", 503, "We encountered an internal error. Please try again."},
}};

Known const& known(std::string_view code) {
    auto const* const found = std::find_if(kErrors.begin(), kErrors.end(),
                                           [&](Known const& one) { return one.code == code; });
    ASSERT(found != kErrors.end());
    return *found;
}

// The first of that status that says no more than the status.
std::string_view code_of(int status) {
    switch (status) {
        case 400:
            return "InvalidArgument";
        case 403:
            return "AccessDenied";
        case 404:
            return "NoSuchKey";
        default:
            break;
    }
    auto const* const found = std::find_if(kErrors.begin(), kErrors.end(),
                                           [&](Known const& one) { return one.status == status; });
    return found != kErrors.end() ? found->code : "InternalError";
}

}  // namespace

ApiError xml_error(std::string_view code, std::string why, XmlElements const& more) {
    ApiError error{.code = ErrorCode::InvalidArgument,
                   .message = std::move(why),
                   .http_status = known(code).status,
                   .legacy_reason = std::string(code),
                   .legacy_domain = std::string(kXml)};
    for (auto const& [name, text] : more) error.details.push_back(json::object{{name, text}});
    return error;
}

http::Response xml_error_response(ApiError const& error) {
    auto const status = error.http_status != 0 ? error.http_status : http_status_of(error.code);
    bool const is_own = error.legacy_domain == kXml;
    auto const& kind = known(is_own ? std::string_view(error.legacy_reason) : code_of(status));
    http::Response response;
    response.status = status;
    if (error.retry_after) {
        auto const seconds = (error.retry_after->count() + 999) / 1000;
        response.headers.add("Retry-After", fmt::format("{}", seconds));
    }
    if (status == 304) return response;
    auto text = "<?xml version='1.0' encoding='UTF-8'?><Error>" + xml_element("Code", kind.code) +
                xml_element("Message", kind.message);
    if (!error.message.empty()) text += xml_element("Details", error.message);
    if (is_own) {
        for (auto const& element : error.details) {
            auto const& one = *element.as_object().begin();
            text += xml_element(one.key(), one.value().as_string());
        }
    }
    response.headers.add("Content-Type", "application/xml; charset=UTF-8");
    response.headers.add("Cache-Control", "private, max-age=0");
    response.body = text + "</Error>";
    return response;
}

std::string escape_xml(std::string_view text) {
    std::string escaped;
    for (char const c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 && c != '\n') {
                    escaped += fmt::format("&#x{:X};", static_cast<unsigned>(c));
                } else {
                    escaped += c;
                }
        }
    }
    return escaped;
}

std::string xml_element(std::string_view name, std::string_view text) {
    return fmt::format("<{0}>{1}</{0}>", name, escape_xml(text));
}

}  // namespace aipress::sandbox

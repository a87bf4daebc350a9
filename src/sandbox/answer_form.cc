#include "sandbox/answer_form.h"

#include <fmt/format.h>

#include "sandbox/gzip.h"
#include "sandbox/limits.h"
#include "sandbox/pretty_json.h"

namespace aipress::sandbox {
namespace {

bool is_json(http::Response const& response) {
    return response.headers.find("Content-Type").value_or("").starts_with("application/json");
}

}  // namespace

Outcome<Done> check_form(http::Request const& request) {
    for (auto const* const name : {"alt", "$alt"}) {
        auto const value = request.parameter(name).value_or("json");
        auto const form = value.substr(0, value.find(';'));
        if (form == "json" || form == "media" || form.empty()) continue;
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = fmt::format("Invalid value '{}' for {}: this server answers "
                                               "with json, and with media where a method has bytes "
                                               "to give.",
                                               value, name),
                        .legacy_reason = "invalidParameter"};
    }
    return Done();
}

void lay_out(http::Request const& request, http::Response& response) {
    auto* const text = std::get_if<std::string>(&response.body);
    if (text == nullptr || text->empty()) return;
    if (!is_json(response)) return;
    for (auto const* const name : {"prettyPrint", "$prettyPrint"}) {
        if (http::equal_ignoring_case(request.parameter(name).value_or(""), "false")) return;
    }
    *text = pretty_json(*text);
}

void compress(http::Request const& request, http::Response& response) {
    auto* const text = std::get_if<std::string>(&response.body);
    if (text == nullptr || text->size() < limits::kCompressedLeast) return;
    if (!request.headers.has_token("Accept-Encoding", "gzip")) return;
    if (!is_json(response)) return;
    *text = compress_gzip(*text);
    response.headers.set("Content-Encoding", "gzip");
}

}  // namespace aipress::sandbox

#include "sandbox/fault_requests.h"

#include <fmt/format.h>

#include "json/fields.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

Outcome<Done> bring_about(Faults const& faults, http::BodyReader& body) {
    auto const asked = TRY(json::parse_object(TRY(body.read_all(limits::kMetadataBytes))));
    auto const name = TRY(json::get_string(asked, "kind"));
    auto const kind = fault_kind_of(name);
    if (!kind || !is_of_instance(*kind)) {
        return ApiError{
            .code = ErrorCode::InvalidArgument,
            .message = fmt::format("$.kind: '{}' is neither instance_crash nor "
                                   "instance_out_of_disk; others are for --faults alone",
                                   name)};
    }
    auto const project = TRY(json::get_string(asked, "project"));
    auto const instance = TRY(json::get_string(asked, "instance"));
    if (faults.harm(*kind, project, instance)) return Done();
    return ApiError{.code = ErrorCode::NotFound,
                    .message = fmt::format("no Cloud SQL instance '{}' runs in project '{}', or an "
                                           "operation is under way on it",
                                           instance, project)};
}

}  // namespace

std::optional<http::Response> answer_fault_request(Faults const& faults,
                                                   http::Request const& request,
                                                   http::BodyReader& body) {
    if (request.path != "/sandbox/v1/faults" || request.method != "POST") return std::nullopt;
    auto done = bring_about(faults, body);
    if (!done.ok()) return done.release_error().response(ErrorStyle::Rpc);
    http::Response response;
    response.headers.add("Content-Type", "application/json; charset=UTF-8");
    response.body = std::string("{}\n");
    return response;
}

}  // namespace aipress::sandbox

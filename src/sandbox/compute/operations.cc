#include "sandbox/compute/operations.h"

#include <algorithm>
#include <fmt/format.h>

#include "sandbox/operation_fault.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::string_view kRequests = "compute_requests";  // by PROJECT/requestId
constexpr milliseconds kQueueTime{200};

WallTime time_of(json::object const& hidden, std::string_view name) {
    return WallTime(milliseconds(hidden.at(name).to_number<std::int64_t>()));
}

// "projects/p/global" or "projects/p/regions/r".
std::string scope_of(std::string_view path) {
    auto const scope = segment(path, 2);
    auto result = fmt::format("projects/{}/{}", segment(path, 1), scope);
    if (scope != "global") result += fmt::format("/{}", segment(path, 3));
    return result;
}

// As it is shown of an operation that is done.
json::object error_view(ApiError const& error) {
    auto const status = http_status_of(error.code);
    return {{"error", {{"errors", {{{"code", error.legacy_reason}, {"message", error.message}}}}}},
            {"httpErrorStatusCode", status},
            {"httpErrorMessage", http::reason_phrase(status)}};
}

}  // namespace

Outcome<json::value> ComputeOperations::start(Transaction& transaction, Call const& call,
                                              std::string_view type, Target const& target,
                                              milliseconds takes) const {
    // Before the present of store(): an instant one is not behind it.
    Begun const begun{.type = std::string(type),
                      .target = target,
                      .user = call.principal,
                      .request = call.query("requestId"),
                      .done = timing_.done_at(takes) + take_slowness(call)};
    if (!is_to_fail(call)) return store(transaction, begun, std::nullopt);
    return fail_instead(call,
                        [this, begun](Transaction& own, ApiError const& error) -> Outcome<Reply> {
                            return reply(TRY(store(own, begun, error)));
                        });
}

Outcome<json::value> ComputeOperations::store(Transaction& transaction, Begun const& begun,
                                              std::optional<ApiError> const& error) const {
    auto const& target = begun.target;
    auto const done = begun.done;
    auto const now = clock_.wall_now();
    auto const id = TRY(next_id(transaction));
    auto const scope = scope_of(target.path);
    auto const name = fmt::format("operation-{}-{:x}", milliseconds_of(now), id);
    auto const path = fmt::format("{}/operations/{}", scope, name);
    json::object operation{{"kind", "compute#operation"},
                           {"id", fmt::format("{}", id)},
                           {"name", name},
                           {"operationType", begun.type},
                           {"targetLink", link_of(target.path)},
                           {"targetId", target.id},
                           {"user", begun.user},
                           {"insertTime", timestamp(now)},
                           {"selfLink", link_of(path)}};
    if (segment(scope, 2) == "regions") operation["region"] = link_of(scope);
    auto const started = std::min(done, now + kQueueTime);
    operation[kHidden] =
        json::object{{"start_ms", milliseconds_of(started)}, {"done_ms", milliseconds_of(done)}};
    if (error) operation[kHidden].as_object()["error"] = error_view(*error);
    TRY(transaction.insert(kResources, path, operation));
    if (!begun.request.empty()) {
        TRY(transaction.insert(kRequests, fmt::format("{}/{}", segment(scope, 1), begun.request),
                               json::object{{"operation", path}}));
    }
    // As Google's first answer, however soon it is done.
    auto& hidden = operation[kHidden].as_object();
    if (done <= now) hidden["done_ms"] = milliseconds_of(now + kQueueTime);
    return json::value(view_at(std::move(operation), now));
}

Outcome<std::optional<json::value>> ComputeOperations::repeated(Transaction& transaction,
                                                                Call const& call,
                                                                std::string_view project) const {
    auto const request = call.query("requestId");
    if (request.empty()) return std::optional<json::value>();
    auto const key = fmt::format("{}/{}", project, request);
    auto const found = TRY(transaction.get(kRequests, key));
    if (!found) return std::optional<json::value>();
    auto operation =
        TRY(find_resource(transaction, text_field(found->body.as_object(), "operation")));
    return std::optional<json::value>(view(std::move(operation.body.as_object())));
}

json::object ComputeOperations::view_at(json::object stored, WallTime now) {
    auto const hidden = stored.at(kHidden).as_object();
    stored.erase(kHidden);
    bool const is_done = time_of(hidden, "done_ms") <= now;
    bool const is_running = time_of(hidden, "start_ms") <= now;
    stored["status"] = is_done ? "DONE" : is_running ? "RUNNING" : "PENDING";
    stored["progress"] = is_done ? 100 : 0;
    if (is_running) stored["startTime"] = timestamp(time_of(hidden, "start_ms"));
    if (is_done) stored["endTime"] = timestamp(time_of(hidden, "done_ms"));
    auto const* const error = hidden.if_contains("error");
    if (is_done && error != nullptr) {
        for (auto const& member : error->as_object()) stored[member.key()] = member.value();
    }
    return stored;
}

}  // namespace aipress::sandbox::compute

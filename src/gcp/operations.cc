#include "gcp/operations.h"

#include <algorithm>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

using ReadState = OperationState (*)(std::string_view what, json::object const& operation);

// `asked` is the call that tells the operation's state. Where the server itself waits for the
// operation, there is no pause here.
enum class Pause { BetweenCalls, AtTheServer, AtTheServerQuick };

Outcome<json::object> wait(Connection const& connection, Context const& context,
                           json::object operation, ReadState read, Call const& asked, Pause pause) {
    auto const what = fmt::format("operation {}", text_of(operation, "name"));
    bool const is_quick = pause == Pause::AtTheServerQuick;
    auto interval = is_quick ? limits::kQuickPollFirst : limits::kPollFirst;
    auto const most = is_quick ? limits::kQuickPollMost : limits::kPollMost;
    for (bool is_asked = false;; is_asked = true) {
        auto state = read(what, operation);
        if (state.error) return std::move(*state.error);
        if (state.is_done) return operation;
        if (pause == Pause::BetweenCalls || is_asked) {
            if (!context.sleep(interval)) {
                if (context.stopped()) return Error(ErrorCode::Cancelled, what + ": called off");
                return Error(ErrorCode::DeadlineExceeded,
                             what + " is still going on at Google: wait for it again");
            }
            // The server's own wait ends early at times; only then is there a need to slow down.
            interval = std::min(interval * 3 / 2, most);
        }
        operation = TRY(connection.call(context, asked));
    }
}

}  // namespace

OperationState read_rpc_operation(std::string_view what, json::object const& operation) {
    auto const* const done = operation.if_contains("done");
    OperationState state{.is_done = done != nullptr && done->is_bool() && done->get_bool()};
    if (auto const* const error = object_of(operation, "error");
        state.is_done && error != nullptr) {
        state.error = read_operation_error(what, *error);
    }
    return state;
}

OperationState read_legacy_operation(std::string_view what, json::object const& operation) {
    OperationState state{.is_done = text_of(operation, "status") == "DONE"};
    if (auto const* const error = object_of(operation, "error");
        state.is_done && error != nullptr) {
        auto const type = text_of(operation, "operationType");
        state.error = read_operation_error(
            type.empty() ? std::string(what) : fmt::format("{} ({})", what, type), *error);
    }
    return state;
}

Outcome<json::object> wait_for_rpc(Connection const& connection, Context const& context,
                                   std::string const& api, std::string const& base,
                                   json::object operation) {
    Call const asked{.api = api, .path = base + text_of(operation, "name")};
    return wait(connection, context, std::move(operation), read_rpc_operation, asked,
                Pause::BetweenCalls);
}

Outcome<json::object> wait_at_server(Connection const& connection, Context const& context,
                                     std::string const& api, std::string const& base,
                                     json::object operation) {
    // Waiting changes nothing, though it is a POST.
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(
        std::min(limits::kServerWait, context.deadline().remaining(context.clock())));
    Call const asked{.api = api,
                     .method = "POST",
                     .path = base + text_of(operation, "name") + ":wait",
                     .body = json::object{{"timeout", fmt::format("{}s", seconds.count())}},
                     .idempotent = Idempotent::Yes,
                     .quota_group = "read"};
    return wait(connection, context, std::move(operation), read_rpc_operation, asked,
                Pause::AtTheServerQuick);
}

Outcome<json::object> wait_for_compute(Connection const& connection, Context const& context,
                                       json::object operation) {
    constexpr std::string_view kRoot = "/compute/v1/";
    auto const link = text_of(operation, "selfLink");
    auto const at = link.find(kRoot);
    if (at == link.npos) {
        return Error(ErrorCode::Internal, "an operation of Compute's has no link to itself");
    }
    // Waiting changes nothing, though it is a POST.
    Call const asked{.api = "compute.googleapis.com",
                     .method = "POST",
                     .path = link.substr(at) + "/wait",
                     .idempotent = Idempotent::Yes,
                     .quota_group = "read"};
    return wait(connection, context, std::move(operation), read_legacy_operation, asked,
                Pause::AtTheServer);
}

Outcome<json::object> wait_for_sql(Connection const& connection, Context const& context,
                                   std::string const& project, json::object operation) {
    Call const asked{.api = "sqladmin.googleapis.com",
                     .path = fmt::format("/sql/v1beta4/projects/{}/operations/{}",
                                         http::percent_encoded(project),
                                         http::percent_encoded(text_of(operation, "name")))};
    return wait(connection, context, std::move(operation), read_legacy_operation, asked,
                Pause::BetweenCalls);
}

}  // namespace aipress::gcp

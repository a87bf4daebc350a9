// What takes Google longer than a call: asked about until it is done.
//
// Three dialects. rpc (Resource Manager, Service Usage, Cloud Run): `done`, then `response` or
// `error`. Compute: `status` DONE, waited for at the server by `/wait`. Cloud SQL: `status` DONE,
// and errors under HTTP 200.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "gcp/connection.h"

namespace aipress::gcp {

struct OperationState {
    bool is_done = false;
    std::optional<ApiError> error = std::nullopt;
};
// `what` begins the error's message.
[[nodiscard]] OperationState read_rpc_operation(std::string_view what,
                                                boost::json::object const& operation);
// Compute's and Cloud SQL's.
[[nodiscard]] OperationState read_legacy_operation(std::string_view what,
                                                   boost::json::object const& operation);

// Each waits until the operation that a call answered with is done, and gives its last state back.
// What comes done already is not asked about. Errors: the operation's, typed; DeadlineExceeded
// (the operation goes on at Google: its name is in the message, and it may be waited for again),
// and what Connection::call gives.

// `operation.name` is asked about under `base`: "/v2/", "/v1/", "/v3/".
[[nodiscard]] Outcome<boost::json::object> wait_for_rpc(Connection const& connection,
                                                        Context const& context,
                                                        std::string const& api,
                                                        std::string const& base,
                                                        boost::json::object operation);
// The same, but the server itself waits, so that its end is heard at once; it is asked soon again
// where it returns early. For APIs that have `:wait`.
[[nodiscard]] Outcome<boost::json::object> wait_at_server(Connection const& connection,
                                                          Context const& context,
                                                          std::string const& api,
                                                          std::string const& base,
                                                          boost::json::object operation);
// By the path in its selfLink, for an operation may be global, of a region or of a zone.
[[nodiscard]] Outcome<boost::json::object> wait_for_compute(Connection const& connection,
                                                            Context const& context,
                                                            boost::json::object operation);
[[nodiscard]] Outcome<boost::json::object> wait_for_sql(Connection const& connection,
                                                        Context const& context,
                                                        std::string const& project,
                                                        boost::json::object operation);

}  // namespace aipress::gcp

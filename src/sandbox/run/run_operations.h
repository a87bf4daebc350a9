// Cloud Run's long-running operations, and how they are asked for.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "sandbox/operations.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {

struct StartedOperation {
    boost::json::object metadata = {};
    boost::json::object response = {};
    std::string type = {};               // of both: "google.cloud.run.v2.Service"
    std::optional<ApiError> error = {};  // in place of the response
};
// The operation as the client is told of it.
[[nodiscard]] Outcome<Reply> start_operation(Operations const& operations, Transaction& transaction,
                                             Call const& call, Place const& place,
                                             StartedOperation started);

// get, list, delete and wait, of v1 and v2. All that is passed outlives `methods`.
void serve_operations(Methods& methods, Store& store, Operations const& operations, Clock& clock);

}  // namespace aipress::sandbox::run

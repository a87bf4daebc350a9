// Secret Manager v1.
#pragma once

#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_secret_manager(Methods& methods, Store& store, Clock& clock);

// What a version ("projects/p/secrets/s/versions/latest") holds, for services that are told to read
// it. Errors: NotFound, FailedPrecondition when it is disabled or destroyed.
[[nodiscard]] Outcome<std::string> read_secret(Transaction& transaction, std::string_view version);

}  // namespace aipress::sandbox

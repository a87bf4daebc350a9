// Secret Manager v1.
#pragma once

#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_secret_manager(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox

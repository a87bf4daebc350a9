// Cloud Logging v2: what is written, read back. The sandbox's own entries: log_entries.h.
#pragma once

#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_logging(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox

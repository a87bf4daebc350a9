// Cloud Storage v1: managed folders, which give a prefix of names a policy of its own.
#pragma once

#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_managed_folders(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox

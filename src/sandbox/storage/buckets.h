// Cloud Storage v1: buckets, their policies and retention.
#pragma once

#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_buckets(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox

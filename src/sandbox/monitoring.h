// Cloud Monitoring v3: metric descriptors and time series. The sandbox's own: time_series.h.
#pragma once

#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_monitoring(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox

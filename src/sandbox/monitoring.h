// Cloud Monitoring v3: metric descriptors, time series, and what is to be watched. What the sandbox
// itself measures: telemetry/.
#pragma once

#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_monitoring(Methods& methods, Store& store, Clock& clock);

// Parts of it, one file each.
void serve_metric_descriptors(Methods& methods, Store& store);
// Alert policies, notification channels and uptime checks, which are kept: nobody is alerted.
void serve_alerting(Methods& methods, Store& store, Clock& clock);

}  // namespace aipress::sandbox

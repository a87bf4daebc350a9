// What Cloud Logging and Cloud Monitoring are told of a request to a Cloud Run service.
#pragma once

#include <vector>

#include "sandbox/projects.h"
#include "sandbox/run/request_log.h"
#include "sandbox/telemetry/measurements.h"

namespace aipress::sandbox {

// The labels of the monitored resource cloud_run_revision; `service` as in ServedRequest.
[[nodiscard]] boost::json::object revision_labels(std::string_view service,
                                                  std::string_view revision);

// An entry of the log run.googleapis.com/requests. It has the request's own id, so it is not added
// twice.
[[nodiscard]] boost::json::object request_entry(Project const& project,
                                                run::ServedRequest const& request);

// How many there were and how long they took: by revision, response code and minute.
[[nodiscard]] std::vector<Measurement> request_measurements(
    std::vector<run::ServedRequest> const& requests);

}  // namespace aipress::sandbox

// The form that a client asks its answer in: system parameters and headers that all APIs share.
// https://cloud.google.com/apis/docs/system-parameters
#pragma once

#include "http/request.h"
#include "http/response.h"
#include "sandbox/outcome.h"

namespace aipress::sandbox {

// `alt`: only JSON is made here. Errors: InvalidArgument.
[[nodiscard]] Outcome<Done> check_form(http::Request const& request);

// `prettyPrint`: JSON is for people unless the client says otherwise.
void lay_out(http::Request const& request, http::Response& response);

// JSON of some size as gzip, for a client that takes it.
void compress(http::Request const& request, http::Response& response);

}  // namespace aipress::sandbox

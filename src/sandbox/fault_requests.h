// A fault that is asked for, at once: POST /sandbox/v1/faults with
//
//     {"kind": "instance_crash", "project": "p", "instance": "i"}
#pragma once

#include <optional>

#include "http/request.h"
#include "http/response.h"
#include "sandbox/faults.h"

namespace aipress::sandbox {

// nullopt: it is not asked for.
[[nodiscard]] std::optional<http::Response> answer_fault_request(Faults const& faults,
                                                                 http::Request const& request,
                                                                 http::BodyReader& body);

}  // namespace aipress::sandbox

// IAM Credentials v1: short-lived credentials of service accounts.
#pragma once

#include "sandbox/credentials.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_iam_credentials(Methods& methods, Store& store, Clock& clock, Credentials& credentials);

}  // namespace aipress::sandbox

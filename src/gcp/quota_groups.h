// What Google counts, and how much of it a project has from the start.
#pragma once

#include <map>

#include "gcp/quota_broker.h"

namespace aipress::gcp {

// Per minute and key, as documented in 2026; what is not here is learned.
[[nodiscard]] std::map<QuotaGroup, QuotaLimit> published_limits();

}  // namespace aipress::gcp

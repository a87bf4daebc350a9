// Which project's quota a request is charged to.
#pragma once

#include "sandbox/quotas.h"

namespace aipress::sandbox {

// The project that the client names for it (X-Goog-User-Project, userProject), else the one that
// the request is about, else the sandbox's first: where its clients' credentials are from.
[[nodiscard]] Outcome<QuotaConsumer> quota_consumer_of(Transaction& transaction, Call const& call);

}  // namespace aipress::sandbox

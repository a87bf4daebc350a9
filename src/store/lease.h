// Who may work on a migration, or on anything else that has a name: one holder at a time, for a
// while. Every claim gets a greater token.
//
// Whoever writes under a lease calls fence() in the same transaction. A worker that was paused past
// its lease's end is refused there, whether another has claimed it meanwhile or not: fence() writes
// to the lease's row, so it and a claim can only come one after the other.
//
// Expiry is by the clocks of the machines. Where they differ a lease is claimed too early or too
// late by the difference, but never held twice: the token decides.
#pragma once

#include <string>

#include "base/context.h"
#include "sql/transaction.h"
#include "store/records.h"

namespace aipress::store {

struct Lease {
    std::string name = {};
    std::string holder = {};
    std::int64_t token = 0;
    Timestamp expires_at = {};
};

// Nobody's, or over: ours. Errors: Unavailable when another holder has it, with who and until when;
// the same holder as before gets it anew (it was started again).
[[nodiscard]] Result<Lease> claim_lease(sql::Transaction& transaction, std::string const& name,
                                        std::string const& holder, milliseconds lifetime);
// Errors: FailedPrecondition when it was lost: over, or another's.
[[nodiscard]] Result<Lease> renew_lease(sql::Transaction& transaction, Lease const& lease,
                                        milliseconds lifetime);
// Nothing when it was lost.
Result<void> release_lease(sql::Transaction& transaction, Lease const& lease);
// Errors: FailedPrecondition when it was lost.
Result<void> fence(sql::Transaction& transaction, Lease const& lease);

}  // namespace aipress::store

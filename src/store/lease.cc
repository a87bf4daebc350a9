#include "store/lease.h"

#include <fmt/format.h>

#include "store/store.h"
#include "store/table.h"

namespace aipress::store {
namespace {

Error lost(Lease const& lease) {
    return {ErrorCode::FailedPrecondition,
            fmt::format("the lease on {} was lost (token {}): another worker may be at it",
                        lease.name, lease.token)};
}

Result<void> must_hold(Result<std::int64_t> const& changed, Lease const& lease) {
    if (!changed.ok()) return changed.error();
    if (changed.value() != 1) return lost(lease);
    return {};
}

}  // namespace

Result<Lease> claim_lease(sql::Transaction& transaction, std::string const& name,
                          std::string const& holder, milliseconds lifetime) {
    auto const at = now(transaction);
    auto const found = TRY(Table<LeaseRow>(transaction).find(name));
    bool const is_anothers =
        found && found->expires_at > at && !found->holder.empty() && found->holder != holder;
    if (is_anothers) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("{} is worked on by {} until {}: wait, or end that process", name,
                                 found->holder, sql::to_text(found->expires_at)));
    }
    Lease const lease{name, holder, found ? found->token + 1 : 1, at + lifetime};
    if (!found) {
        TRY(Table<LeaseRow>(transaction)
                .insert({.name = name,
                         .holder = holder,
                         .token = lease.token,
                         .expires_at = lease.expires_at}));
        return lease;
    }
    TRY(must_hold(transaction.execute("UPDATE leases SET holder = $1, token = $2, expires_at = $3, "
                                      "writes = writes + 1 WHERE name = $4 AND token = $5",
                                      {holder, lease.token, lease.expires_at, name, found->token}),
                  lease));
    return lease;
}

Result<Lease> renew_lease(sql::Transaction& transaction, Lease const& lease,
                          milliseconds lifetime) {
    auto renewed = lease;
    auto const at = now(transaction);
    renewed.expires_at = at + lifetime;
    TRY(must_hold(
        transaction.execute("UPDATE leases SET expires_at = $1, writes = writes + 1 "
                            "WHERE name = $2 AND token = $3 AND holder = $4 AND expires_at > $5",
                            {renewed.expires_at, lease.name, lease.token, lease.holder, at}),
        lease));
    return renewed;
}

Result<void> release_lease(sql::Transaction& transaction, Lease const& lease) {
    TRY(
        transaction.execute("UPDATE leases SET holder = $1, expires_at = $2, writes = writes + 1 "
                            "WHERE name = $3 AND token = $4",
                            {"", now(transaction), lease.name, lease.token}));
    return {};
}

Result<void> fence(sql::Transaction& transaction, Lease const& lease) {
    return must_hold(
        transaction.execute("UPDATE leases SET writes = writes + 1 "
                            "WHERE name = $1 AND token = $2 AND holder = $3 AND expires_at > $4",
                            {lease.name, lease.token, lease.holder, now(transaction)}),
        lease);
}

}  // namespace aipress::store

// The record set that visitors find a tenant's site by, in Cloud DNS.
//
// A change, in this order: the zone's API says what there is; it is what the caller believes to be
// there (`from`), or what he wants (`to`, then it is done already), or somebody else's (refused);
// every authoritative server answers `from`; one atomic change deletes exactly `from` and adds
// `to`; every authoritative server answers `to`. The caller journals `from` and `to` before. Each
// function may be repeated after a lost answer or a kill at any point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "dns/name_servers.h"
#include "gcp/dns.h"

namespace aipress::routing {

// All that the zone answers with an address for a host: a CNAME, or A and AAAA. Other types (TXT,
// MX) are nobody's business here. In the order of types, as the API spells them.
struct HostRecords {
    std::string host = {};  // "tenant-001.aipress.io"
    std::vector<gcp::RecordSet> sets = {};
};
// "CNAME ghs.googlehosted.com. (TTL 300)"
[[nodiscard]] std::string describe(HostRecords const& records);

// The records that answer `data`: one name (CNAME), or IPv4 and IPv6 addresses. Errors:
// InvalidArgument for the host, for data that are neither, and for names together with more.
[[nodiscard]] Result<HostRecords> make_records(std::string const& host,
                                               std::vector<std::string> const& data,
                                               std::uint32_t ttl);

// What a change leaves behind.
struct Published {
    HostRecords records = {};  // that every authoritative server answers now
    // No cache has the records of before any more: their TTL is over. Counted from when they were
    // seen to be gone, so it is later than need be after a repetition, never too early. Now, where
    // nothing was to be changed.
    WallTime forgotten_at = {};
};

// Thread safe. The connection outlives it.
class Records {
public:
    // `server`: asked in place of the zone's own name servers, which are then not resolved: for
    // clouds whose zones are answered elsewhere.
    Records(gcp::Connection const& connection, gcp::ZoneName zone,
            std::optional<dns::ServerAddress> server = std::nullopt)
        : dns_(connection), zone_(std::move(zone)), server_(std::move(server)) {}

    // Changes nothing. Errors: NotFound when the zone has none of the host's own (a wildcard may
    // answer for it); FailedPrecondition for a set with a routing policy.
    [[nodiscard]] Result<HostRecords> read_current(Context const& context,
                                                   std::string const& host) const;

    // `from` with this TTL, 60 s at most; data stay. A TTL that is as low already stays. The caller
    // waits until Published::forgotten_at before the switch. Errors: as point_to().
    [[nodiscard]] Result<Published> lower_ttl(Context const& context, HostRecords const& from,
                                              std::uint32_t ttl) const;

    // `from` -> make_records(). Errors: FailedPrecondition when the zone has neither, with all
    // shown; DeadlineExceeded when not all servers answer `from` (nothing is changed then), or
    // `to` (it is changed); InvalidArgument; Google's.
    [[nodiscard]] Result<Published> point_to(Context const& context, HostRecords const& from,
                                             std::vector<std::string> const& data,
                                             std::uint32_t ttl) const;

    // Any change back: `from` -> `to`, by the same rules.
    [[nodiscard]] Result<Published> restore(Context const& context, HostRecords const& from,
                                            HostRecords const& to) const;

private:
    Result<Published> exchange(Context const& context, HostRecords const& from,
                               HostRecords const& to) const;
    Result<bool> change(Context const& context, HostRecords const& from, HostRecords const& to,
                        std::vector<dns::NameServer> const& servers) const;
    Result<std::vector<dns::NameServer>> name_servers(Context const& context) const;

    gcp::Dns dns_;
    gcp::ZoneName zone_;
    std::optional<dns::ServerAddress> server_;
};

// Waits for a Published::forgotten_at. Errors: DeadlineExceeded, Cancelled.
[[nodiscard]] Result<void> wait_until(Context const& context, WallTime time);

}  // namespace aipress::routing

// Managed zones as the store keeps them, with their record sets and changes.
//
// Zones of one DNS name may be several, as at Google, where each has name servers of its own. The
// sandbox has one server: the oldest public zone of a name is the one that it answers for.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sandbox/dns/change_check.h"
#include "sandbox/service.h"

namespace aipress::sandbox::dns {

struct Zone {
    std::string key;  // "PROJECT_NUMBER/NAME"
    std::uint64_t version = 0;
    boost::json::object resource = {};  // dns#managedZone
    std::uint64_t last_change = 0;
    std::uint64_t sets = 0;

    [[nodiscard]] std::string id() const { return text_field(resource, "id"); }
    [[nodiscard]] std::string dns_name() const { return text_field(resource, "dnsName"); }
    [[nodiscard]] bool is_public() const { return resource.at("visibility") == "public"; }
};

// Of the call's project and managedZone, which is a name or an id. Errors: NotFound.
[[nodiscard]] Outcome<Zone> find_zone(Transaction& transaction, Call const& call);
// Its NS and SOA sets and change 0 with it. Errors: AlreadyExists, InvalidArgument when the name
// servers are used up, PermissionDenied for the quota.
[[nodiscard]] Outcome<Zone> create_zone(Transaction& transaction, std::string const& project_number,
                                        boost::json::object resource, WallTime now);
[[nodiscard]] Outcome<Done> update_zone(Transaction& transaction, Zone& zone);
// Errors: InvalidArgument (containerNotEmpty) when more than NS and SOA are in it.
[[nodiscard]] Outcome<Done> remove_zone(Transaction& transaction, Zone const& zone);

struct ZonePage {
    std::vector<Zone> zones = {};
    std::string next = {};
};
// `dns_name`: of that name only; empty: all.
[[nodiscard]] Outcome<ZonePage> list_zones(Transaction& transaction,
                                           std::string const& project_number,
                                           std::string const& dns_name, std::string const& start,
                                           std::size_t most);

[[nodiscard]] Outcome<std::optional<RecordSet>> find_set(Transaction& transaction, Zone const& zone,
                                                         std::string const& name,
                                                         std::string const& type);
struct SetPage {
    std::vector<RecordSet> sets = {};
    std::string next = {};
};
// `name`: of that name only; empty: all.
[[nodiscard]] Outcome<SetPage> list_sets(Transaction& transaction, Zone const& zone,
                                         std::string const& name, std::string const& start,
                                         std::size_t most);

// Checks and makes it; the SOA's serial grows with it. Returns the dns#change, which is pending.
// Errors: those of check_change().
[[nodiscard]] Outcome<boost::json::object> make_change(Transaction& transaction, Zone& zone,
                                                       Change const& change,
                                                       ChangePaths const& paths, WallTime now);
[[nodiscard]] Outcome<std::optional<boost::json::object>> find_change(Transaction& transaction,
                                                                      Zone const& zone,
                                                                      std::uint64_t number);

// What the name server is to answer for a DNS name.
struct ServedZone {
    std::string id;
    std::string dns_name;
    std::uint32_t serial = 0;
    std::uint64_t last_change = 0;
    std::string zone_file = {};
};
// nullopt: no public zone has that name.
[[nodiscard]] Outcome<std::optional<ServedZone>> read_served_zone(Transaction& transaction,
                                                                  std::string const& dns_name);
// Of all public zones, each once.
[[nodiscard]] Outcome<std::vector<std::string>> list_served_names(Transaction& transaction);
// Its changes up to `last_change`.
[[nodiscard]] Outcome<Done> mark_done(Transaction& transaction, std::string const& zone_id,
                                      std::uint64_t last_change);

}  // namespace aipress::sandbox::dns

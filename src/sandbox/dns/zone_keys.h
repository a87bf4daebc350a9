// Where the store keeps what belongs to a zone. For zones.cc and zone_changes.cc.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "sandbox/dns/zones.h"

namespace aipress::sandbox::dns {

inline constexpr std::string_view kZones = "dns_zones";               // by PROJECT_NUMBER/NAME
inline constexpr std::string_view kZoneIds = "dns_zone_ids";          // a zone's key, by its id
inline constexpr std::string_view kServedNames = "dns_served_names";  // DNS_NAME/ID: public zones
inline constexpr std::string_view kRecordSets = "dns_record_sets";    // ID/REVERSED_NAME/TYPE
inline constexpr std::string_view kChanges = "dns_changes";           // ID/NUMBER
inline constexpr std::string_view kPendingChanges = "dns_pending_changes";  // ID/NUMBER
inline constexpr std::string_view kZoneOperations = "dns_zone_operations";  // ID/OPERATION

// A zone's name has no '/': the names of records may.
[[nodiscard]] std::string served_prefix(std::string_view dns_name);

// Stores the change and what it does to the zone, which the caller writes.
[[nodiscard]] Outcome<boost::json::object> put_change(Transaction& transaction, Zone& zone,
                                                      Change const& change, WallTime now);

}  // namespace aipress::sandbox::dns

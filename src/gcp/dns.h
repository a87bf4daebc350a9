// Cloud DNS v1.
//
// A change of record sets is atomic and a compare-and-set: what it deletes has to be there to the
// letter. So it is safe to repeat: a repetition of what was done already fails, and the zone's list
// of changes tells that it is this very change.
#pragma once

#include <boost/json/object.hpp>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gcp/connection.h"

namespace aipress::gcp {

struct ZoneName {
    std::string project = {};
    std::string zone = {};
};

struct RecordSet {
    std::string name = {};  // "tenant.aipress.io.", with its last dot
    std::string type = {};  // "CNAME"
    std::int64_t ttl = 300;
    std::vector<std::string> data = {};
    auto operator<=>(RecordSet const&) const = default;
};

// Thread safe. The connection outlives it.
class Dns {
public:
    explicit Dns(Connection const& connection) : connection_(connection) {}

    [[nodiscard]] Outcome<boost::json::object> get_zone(Context const& context,
                                                        ZoneName const& zone) const;
    [[nodiscard]] Outcome<Done> list_zones(Context const& context, std::string const& project,
                                           Connection::Visitor const& visit) const;

    using Visitor = std::function<Outcome<Done>(RecordSet const&)>;
    // Of that name and type, where they are not "". Sets with a routing policy have no data.
    [[nodiscard]] Outcome<Done> list_record_sets(Context const& context, ZoneName const& zone,
                                                 std::string const& name, std::string const& type,
                                                 Visitor const& visit) const;
    // Waits until all of Google's name servers serve it. Errors: FailedPrecondition when a deletion
    // is not there so; NotFound when it is not there at all; AlreadyExists for an addition.
    [[nodiscard]] Outcome<Done> change(Context const& context, ZoneName const& zone,
                                       std::vector<RecordSet> const& deletions,
                                       std::vector<RecordSet> const& additions) const;

private:
    Check find_change(ZoneName const& zone, std::vector<RecordSet> const& deletions,
                      std::vector<RecordSet> const& additions) const;

    Connection const& connection_;
};

}  // namespace aipress::gcp

#include "sandbox/dns/service.h"

#include "sandbox/dns/limits.h"
#include "sandbox/dns/methods.h"
#include "sandbox/projects.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

json::object quota() {
    return {{"kind", "dns#quota"},
            {"managedZones", dns::kZonesPerProject},
            {"rrsetsPerManagedZone", dns::kRecordSetsPerZone},
            {"rrsetAdditionsPerChange", dns::kAdditionsPerChange},
            {"rrsetDeletionsPerChange", dns::kDeletionsPerChange},
            {"resourceRecordsPerRrset", dns::kRecordsPerSet},
            {"totalRrdataSizePerChange", dns::kDataBytesPerChange}};
}

}  // namespace

void serve_dns(Methods& methods, Store& store, Clock& clock, dns::Publisher& publisher) {
    methods.serve("dns.projects.get", "v1", [&store](Call& call) {
        return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            auto const project =
                TRY(find_active_project(transaction, call.path_parameter("project")));
            return reply(json::object{{"kind", "dns#project"},
                                      {"id", project.id},
                                      {"number", project.number},
                                      {"quota", quota()}});
        });
    });
    dns::serve_managed_zones(methods, store, clock, publisher);
    dns::serve_record_sets(methods, store, clock, publisher);
    dns::serve_changes(methods, store, clock, publisher);
}

}  // namespace aipress::sandbox

// Whether a change of a zone may be made: the whole of it, or none.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/dns/record_sets.h"

namespace aipress::sandbox::dns {

struct Change {
    std::vector<RecordSet> additions = {};
    std::vector<RecordSet> deletions = {};
};

// How errors call the parts of a change.
struct ChangePaths {
    std::string additions = "entity.change.additions[{}]";  // "{}" stands for the index
    std::string deletions = "entity.change.deletions[{}]";
};

// The sets of a name.
using SetsAt = std::function<Outcome<std::vector<RecordSet>>(std::string const& name)>;

// Deletions are matched first, then additions, then the zone that would come of both is looked at.
// Errors, in Google's words: NotFound for a deletion that is not there, FailedPrecondition (412)
// for one that is not exactly what is there, AlreadyExists for an addition; InvalidArgument for a
// CNAME beside others, an apex without its NS or SOA, a SOA elsewhere; PermissionDenied for a
// quota.
[[nodiscard]] Outcome<Done> check_change(Change const& change, std::string const& zone,
                                         SetsAt const& sets_at, ChangePaths const& paths);

}  // namespace aipress::sandbox::dns

// Makes one folder hold what another holds, at Google's servers: no byte comes through here.
//
//     carry(A -> B)   while the site is written to, as often as it takes
//     carry(A -> B)   once more in the fence: two listings, and the little that is left
//     carry(B -> A)   the way back: the same with the folders swapped
//
// A pass looks at both sides by listing and changes what differs; it keeps nothing between calls.
// So it can be killed at any time, and the next one ends the same.
#pragma once

#include <cstdint>
#include <functional>

#include "base/context.h"
#include "gcp/storage.h"
#include "objects/folder.h"
#include "objects/limits.h"
#include "objects/listing.h"

namespace aipress::objects {

// What a pass may do where a target has no prefix: what its source does not have is deleted there.
enum class WholeBucket {
    Refused,
    IsTheTenants,  // the caller knows that nothing but this tenant's files is in it
};

struct PassOptions {
    unsigned workers = limits::kWorkers;  // changes in flight
    WholeBucket whole_bucket = WholeBucket::Refused;
    Waypoints waypoints = {};  // those of an earlier pass's report: this one lists faster by them
};

struct PassReport {
    std::uint64_t listed = 0;  // objects of the source
    std::uint64_t listed_bytes = 0;
    std::uint64_t unchanged = 0;  // equal already
    std::uint64_t copied = 0;
    std::uint64_t copied_bytes = 0;
    std::uint64_t deleted = 0;  // of the target
    // Written, replaced or deleted by others between the listing and the change, on either side;
    // looked at again at once. Of them:
    std::uint64_t overtaken = 0;
    std::uint64_t vanished = 0;   // gone from the source before they were copied
    std::uint64_t unsettled = 0;  // changed again and again; left to the next pass
    Waypoints waypoints = {};

    // Nothing differed: name, size, crc32c, type and metadata were equal throughout, which is as
    // good as compare(). In a fence, where nobody writes, a pass that is not is followed by one.
    [[nodiscard]] bool is_proof() const {
        return copied == 0 && deleted == 0 && overtaken == 0 && unchanged == listed;
    }
};

// The report so far; never called twice at a time. Short: changes wait for it.
using Progress = std::function<void(PassReport const&)>;

// Equal: size, crc32c, content type and custom metadata.
[[nodiscard]] bool is_same(gcp::Object const& a, gcp::Object const& b);

// One pass: afterwards `to` holds, below its prefix, what `from` held when it was listed. Every
// change names the generations that it is about on both sides: what others write meanwhile is never
// overwritten unseen, and what they changed is counted, not an error. Names that are the prefix
// itself are left alone on both sides.
//
// Errors: those of check_folders(); InvalidArgument for a target without a prefix that is not said
// to be the tenant's, and for a name that is too long there (see preflight.h); FailedPrecondition
// for an object that a hold or a retention policy keeps; Google's. The first one ends the pass:
// nothing new is begun, what is in flight is awaited, and what was done stays done.
[[nodiscard]] gcp::Outcome<PassReport> carry(Context const& context, gcp::Storage const& storage,
                                             FolderPair const& folders, PassOptions const& options,
                                             Progress const& progress);

}  // namespace aipress::objects

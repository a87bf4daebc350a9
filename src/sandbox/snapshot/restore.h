// Puts another state in the place of a data folder's, so that a crash leaves the one or the other.
//
//     .restoring/new       whole and on disk, by one rename: from here on only forward
//         |                what the folder has goes to .restoring/old, entry by entry
//     .restoring/arriving  the same, renamed: all that is in the folder now is of the new state
//         |                its entries go to the folder, one by one
//     .discarded           .restoring, renamed: the new state is there; the old one is removed
//
// Each step can be done again from wherever a crash has left it, and whoever takes the folder's
// lock does so first (DataFolder::lock).
#pragma once

#include <filesystem>
#include <string_view>

#include "base/probe.h"
#include "base/result.h"

namespace aipress::sandbox {

// Whether an entry of a data folder is a part of the sandbox's state; not of it are the lock, the
// snapshots, what clients and a terminal keep there, and what is described above.
[[nodiscard]] bool is_state(std::string_view entry);

// From now on the folder's state is what `whole` holds in its folder "new". `whole` is on the same
// file system, on disk, and gone afterwards. REQUIRES: the folder's lock is held. Errors:
// Unavailable: the state is the old one, unless .restoring is there.
Result<void> restore(std::filesystem::path const& data, std::filesystem::path const& whole,
                     Probe& probe);
// What restore() has begun is done; nothing when it has not. Errors: Unavailable; to be called
// again.
Result<void> finish_restore(std::filesystem::path const& data, Probe& probe);

}  // namespace aipress::sandbox

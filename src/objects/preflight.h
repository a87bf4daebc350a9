// What can be known before the first file is copied.
#pragma once

#include <cstdint>

#include "objects/listing.h"

namespace aipress::objects {

struct Contents {
    std::uint64_t objects = 0;  // of the source
    std::uint64_t bytes = 0;
    std::uint64_t at_target = 0;  // objects that are below the target's prefix already
};

// Reads both listings. Errors: those of check_folders(); InvalidArgument when names are too long
// for the target, with how many they are and the first of them; Google's, as for a bucket that is
// not there.
[[nodiscard]] gcp::Outcome<Contents> preflight(Context const& context, gcp::Storage const& storage,
                                               FolderPair const& folders);

}  // namespace aipress::objects

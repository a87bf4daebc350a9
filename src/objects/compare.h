// The proof that two folders hold the same: names, sizes and crc32c of all objects, as Google has
// them. (Not md5: what was composed has none.)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "objects/listing.h"

namespace aipress::objects {

struct Difference {
    enum class Kind { OnlyInFrom, OnlyInTo, Size, Checksum };
    Kind kind = Kind::OnlyInFrom;
    std::string name = {};  // below the prefixes
};
// "only in the source", "sizes differ"
[[nodiscard]] std::string_view to_string(Difference::Kind kind);

struct Comparison {
    std::uint64_t objects = 0;  // of the source
    std::uint64_t bytes = 0;
    std::uint64_t different = 0;
    std::vector<Difference> first = {};  // limits::kNamesShown of them at most, by name

    [[nodiscard]] bool is_equal() const { return different == 0; }
};

// Errors: those of check_folders(), Google's. Differences are none.
[[nodiscard]] gcp::Outcome<Comparison> compare(Context const& context, gcp::Storage const& storage,
                                               FolderPair const& folders,
                                               Waypoints const& waypoints = {});

}  // namespace aipress::objects

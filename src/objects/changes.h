// One object's change: its copy or its deletion, and what others do to it meanwhile.
#pragma once

#include <optional>
#include <string>

#include "gcp/storage.h"
#include "objects/folder.h"

namespace aipress::objects {

struct Change {
    std::string name = {};                             // below the prefixes
    std::optional<gcp::Object> source = std::nullopt;  // nullopt: it is to be deleted
    gcp::Generation target = gcp::kAbsent;
};

enum class End {
    Copied,
    Deleted,
    Settled,    // another made it equal meanwhile
    Vanished,   // gone from the source; the target is left to a later pass
    Unsettled,  // written again and again, or a target that was replaced before its deletion
};
struct Ending {
    End end = End::Settled;
    bool was_overtaken = false;  // another changed it on either side
    std::uint64_t bytes = 0;     // that were copied
};

// Makes it. Errors: as carry()'s, with both names.
[[nodiscard]] gcp::Outcome<Ending> make_change(Context const& context, gcp::Storage const& storage,
                                               FolderPair const& folders, Change const& change);

// Errors: InvalidArgument for a name that is too long below `folder`, with what to do.
[[nodiscard]] Result<void> check_name(std::string_view name, Folder const& folder);

}  // namespace aipress::objects

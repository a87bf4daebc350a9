// Where a tenant's files are: a bucket of its own, or a prefix in its shard's.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::objects {

struct Folder {
    std::string bucket = {};
    std::string prefix = {};  // "tenants/tenant-001/"; "": all of the bucket

    // "gs://shard-001/tenants/tenant-001/"
    [[nodiscard]] std::string url() const;
    // The object's, of a name below the prefix.
    [[nodiscard]] std::string full_name(std::string_view name) const {
        return prefix + std::string(name);
    }
};

struct FolderPair {
    Folder from = {};
    Folder to = {};
};

// Errors: InvalidArgument for a prefix without its slash (it would have "tenants/a1/" in
// "tenants/a"), and for folders of which one is in the other.
[[nodiscard]] Result<void> check_folders(FolderPair const& folders);

}  // namespace aipress::objects

#include "objects/folder.h"

#include <fmt/format.h>

namespace aipress::objects {
namespace {

Result<void> check_folder(Folder const& folder) {
    if (folder.bucket.empty()) {
        return Error(ErrorCode::InvalidArgument, "no bucket is named: name one, without gs://");
    }
    if (folder.bucket.find('/') != std::string::npos) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' is no bucket's name: the name alone is asked for, as in "
                                 "'shard-001-media'; what follows it is the prefix",
                                 folder.bucket));
    }
    bool const is_folder =
        folder.prefix.empty() || (folder.prefix.ends_with('/') && !folder.prefix.starts_with('/'));
    if (is_folder) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("the prefix '{}' is no folder: it ends with a slash and begins with "
                             "none, as 'tenants/tenant-001/'",
                             folder.prefix));
}

}  // namespace

std::string Folder::url() const {
    return fmt::format("gs://{}/{}", bucket, prefix);
}

Result<void> check_folders(FolderPair const& folders) {
    TRY(check_folder(folders.from));
    TRY(check_folder(folders.to));
    bool const overlap = folders.from.bucket == folders.to.bucket &&
                         (folders.from.prefix.starts_with(folders.to.prefix) ||
                          folders.to.prefix.starts_with(folders.from.prefix));
    if (!overlap) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("{} and {} overlap: the copies would be files of their own source; "
                             "name folders of which none is in the other",
                             folders.from.url(), folders.to.url()));
}

}  // namespace aipress::objects

// A site's files in the backup: copied at the server, and listed with the sums of their bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backup/folder.h"
#include "backup/manifest.h"

namespace aipress::backup {

// Objects of a bucket that begin so.
struct ObjectFolder {
    std::string bucket = {};
    std::string prefix = {};  // "" or one that ends with "/"
};
struct CopyCounts {
    std::uint64_t copied = 0;
    std::uint64_t kept = 0;     // were there already
    std::uint64_t removed = 0;  // of a copy that was begun before: the source has them no more
};
// Makes `to` what `from` is; several at once, at the server. Errors: InvalidArgument for a name
// that is too long in `to`.
[[nodiscard]] gcp::Outcome<CopyCounts> copy_files(Context const& context,
                                                  gcp::Storage const& storage,
                                                  ObjectFolder const& from, ObjectFolder const& to);

inline constexpr std::string_view kFiles = "files/";

// Reads every file of the folder's "files/" and writes the lists, kFilesAList in each. Of a list
// that is there, files that are still the same are not read again.
[[nodiscard]] gcp::Outcome<std::vector<FileListEntry>> list_files(Context const& context,
                                                                  gcp::Storage const& storage,
                                                                  Folder const& folder);

// One list after another, each compared with its sum before it is read. Errors: DataLoss.
using ListVisitor = std::function<gcp::Outcome<gcp::Done>(std::vector<Entry> const&)>;
[[nodiscard]] gcp::Outcome<gcp::Done> for_each_list(Context const& context, Folder const& folder,
                                                    Manifest const& manifest,
                                                    ListVisitor const& visit);

}  // namespace aipress::backup

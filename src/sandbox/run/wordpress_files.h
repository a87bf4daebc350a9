// Debian's WordPress laid out for a revision: links into the package, and what makes it read its
// settings from the revision's environment.
//
//     FOLDER/prepend.php, wp-config.php, sandbox-plugin.php   the same for all
//     FOLDER/revisions/r12/instance.json                      {environment, bucket, folder}; ours
//     to read FOLDER/revisions/r12/root/                              the document root
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "sandbox/run/site_plan.h"

namespace aipress::sandbox::run {

// Where Debian's package puts it.
inline constexpr std::string_view kWordPress = "/usr/share/wordpress";

// Errors: Unavailable for the disk.
[[nodiscard]] Result<void> write_shared_files(std::filesystem::path const& folder);
// What is there already stays: what visitors have uploaded to a revision without a bucket.
[[nodiscard]] Result<void> lay_out(std::filesystem::path const& folder, Pool const& pool);
// Removes the revisions that the plan does not have.
void sweep_revisions(std::filesystem::path const& folder, SitePlan const& plan);

// Replaces a file at once. Errors: Unavailable.
enum class Access { Everybody, OwnerOnly };
[[nodiscard]] Result<void> write_file(std::filesystem::path const& file, std::string_view text,
                                      Access access);

[[nodiscard]] std::filesystem::path revision_folder(std::filesystem::path const& folder,
                                                    std::string_view pool);
// Where a revision's PHP writes what it complains of.
[[nodiscard]] inline std::filesystem::path error_log(std::filesystem::path const& folder,
                                                     std::string_view pool) {
    return revision_folder(folder, pool) / "php.log";
}

}  // namespace aipress::sandbox::run

#include "migration/folder.h"

#include <algorithm>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <random>

namespace aipress::migration {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> folders_in(fs::path const& parent) {
    std::vector<std::string> names;
    std::error_code failure;
    for (auto at = fs::directory_iterator(parent, failure);
         !failure && at != fs::directory_iterator(); at.increment(failure)) {
        if (at->is_directory(failure)) names.push_back(at->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

std::vector<std::string> MigrationFolder::migrations(std::string const& tenant) const {
    auto all = folders_in(root_ / "tenants" / tenant);
    // One that was made for a journal that a crash did not let begin holds nothing.
    std::erase_if(all, [&](std::string const& id) { return !fs::exists(journal(tenant, id)); });
    return all;
}

std::vector<std::string> MigrationFolder::tenants() const {
    return folders_in(root_ / "tenants");
}

fs::path MigrationFolder::folder(std::string const& tenant, std::string const& id) const {
    return root_ / "tenants" / tenant / id;
}

std::string MigrationFolder::journal(std::string const& tenant, std::string const& id) const {
    return (folder(tenant, id) / "migration.journal").string();
}

std::string MigrationFolder::database_journal(std::string const& tenant,
                                              std::string const& id) const {
    return (folder(tenant, id) / "database.journal").string();
}

Result<void> MigrationFolder::make(std::string const& tenant, std::string const& id) const {
    std::error_code failure;
    fs::create_directories(folder(tenant, id), failure);
    if (!failure) return {};
    return Error(ErrorCode::PermissionDenied,
                 fmt::format("cannot make the folder '{}': {}; name another with --state",
                             folder(tenant, id).string(), failure.message()));
}

std::string new_migration_id(WallTime now) {
    std::random_device random;
    auto const seconds = std::chrono::system_clock::to_time_t(now);
    return fmt::format("{:%Y%m%d-%H%M%S}-{:08x}", fmt::gmtime(seconds), random());
}

}  // namespace aipress::migration

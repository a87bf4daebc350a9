// Where the journals of migrations are on disk:
//
//     FOLDER/tenants/TENANT/ID/migration.journal
//                              database.journal     the mover's
//
// A migration's id begins with its time, so that the names' order is that of time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace aipress::migration {

class MigrationFolder {
public:
    explicit MigrationFolder(std::filesystem::path root) : root_(std::move(root)) {}

    [[nodiscard]] std::filesystem::path const& root() const { return root_; }
    // Those of a tenant, the oldest first.
    [[nodiscard]] std::vector<std::string> migrations(std::string const& tenant) const;
    // Tenants with any, by name.
    [[nodiscard]] std::vector<std::string> tenants() const;

    [[nodiscard]] std::filesystem::path folder(std::string const& tenant,
                                               std::string const& id) const;
    [[nodiscard]] std::string journal(std::string const& tenant, std::string const& id) const;
    [[nodiscard]] std::string database_journal(std::string const& tenant,
                                               std::string const& id) const;
    // Makes the folder. Errors: what the file system says.
    Result<void> make(std::string const& tenant, std::string const& id) const;

private:
    std::filesystem::path root_;
};

// "20261130-163000-1f2e3d4c".
[[nodiscard]] std::string new_migration_id(WallTime now);

}  // namespace aipress::migration

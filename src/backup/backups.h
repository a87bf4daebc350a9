// Backups of tenants: taken before a move, proven, listed, and restored from.
//
// Each is repeatable under the same id after a kill at any time. Nothing here writes a secret into
// a log, an error or a report.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backup/manifest.h"
#include "backup/proof.h"
#include "backup/restore.h"
#include "backup/site.h"
#include "gcp/connection.h"

namespace aipress::backup {

// Where backups are kept.
struct Vault {
    std::string project = {};  // of the bucket, which is made when it is missing
    std::string bucket = "aipress-migration-backups";
    std::string location = {};  // of a bucket that is made; "": Cloud Storage's default
    std::string key_project = {};
    std::string state_bucket = {};  // of Terraform's; "": no states are kept
};

struct Listed {
    std::string backup = {};
    std::string taken_at = {};
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::string fault = {};  // why it does not count: "it has no manifest: …"; "" when it does
};
[[nodiscard]] boost::json::object to_json(Listed const& listed);
[[nodiscard]] boost::json::object to_json(Manifest const& manifest);

using Progress = std::function<void(std::string_view)>;

// Thread safe, for different tenants. The connection outlives it.
class Backups {
public:
    Backups(gcp::Connection const& connection, Vault vault)
        : connection_(connection), vault_(std::move(vault)) {}

    // `id`: the caller's, "20261130T162800Z-move-17"; a backup of it that is whole already is
    // given back as it is. Errors: InvalidArgument for tenant or id; DataLoss when a manifest is
    // there and is damaged; FailedPrecondition for the bucket and the key; Aborted when tables are
    // changed during the export; those of the calls.
    [[nodiscard]] gcp::Outcome<Manifest> take(Context const& context, Site const& site,
                                              std::string const& id,
                                              Progress const& progress) const;
    // Errors: NotFound when there is no such backup; DataLoss for whatever does not verify.
    [[nodiscard]] gcp::Outcome<Proof> verify(Context const& context, std::string const& tenant,
                                             std::string const& id, Scratch const& scratch,
                                             Progress const& progress) const;
    // By their ids. Those that do not count are among them.
    [[nodiscard]] gcp::Outcome<std::vector<Listed>> list(Context const& context,
                                                         std::string const& tenant) const;
    // Errors: NotFound when there is none; DataLoss when it is damaged, or another's.
    [[nodiscard]] gcp::Outcome<Manifest> read_manifest(Context const& context,
                                                       std::string const& tenant,
                                                       std::string const& id) const;

    // What restore() would do; changes nothing. Errors: as read_manifest().
    [[nodiscard]] gcp::Outcome<RestorePlan> describe_restore(Context const& context,
                                                             RestoreOrder const& order) const;
    // Proves the backup, and only then touches the home. What is there already is left as it is.
    // Errors: those of verify(); FailedPrecondition for a database that holds something else and
    // is not to be replaced; DataLoss when the restored database is not the backup's.
    [[nodiscard]] gcp::Outcome<RestoreReport> restore(Context const& context,
                                                      RestoreOrder const& order,
                                                      Progress const& progress) const;

private:
    [[nodiscard]] gcp::Outcome<Folder> folder(std::string const& tenant,
                                              std::string const& id) const;
    [[nodiscard]] gcp::Outcome<Manifest> write_parts(Context const& context, Site const& site,
                                                     Folder const& folder,
                                                     Progress const& progress) const;

    gcp::Connection const& connection_;
    Vault const vault_;
};

}  // namespace aipress::backup

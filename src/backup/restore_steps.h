// The parts of a restore, one for each kind of thing.
#pragma once

#include "backup/folder.h"
#include "backup/restore.h"
#include "backup/site_secrets.h"

namespace aipress::backup {

// Fills in `database` and `tables`.
[[nodiscard]] gcp::Outcome<gcp::Done> look_at_database(Context const& context,
                                                       gcp::Connection const& connection,
                                                       RestoreOrder const& order,
                                                       DatabaseRecord const& record,
                                                       RestorePlan& plan);

[[nodiscard]] gcp::Outcome<FilePlan> compare_files(Context const& context,
                                                   gcp::Storage const& storage,
                                                   Folder const& folder, Manifest const& manifest,
                                                   fleet::Home const& home);
// How many were written. Those that are the same are left as they are.
[[nodiscard]] gcp::Outcome<std::uint64_t> restore_files(Context const& context,
                                                        gcp::Storage const& storage,
                                                        Folder const& folder,
                                                        Manifest const& manifest,
                                                        fleet::Home const& home);

[[nodiscard]] gcp::Outcome<SecretPlan> plan_secret(Context const& context,
                                                   gcp::SecretManager const& secrets,
                                                   KeptSecret const& kept, TenantKey const& key,
                                                   fleet::Home const& home);
// As the plan says; notes the versions that it adds.
[[nodiscard]] gcp::Outcome<gcp::Done> restore_secrets(Context const& context,
                                                      gcp::Connection const& connection,
                                                      Folder const& folder,
                                                      Manifest const& manifest, RestorePlan& plan);

}  // namespace aipress::backup

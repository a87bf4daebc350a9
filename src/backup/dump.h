// A database's export into the backup, and its import from there.
#pragma once

#include <optional>
#include <string>

#include "backup/database_record.h"
#include "backup/folder.h"
#include "backup/site.h"
#include "gcp/sql_admin.h"

namespace aipress::backup {

inline constexpr std::string_view kDump = "database.sql.gz";
inline constexpr std::string_view kRecord = "database.json";

// An instance's own account may read and write below a prefix of a bucket while this lives. The
// binding has a condition on the prefix: tenants do not get into each other's way, and the policy
// does not grow with the fleet. What a killed process leaves is taken away by the next.
class InstanceAccess {
public:
    [[nodiscard]] static gcp::Outcome<InstanceAccess> grant(Context const& context,
                                                            gcp::Connection const& connection,
                                                            gcp::SqlInstanceName const& instance,
                                                            Folder const& folder);
    InstanceAccess(InstanceAccess&& other) noexcept;
    InstanceAccess& operator=(InstanceAccess&&) = delete;
    ~InstanceAccess();

private:
    InstanceAccess(Context context, gcp::Connection const& connection, std::string bucket,
                   gcp::IamBinding binding);

    Context context_;
    gcp::Connection const& connection_;
    std::string bucket_;
    std::optional<gcp::IamBinding> binding_;
};

// A context for what has to be put in order although the other one is over.
[[nodiscard]] Context clean_up_context(Context const& context);

// Writes database.sql.gz and database.json, when they are not there already and belong together.
// Errors: Aborted when tables are changed all the time.
[[nodiscard]] gcp::Outcome<DatabaseRecord> export_database(Context const& context,
                                                           gcp::Connection const& connection,
                                                           Site const& site, Folder const& folder);
// Of the backup. Errors: DataLoss when it is missing or damaged.
[[nodiscard]] gcp::Outcome<DatabaseRecord> read_record(Context const& context,
                                                       Folder const& folder);

struct DatabasePlace {
    gcp::SqlInstanceName instance = {};
    std::string database = {};
};
// Errors: NotFound when there is no such instance.
[[nodiscard]] gcp::Outcome<bool> has_database(Context const& context, gcp::SqlAdmin const& sql,
                                              DatabasePlace const& place);
// A new and empty one in place of one that is there.
[[nodiscard]] gcp::Outcome<gcp::Done> make_database_anew(Context const& context,
                                                         gcp::SqlAdmin const& sql,
                                                         DatabasePlace const& place,
                                                         DatabaseRecord const& record);
// Loads the backup's dump into that database, whatever the dump calls its own.
[[nodiscard]] gcp::Outcome<gcp::Done> import_dump(Context const& context,
                                                  gcp::Connection const& connection,
                                                  Folder const& folder,
                                                  DatabaseRecord const& record,
                                                  DatabasePlace const& place);

}  // namespace aipress::backup

#include "backup/dump.h"

#include <fmt/format.h>
#include <utility>

#include "backup/limits.h"
#include "backup/redirect.h"
#include "gcp/fields.h"

namespace aipress::backup {
namespace {

using gcp::Done;
using gcp::Object;
using gcp::Outcome;

constexpr std::string_view kExports = "exports/";
constexpr std::string_view kStaging = "staging/";

// No export or import of Cloud SQL's is ever given a name twice: what is under way after a lost
// answer is told by it, and one that a killed process began may yet end.
std::string own_name(Context const& context, std::string_view folder) {
    auto const now =
        std::chrono::duration_cast<milliseconds>(context.clock().wall_now().time_since_epoch());
    return fmt::format("{}{}.sql.gz", folder, now.count());
}

// What was measured and exported together by an earlier run.
Outcome<std::optional<DatabaseRecord>> find_export(Context const& context, Folder const& folder) {
    auto const text = TRY(folder.read(context, kRecord, limits::kPartBytes));
    auto const dump = TRY(folder.find(context, kDump));
    if (!text || !dump) return std::optional<DatabaseRecord>();
    auto record = parse_record(*text);
    if (!record.ok() || record.value().dump_generation != dump->generation) {
        return std::optional<DatabaseRecord>();
    }
    return std::optional(record.release());
}

// An export under a name of its own, which then becomes the backup's dump.
Outcome<Object> write_dump(Context const& context, gcp::Connection const& connection,
                           Site const& site, Folder const& folder) {
    gcp::Storage const storage(connection);
    auto const name = own_name(context, kExports);
    TRY(gcp::SqlAdmin(connection)
            .export_sql(context, {.project = site.home.project, .instance = site.home.instance},
                        folder.url(name), {site.home.database}));
    auto const made = TRY(storage.get_object(context, folder.bucket(), folder.full_name(name)));
    auto const before = TRY(folder.find(context, kDump));
    return storage.rewrite_object(context, made, folder.bucket(), folder.full_name(kDump),
                                  before ? before->generation : gcp::kAbsent);
}

Outcome<DatabaseRecord> export_once(Context const& context, gcp::Connection const& connection,
                                    Site const& site, Folder const& folder) {
    auto record = TRY(measure_database(context, site.database));
    record.dump_generation = TRY(write_dump(context, connection, site, folder)).generation;
    TRY(measure_again(context, site.database, record));
    TRY(folder.put(context, kRecord, "application/json", write_record(record)));
    return record;
}

}  // namespace

Context clean_up_context(Context const& context) {
    return {context.clock(), Deadline::after(context.clock(), limits::kCleanUpTime), {}};
}

InstanceAccess::InstanceAccess(Context context, gcp::Connection const& connection,
                               std::string bucket, gcp::IamBinding binding)
    : context_(std::move(context)),
      connection_(connection),
      bucket_(std::move(bucket)),
      binding_(std::move(binding)) {}

InstanceAccess::InstanceAccess(InstanceAccess&& other) noexcept
    : context_(std::move(other.context_)),
      connection_(other.connection_),
      bucket_(std::move(other.bucket_)),
      binding_(std::exchange(other.binding_, std::nullopt)) {}

InstanceAccess::~InstanceAccess() {
    if (!binding_) return;
    // Where this fails the account keeps an access that the next run's takes away.
    (void)gcp::Storage(connection_).revoke(clean_up_context(context_), bucket_, *binding_).ok();
}

Outcome<InstanceAccess> InstanceAccess::grant(Context const& context,
                                              gcp::Connection const& connection,
                                              gcp::SqlInstanceName const& instance,
                                              Folder const& folder) {
    auto const found = TRY(gcp::SqlAdmin(connection).get_instance(context, instance));
    auto const account = gcp::text_of(found, "serviceAccountEmailAddress");
    if (account.empty()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("instance {} has no service account yet, so it cannot read or "
                                 "write the bucket: is it still being made?",
                                 instance.instance));
    }
    auto const objects =
        fmt::format("projects/_/buckets/{}/objects/{}", folder.bucket(), folder.prefix());
    gcp::IamBinding const binding{
        .role = "roles/storage.objectAdmin",
        .member = "serviceAccount:" + account,
        .condition = {{"title", "one backup"},
                      {"expression", fmt::format("resource.name.startsWith('{}')", objects)}}};
    TRY(gcp::Storage(connection).grant(context, folder.bucket(), binding));
    return InstanceAccess(context, connection, folder.bucket(), binding);
}

Outcome<DatabaseRecord> export_database(Context const& context, gcp::Connection const& connection,
                                        Site const& site, Folder const& folder) {
    gcp::SqlInstanceName const instance{.project = site.home.project,
                                        .instance = site.home.instance};
    // Also where nothing is left to be exported: it ends the access that a killed process had.
    auto const access = TRY(InstanceAccess::grant(context, connection, instance, folder));
    auto known = TRY(find_export(context, folder));
    for (unsigned attempt = 1; !known; ++attempt) {
        auto record = export_once(context, connection, site, folder);
        if (record.ok()) {
            known = record.release();
        } else if (record.error().code() != ErrorCode::Aborted ||
                   attempt == limits::kExportAttempts) {
            return record;
        }
    }
    TRY(folder.remove_all(context, kExports));
    return std::move(*known);
}

Outcome<DatabaseRecord> read_record(Context const& context, Folder const& folder) {
    auto const text = TRY(folder.read(context, kRecord, limits::kPartBytes));
    if (!text) {
        return Error(ErrorCode::DataLoss, fmt::format("{} is missing", folder.url(kRecord)));
    }
    auto record = parse_record(*text);
    if (!record.ok()) return record.release_error().in_context(folder.url(kRecord));
    return record.release();
}

Outcome<bool> has_database(Context const& context, gcp::SqlAdmin const& sql,
                           DatabasePlace const& place) {
    bool is_there = false;
    TRY(sql.list_databases(context, place.instance,
                           [&](boost::json::object const& database) -> Outcome<Done> {
                               is_there |= gcp::text_of(database, "name") == place.database;
                               return Done();
                           }));
    return is_there;
}

Outcome<Done> make_database_anew(Context const& context, gcp::SqlAdmin const& sql,
                                 DatabasePlace const& place, DatabaseRecord const& record) {
    if (TRY(has_database(context, sql, place))) {
        TRY(sql.delete_database(context, place.instance, place.database));
    }
    auto const made = sql.create_database(context, place.instance,
                                          {{"name", place.database},
                                           {"charset", record.character_set},
                                           {"collation", record.collation}});
    if (!made.ok()) return made.error();
    return Done();
}

Outcome<Done> import_dump(Context const& context, gcp::Connection const& connection,
                          Folder const& folder, DatabaseRecord const& record,
                          DatabasePlace const& place) {
    auto const dump = TRY(folder.find(context, kDump));
    if (!dump) return Error(ErrorCode::DataLoss, fmt::format("{} is missing", folder.url(kDump)));
    TRY(folder.remove_all(context, kStaging));
    auto const name = own_name(context, kStaging);
    auto const load = [&]() -> Outcome<Done> {
        TRY(stage_dump(
            context, gcp::Storage(connection),
            {.source = *dump, .database = record.database, .name = folder.full_name(name)}));
        auto const access = TRY(InstanceAccess::grant(context, connection, place.instance, folder));
        return gcp::SqlAdmin(connection)
            .import_sql(context, place.instance, folder.url(name), place.database);
    };
    auto const loaded = load();
    auto const cleaned = folder.remove_all(clean_up_context(context), kStaging);
    if (!loaded.ok()) return loaded.error();
    return cleaned;
}

}  // namespace aipress::backup

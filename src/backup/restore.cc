#include "backup/restore.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "backup/backups.h"
#include "backup/configuration.h"
#include "backup/files.h"
#include "backup/limits.h"
#include "backup/restore_steps.h"
#include "gcp/fields.h"
#include "gcp/run.h"
#include "json/fields.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using gcp::Outcome;

constexpr std::string_view kConfiguration = "configuration.json";

// The backup's service beside the live one.
Outcome<json::object> show_service(Context const& context, gcp::Connection const& connection,
                                   Folder const& folder, fleet::Home const& home) {
    auto const text = TRY(folder.read(context, kConfiguration, limits::kPartBytes));
    auto const parsed = aipress::json::parse_object(text.value_or(""));
    if (!parsed.ok()) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("{} is missing or damaged", folder.url(kConfiguration)));
    }
    json::object shown{{"was", nullptr}, {"is", nullptr}};
    if (auto const* const service = gcp::object_of(parsed.value(), "service")) {
        shown["was"] = without_values(*service);
    }
    auto live = gcp::CloudRun(connection)
                    .get_service(context, {.project = home.project,
                                           .location = home.region,
                                           .service = home.service});
    if (live.ok()) shown["is"] = without_values(live.release());
    if (!live.ok() && live.error().code() != ErrorCode::NotFound) return live.error();
    return shown;
}

}  // namespace

std::string_view to_string(DatabaseState state) {
    switch (state) {
        case DatabaseState::Absent:
            return "absent";
        case DatabaseState::Empty:
            return "empty";
        case DatabaseState::Restored:
            return "as in the backup";
        case DatabaseState::Other:
            return "holds something else";
    }
    return "";
}

std::string_view to_string(SecretAction action) {
    switch (action) {
        case SecretAction::Keep:
            return "keep";
        case SecretAction::Add:
            return "add a version";
        case SecretAction::Make:
            return "make";
        case SecretAction::Elsewhere:
            return "leave: of another home";
    }
    return "";
}

Outcome<RestorePlan> Backups::describe_restore(Context const& context,
                                               RestoreOrder const& order) const {
    auto const place = TRY(folder(order.tenant, order.backup));
    auto const manifest = TRY(read_manifest(context, order.tenant, order.backup));
    auto const record = TRY(read_record(context, place));
    RestorePlan plan;
    TRY(look_at_database(context, connection_, order, record, plan));
    gcp::Storage const storage(connection_);
    plan.files = TRY(compare_files(context, storage, place, manifest, order.home));
    gcp::SecretManager const secrets(connection_);
    auto const key = TRY(TenantKey::find(context, secrets, manifest.key, manifest.tenant));
    for (auto const& kept : TRY(read_secrets(context, place))) {
        plan.secrets.push_back(TRY(plan_secret(context, secrets, kept, key, order.home)));
    }
    plan.service = TRY(show_service(context, connection_, place, order.home));
    return plan;
}

Outcome<RestoreReport> Backups::restore(Context const& context, RestoreOrder const& order,
                                        Progress const& progress) const {
    auto const began = context.clock().now();
    RestoreReport report;
    report.proof = TRY(verify(context, order.tenant, order.backup, order.scratch, progress));
    progress("comparing with what is there");
    report.found = TRY(describe_restore(context, order));
    bool const is_other = report.found.database == DatabaseState::Other;
    if (is_other && order.choice == DatabaseChoice::OnlyEmpty) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("database {} on {} holds {} tables which are not those of backup "
                                 "{}, and nothing was changed: say that they are to be replaced, "
                                 "or restore into an empty database",
                                 order.home.database, order.home.instance, report.found.tables,
                                 order.backup));
    }
    auto const place = TRY(folder(order.tenant, order.backup));
    auto const manifest = TRY(read_manifest(context, order.tenant, order.backup));
    progress("restoring secrets");
    TRY(restore_secrets(context, connection_, place, manifest, report.found));
    progress("restoring files");
    report.files_written =
        TRY(restore_files(context, gcp::Storage(connection_), place, manifest, order.home));
    progress("restoring the database");
    auto const record = TRY(read_record(context, place));
    auto endpoint = order.database;
    endpoint.database = order.home.database;
    if (report.found.database != DatabaseState::Restored) {
        DatabasePlace const database{
            .instance = {.project = order.home.project, .instance = order.home.instance},
            .database = order.home.database};
        TRY(make_database_anew(context, gcp::SqlAdmin(connection_), database, record));
        TRY(import_dump(context, connection_, place, record, database));
        report.is_database_loaded = true;
    }
    report.database = TRY(check_database(context, endpoint, record));
    report.took = elapsed_ms(began, context.clock().now());
    return report;
}

json::object to_json(RestorePlan const& plan) {
    json::array secrets;
    for (auto const& secret : plan.secrets) {
        json::object made{{"secret", secret.secret}, {"action", to_string(secret.action)}};
        if (!secret.added.empty()) made["added"] = secret.added;
        made["is_pinned"] = secret.is_pinned;
        secrets.push_back(std::move(made));
    }
    return {{"database", {{"state", to_string(plan.database)}, {"tables", plan.tables}}},
            {"files",
             {{"same", plan.files.same},
              {"missing", plan.files.missing},
              {"different", plan.files.different},
              {"extra", plan.files.extra}}},
            {"secrets", std::move(secrets)},
            {"service", plan.service}};
}

json::object to_json(RestoreReport const& report) {
    return {{"proof", to_json(report.proof)},
            {"found", to_json(report.found)},
            {"is_database_loaded", report.is_database_loaded},
            {"database", to_json(report.database)},
            {"files_written", report.files_written},
            {"took_ms", report.took.count()}};
}

}  // namespace aipress::backup

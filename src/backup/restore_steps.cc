#include "backup/restore_steps.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>

#include "backup/files.h"
#include "gcp/fields.h"
#include "inventory/workers.h"
#include "mysql/connection.h"

namespace aipress::backup {
namespace {

using gcp::Done;
using gcp::Object;
using gcp::Outcome;

// A file's object in the home; nullopt when it is missing.
Outcome<std::optional<Object>> find_live(Context const& context, gcp::Storage const& storage,
                                         fleet::Home const& home, Entry const& file) {
    auto found = storage.get_object(context, home.bucket, home.prefix + file.name);
    if (found.ok()) return std::optional(found.release());
    if (found.error().code() == ErrorCode::NotFound) return std::optional<Object>();
    return found.release_error();
}

bool is_same(Object const& object, Entry const& file) {
    return object.size == file.sums.size && object.crc32c == file.sums.crc32c;
}

using FileVisitor = std::function<Outcome<Done>(Context const&, Entry const&)>;
Outcome<Done> for_each_file(Context const& context, Folder const& folder, Manifest const& manifest,
                            FileVisitor const& visit) {
    return for_each_list(context, folder, manifest, [&](std::vector<Entry> const& files) {
        return inventory::for_each_index(
            context, files.size(),
            [&](Context const& during, std::size_t index) { return visit(during, files[index]); });
    });
}

// Who could read the secret can do so again.
Outcome<Done> grant_readers(Context const& context, gcp::SecretManager const& secrets,
                            KeptSecret const& kept) {
    for (auto const& value : gcp::array_of(kept.policy, "bindings")) {
        auto const* const binding = value.if_object();
        if (binding == nullptr) continue;
        gcp::IamBinding wanted{.role = gcp::text_of(*binding, "role")};
        if (auto const* const condition = gcp::object_of(*binding, "condition")) {
            wanted.condition = *condition;
        }
        for (auto const& member : gcp::array_of(*binding, "members")) {
            if (!member.is_string()) continue;
            wanted.member = member.get_string();
            TRY(secrets.grant(context, kept.use.name, wanted));
        }
    }
    return Done();
}

Outcome<Done> restore_secret(Context const& context, gcp::SecretManager const& secrets,
                             KeptSecret const& kept, TenantKey const& key, SecretPlan& plan) {
    if (plan.action == SecretAction::Make) {
        auto const made = secrets.create_secret(context, kept.use.name, {{"labels", kept.labels}});
        if (!made.ok() && made.error().code() != ErrorCode::AlreadyExists) return made.error();
        TRY(grant_readers(context, secrets, kept));
    }
    auto const payload = TRY(kept.open(key));
    plan.added = TRY(secrets.add_version(context, kept.use.name, payload));
    return Done();
}

}  // namespace

Outcome<Done> look_at_database(Context const& context, gcp::Connection const& connection,
                               RestoreOrder const& order, DatabaseRecord const& record,
                               RestorePlan& plan) {
    DatabasePlace const place{
        .instance = {.project = order.home.project, .instance = order.home.instance},
        .database = order.home.database};
    if (!TRY(has_database(context, gcp::SqlAdmin(connection), place))) return Done();
    auto endpoint = order.database;
    endpoint.database = order.home.database;
    auto session = TRY(mysql::Connection::open(context, endpoint));
    auto const schema = TRY(mysql::read_schema(context, session, endpoint.database));
    plan.tables = schema.tables.size();
    if (schema.tables.empty() && schema.objects.empty()) {
        plan.database = DatabaseState::Empty;
        return Done();
    }
    auto const check = check_database(context, endpoint, record);
    if (!check.ok() && check.error().code() != ErrorCode::DataLoss) return check.error();
    // Where ranges changed while the backup was taken, a count of rows does not show that it is the
    // backup that is there.
    bool const is_restored = check.ok() && check->changed_meanwhile == 0;
    plan.database = is_restored ? DatabaseState::Restored : DatabaseState::Other;
    return Done();
}

Outcome<FilePlan> compare_files(Context const& context, gcp::Storage const& storage,
                                Folder const& folder, Manifest const& manifest,
                                fleet::Home const& home) {
    std::atomic<std::uint64_t> same = 0;
    std::atomic<std::uint64_t> missing = 0;
    std::atomic<std::uint64_t> different = 0;
    TRY(for_each_file(context, folder, manifest,
                      [&](Context const& during, Entry const& file) -> Outcome<Done> {
                          auto const live = TRY(find_live(during, storage, home, file));
                          ++(!live ? missing : is_same(*live, file) ? same : different);
                          return Done();
                      }));
    FilePlan plan{.same = same, .missing = missing, .different = different};
    std::uint64_t listed = 0;
    TRY(storage.list_objects(context, {.bucket = home.bucket, .prefix = home.prefix},
                             [&](Object const&) -> Outcome<Done> {
                                 ++listed;
                                 return Done();
                             }));
    auto const of_backup = plan.same + plan.different;
    plan.extra = listed - std::min(listed, of_backup);
    return plan;
}

Outcome<std::uint64_t> restore_files(Context const& context, gcp::Storage const& storage,
                                     Folder const& folder, Manifest const& manifest,
                                     fleet::Home const& home) {
    std::atomic<std::uint64_t> written = 0;
    TRY(for_each_file(
        context, folder, manifest, [&](Context const& during, Entry const& file) -> Outcome<Done> {
            auto const live = TRY(find_live(during, storage, home, file));
            if (live && is_same(*live, file)) return Done();
            auto const source = TRY(folder.find(during, std::string(kFiles) + file.name));
            if (!source || !is_same(*source, file)) {
                return Error(ErrorCode::DataLoss,
                             fmt::format("{}{} was changed since the backup was proven",
                                         folder.url(kFiles), file.name));
            }
            TRY(storage.rewrite_object(during, *source, home.bucket, home.prefix + file.name,
                                       live ? live->generation : gcp::kAbsent));
            ++written;
            return Done();
        }));
    return written.load();
}

Outcome<SecretPlan> plan_secret(Context const& context, gcp::SecretManager const& secrets,
                                KeptSecret const& kept, TenantKey const& key,
                                fleet::Home const& home) {
    auto const& name = kept.use.name;
    SecretPlan plan{.secret = kept.use.title(), .is_pinned = !kept.is_latest()};
    if (name.project != home.project) {
        plan.action = SecretAction::Elsewhere;
        return plan;
    }
    auto const payload = TRY(kept.open(key));
    auto const live =
        secrets.access_version(context, name, kept.is_latest() ? "latest" : kept.use.version);
    if (live.ok()) {
        bool const is_kept = live->reveal() == payload.reveal();
        plan.action = is_kept ? SecretAction::Keep : SecretAction::Add;
        return plan;
    }
    auto const code = live.error().code();
    if (code == ErrorCode::FailedPrecondition) {  // disabled or destroyed
        plan.action = SecretAction::Add;
        return plan;
    }
    if (code != ErrorCode::NotFound) return live.error();
    // A secret without any version is one that a killed restore has just made.
    auto const latest = secrets.get_version(context, name, "latest");
    if (!latest.ok() && latest.error().code() != ErrorCode::NotFound) return latest.error();
    plan.action = latest.ok() ? SecretAction::Add : SecretAction::Make;
    return plan;
}

Outcome<Done> restore_secrets(Context const& context, gcp::Connection const& connection,
                              Folder const& folder, Manifest const& manifest, RestorePlan& plan) {
    gcp::SecretManager const secrets(connection);
    auto const key = TRY(TenantKey::find(context, secrets, manifest.key, manifest.tenant));
    auto const kept = TRY(read_secrets(context, folder));
    if (kept.size() != plan.secrets.size()) {
        return Error(ErrorCode::Aborted, "the backup was changed while it was restored");
    }
    for (std::size_t index = 0; index < kept.size(); ++index) {
        auto& planned = plan.secrets[index];
        bool const is_to_do =
            planned.action == SecretAction::Make || planned.action == SecretAction::Add;
        if (is_to_do) TRY(restore_secret(context, secrets, kept[index], key, planned));
    }
    return Done();
}

}  // namespace aipress::backup

#include "migration/backup_step.h"

#include <fmt/format.h>
#include <memory>

#include "base/log.h"
#include "migration/secrets.h"
#include "migration/sql_accounts.h"

namespace aipress::migration {
namespace {

using fleet::Home;

gcp::SecretName mover_secret(Workspace const& work) {
    return {.project = work.relocation.to.project, .secret = work.names.mover_secret};
}

Action mover_password(Workspace const& work) {
    return {.name = "backup/mover-password",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                TRY(ensure_secret(context, work.cloud, mover_secret(work), work.relocation.tenant));
                return Facts{{"secret", work.names.mover_secret}};
            },
            .undo =
                [&work](Context const& context, ActionRecord const&) {
                    return remove_secret(context, work.cloud, mover_secret(work),
                                         work.relocation.tenant);
                }};
}

Action mover_user(Workspace const& work, std::string name, Home const& home) {
    return {.name = std::move(name),
            .act = [&work, &home](Context const& context, Facts const&) -> Result<Facts> {
                TRY(ensure_mover_user(context, work, home));
                return Facts{{"instance", home.instance}, {"user", work.names.mover_user}};
            },
            .undo = [&work, &home](
                        Context const& context,
                        ActionRecord const&) { return remove_mover_user(context, work, home); }};
}

Action take(Workspace const& work) {
    return {.name = "backup/take",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                backup::Backups const backups(work.cloud.connection,
                                              vault_of(work.relocation, work.options));
                auto const site = TRY(site_of(context, work.cloud, work.relocation));
                auto const manifest = TRY(backups.take(context, site, work.id, work.say));
                return backup::to_json(manifest);
            }};
}

Action verify(Workspace const& work) {
    return {.name = "backup/verify",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                backup::Backups const backups(work.cloud.connection,
                                              vault_of(work.relocation, work.options));
                auto const& home = work.relocation.to;
                backup::Scratch const scratch{
                    .instance = {.project = home.project, .instance = home.instance},
                    .endpoint = TRY(mover_endpoint(context, work, home))};
                auto const proof = TRY(
                    backups.verify(context, work.relocation.tenant, work.id, scratch, work.say));
                return backup::to_json(proof);
            }};
}

// A user of the home's instance, for as long as this lives.
class TemporaryUser {
public:
    static Result<std::unique_ptr<TemporaryUser>> make(Context const& context, Cloud const& cloud,
                                                       Home const& home) {
        std::unique_ptr<TemporaryUser> made(new TemporaryUser(context, cloud, home));
        gcp::Secret const password(random_password());
        auto& scratch = made->scratch_;
        scratch.endpoint = TRY(find_server(context, cloud, scratch.instance));
        scratch.endpoint.user = made->user_.name;
        scratch.endpoint.password = password.reveal();
        TRY(cloud.sql.create_user(context, scratch.instance, made->user_, password));
        return made;
    }
    TemporaryUser(TemporaryUser const&) = delete;
    TemporaryUser& operator=(TemporaryUser const&) = delete;
    ~TemporaryUser() {
        auto const removed =
            cloud_.sql.delete_user(backup::clean_up_context(context_), scratch_.instance, user_);
        if (removed.ok()) return;
        log::warning("the user {} of the instance {} is left: {}", user_.name,
                     scratch_.instance.instance, removed.error().message());
    }

    [[nodiscard]] backup::Scratch const& scratch() const { return scratch_; }

private:
    TemporaryUser(Context const& context, Cloud const& cloud, Home const& home)
        : context_(context),
          cloud_(cloud),
          user_{.name = "aipress-" + random_password().substr(0, kNameLength)},
          scratch_{.instance = {.project = home.project, .instance = home.instance}} {}
    static constexpr std::size_t kNameLength = 12;

    Context const context_;
    Cloud const& cloud_;
    gcp::SqlUser const user_;
    backup::Scratch scratch_;
};

// Without a user who may replace the database.
Result<backup::RestoreOrder> order_of(Context const& context, Cloud const& cloud,
                                      fleet::Relocation const& relocation,
                                      backup::Backups const& backups, Restoring const& restoring) {
    backup::RestoreOrder order{.tenant = restoring.tenant,
                               .backup = restoring.backup,
                               .home = relocation.from,
                               .choice = restoring.choice};
    if (order.backup.empty()) {
        auto const all = backups.list(context, restoring.tenant);
        // Without the bucket there are none.
        if (!all.ok() && all.error().code() != ErrorCode::NotFound) return all.error();
        for (auto const& listed : all.ok() ? all.value() : std::vector<backup::Listed>()) {
            if (listed.fault.empty()) order.backup = listed.backup;
        }
    }
    if (order.backup.empty()) {
        return Error(ErrorCode::NotFound,
                     fmt::format("there is no backup of {} that counts; `gcloud storage ls` shows "
                                 "what there is",
                                 restoring.tenant));
    }
    order.database = TRY(site_of(context, cloud, relocation)).database;
    return order;
}

}  // namespace

backup::Vault vault_of(fleet::Relocation const& relocation, Options const& options) {
    auto const& project =
        options.backup_project.empty() ? relocation.from.project : options.backup_project;
    return {.project = project,
            .bucket = options.backup_bucket,
            .key_project = project,
            .state_bucket = options.state_bucket};
}

Result<backup::Site> site_of(Context const& context, Cloud const& cloud,
                             fleet::Relocation const& relocation) {
    auto const& home = relocation.from;
    auto endpoint =
        TRY(find_server(context, cloud, {.project = home.project, .instance = home.instance}));
    auto const password = TRY(cloud.secrets.access_version(
        context, {.project = home.project, .secret = home.password_secret}, "latest"));
    endpoint.user = home.user;
    endpoint.password = password.reveal();
    endpoint.database = home.database;
    return backup::site_of(relocation, std::move(endpoint));
}

Result<backup::Proof> back_up(Context const& context, Cloud const& cloud,
                              fleet::Relocation const& relocation, Options const& options,
                              std::string const& id, backup::Progress const& progress) {
    backup::Backups const backups(cloud.connection, vault_of(relocation, options));
    auto const site = TRY(site_of(context, cloud, relocation));
    TRY(backups.take(context, site, id, progress));
    auto const user = TRY(TemporaryUser::make(context, cloud, relocation.from));
    return Result<backup::Proof>(
        TRY(backups.verify(context, relocation.tenant, id, user->scratch(), progress)));
}

Result<backup::RestorePlan> plan_restore(Context const& context, Cloud const& cloud,
                                         fleet::Relocation const& relocation,
                                         Options const& options, Restoring const& restoring) {
    backup::Backups const backups(cloud.connection, vault_of(relocation, options));
    auto const order = TRY(order_of(context, cloud, relocation, backups, restoring));
    return Result<backup::RestorePlan>(TRY(backups.describe_restore(context, order)));
}

Result<backup::RestoreReport> restore(Context const& context, Cloud const& cloud,
                                      fleet::Relocation const& relocation, Options const& options,
                                      Restoring const& restoring,
                                      backup::Progress const& progress) {
    backup::Backups const backups(cloud.connection, vault_of(relocation, options));
    auto order = TRY(order_of(context, cloud, relocation, backups, restoring));
    auto const user = TRY(TemporaryUser::make(context, cloud, relocation.from));
    order.scratch = user->scratch();
    order.database = user->scratch().endpoint;
    order.database.database = relocation.from.database;
    return Result<backup::RestoreReport>(TRY(backups.restore(context, order, progress)));
}

std::vector<Action> backup_actions(Workspace const& work) {
    auto const& relocation = work.relocation;
    return {mover_password(work), mover_user(work, "backup/mover-at-home", relocation.from),
            mover_user(work, "backup/mover-in-shard", relocation.to), take(work), verify(work)};
}

}  // namespace aipress::migration

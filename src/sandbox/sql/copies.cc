// Copies of an instance as it is: sql.instances.clone, sql.backupRuns, sql.instances.restoreBackup.
#include <fmt/format.h>

#include "sandbox/sql/cloud_sql.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kBackups = "sql_backups";  // by PROJECT/INSTANCE/ID
constexpr std::string_view kBackupIds = "sql_backup_ids";

std::string backup_key(std::string const& project, std::string const& instance, std::uint64_t id) {
    return fmt::format("{}/{}/{:020}", project, instance, id);
}

ApiError no_such_backup() {
    return sql_error(ErrorCode::NotFound, "The specified backup run does not exist.",
                     "backupRunDoesNotExist");
}

class Copies {
public:
    explicit Copies(SqlParts& parts) : parts_(parts) {}

    Outcome<Reply> clone(Call& call);
    Outcome<Reply> back_up(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> restore(Call& call);

    SqlJobEnd clone_work(SqlJob const& job);
    SqlJobEnd backup_work(SqlJob const& job);
    SqlJobEnd delete_work(SqlJob const& job);
    SqlJobEnd restore_work(SqlJob const& job);

private:
    Outcome<SqlInstance> find(std::string const& project, std::string const& name) {
        return read<SqlInstance>(parts_.store, [&](Transaction& transaction) {
            return find_sql_instance(transaction, project, name);
        });
    }
    [[nodiscard]] fs::path data_of(std::string const& backup_id) const {
        return parts_.machines.backups() / backup_id;
    }
    Outcome<std::uint64_t> id_of(std::string const& text) const;

    SqlParts& parts_;
};

Outcome<std::uint64_t> Copies::id_of(std::string const& text) const {
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos) {
        return no_such_backup();
    }
    return std::stoull(text);
}

Outcome<Reply> Copies::clone(Call& call) {
    auto const* const given = call.fields().if_contains("cloneContext");
    auto const context = given == nullptr ? json::object() : given->as_object();
    auto const& project = call.path_parameter("project");
    auto const name = text_field(context, "destinationInstanceName");
    SqlOperations::Request request{
        .project = project, .instance = name, .type = "CLONE", .takes = milliseconds(240'000)};
    auto const& source_name = call.path_parameter("instance");
    request.arguments["source"] = source_name;
    return parts_.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            auto const source = TRY(find_running_instance(transaction, project, source_name));
            auto wanted = source.resource();
            wanted["name"] = name;
            auto const resource = TRY(make_instance(wanted, project, parts_.clock.wall_now()));
            auto const key = fmt::format("{}/{}", project, name);
            if (TRY(transaction.get(kSqlInstances, key))) {
                return ApiError{.code = ErrorCode::AlreadyExists,
                                .message = "The Cloud SQL instance already exists.",
                                .legacy_reason = "instanceAlreadyExists"};
            }
            TRY(insert_instance(transaction, key, resource));
            return Done();
        });
}

SqlJobEnd Copies::clone_work(SqlJob const& job) {
    auto source = find(job.project, text_field(job.arguments, "source"));
    auto target = find(job.project, job.instance);
    if (!source.ok()) return sql_state_end(job, "FAILED", source.release_error());
    if (!target.ok()) return failed(target.release_error());
    auto const instance = target.release();
    auto const data = parts_.machines.folder(instance.id()) / "data";
    std::error_code ignored;
    fs::remove_all(data, ignored);  // what a crash has left of it
    auto const copied = copy_live_data(parts_.machines.context(),
                                       parts_.machines.folder(source.release().id()), data);
    if (!copied.ok()) return sql_state_end(job, "FAILED", failed(copied.error()).error);
    auto started = parts_.machines.start(instance.body());
    if (!started.ok()) return sql_state_end(job, "FAILED", started.release_error());
    return sql_state_end(job, "RUNNABLE", std::nullopt);
}

Outcome<Reply> Copies::back_up(Call& call) {
    auto request = sql_request(call, "BACKUP_VOLUME");
    request.takes = milliseconds(60'000);
    auto const& project = call.path_parameter("project");
    auto const& name = call.path_parameter("instance");
    // Given in the transaction that the operation is begun in; known to its work by the operation.
    auto const id = TRY(write<std::uint64_t>(parts_.store, [&](Transaction& transaction) {
        return next_number(transaction, kBackupIds);
    }));
    request.arguments["id"] = id;
    request.shown["backupContext"] =
        json::object{{"kind", "sql#backupContext"}, {"backupId", fmt::format("{}", id)}};
    return parts_.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            TRY(find_running_instance(transaction, project, name));
            auto const now = timestamp(parts_.clock.wall_now());
            TRY(transaction.insert(
                kBackups, backup_key(project, name, id),
                json::object{{"kind", "sql#backupRun"},
                             {"id", fmt::format("{}", id)},
                             {"instance", name},
                             {"type", "ON_DEMAND"},
                             {"status", "RUNNING"},
                             {"backupKind", "SNAPSHOT"},
                             {"description", text_field(call.fields(), "description")},
                             {"enqueuedTime", now},
                             {"startTime", now},
                             {"windowStartTime", now},
                             {"selfLink",
                              fmt::format("https://sqladmin.googleapis.com/sql/v1beta4/projects/{}/"
                                          "instances/{}/backupRuns/{}",
                                          project, name, id)}}));
            return Done();
        });
}

SqlJobEnd Copies::backup_work(SqlJob const& job) {
    auto const id = job.arguments.at("id").to_number<std::uint64_t>();
    auto const end = [this, job, id](std::string_view status, std::optional<ApiError> error) {
        return SqlJobEnd{
            .effect = [this, job, id, status](Transaction& transaction) -> Outcome<Done> {
                auto const key = backup_key(job.project, job.instance, id);
                auto found = TRY(transaction.get(kBackups, key));
                if (!found) return Done();
                found->body.as_object()["status"] = status;
                found->body.as_object()["endTime"] = timestamp(parts_.clock.wall_now());
                TRY(transaction.update(kBackups, key, std::nullopt, found->body));
                return Done();
            },
            .error = std::move(error)};
    };
    auto instance = find(job.project, job.instance);
    if (!instance.ok()) return end("FAILED", instance.release_error());
    auto const data = data_of(fmt::format("{}", id));
    std::error_code ignored;
    fs::remove_all(data, ignored);  // what a crash has left of it
    fs::create_directories(data.parent_path(), ignored);
    auto const copied = copy_live_data(parts_.machines.context(),
                                       parts_.machines.folder(instance.release().id()), data);
    if (copied.ok()) return end("SUCCESSFUL", std::nullopt);
    return end("FAILED", failed(copied.error()).error);
}

Outcome<Reply> Copies::get(Call& call) {
    auto const id = TRY(id_of(call.path_parameter("id")));
    return read<Reply>(parts_.store, [&](Transaction& transaction) -> Outcome<Reply> {
        auto found =
            TRY(transaction.get(kBackups, backup_key(call.path_parameter("project"),
                                                     call.path_parameter("instance"), id)));
        if (!found) return no_such_backup();
        return reply(std::move(found->body));
    });
}

// Newest first, as Google has them.
Outcome<Reply> Copies::list(Call& call) {
    auto const prefix =
        fmt::format("{}/{}/", call.path_parameter("project"), call.path_parameter("instance"));
    return read<Reply>(parts_.store, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(find_sql_instance(transaction, call.path_parameter("project"),
                              call.path_parameter("instance")));
        constexpr std::size_t kMost = 1000;
        auto page = TRY(transaction.list(kBackups, prefix, "", kMost));
        json::object result{{"kind", "sql#backupRunsList"}};
        json::array items;
        for (auto found = page.documents.rbegin(); found != page.documents.rend(); ++found) {
            items.push_back(std::move(found->body));
        }
        if (!items.empty()) result["items"] = std::move(items);
        return reply(std::move(result));
    });
}

Outcome<Reply> Copies::remove(Call& call) {
    auto const id = TRY(id_of(call.path_parameter("id")));
    auto request = sql_request(call, "DELETE_BACKUP");
    request.arguments["id"] = id;
    return parts_.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            auto const key =
                backup_key(call.path_parameter("project"), call.path_parameter("instance"), id);
            if (!TRY(transaction.get(kBackups, key))) return no_such_backup();
            TRY(transaction.remove(kBackups, key));
            return Done();
        });
}

SqlJobEnd Copies::delete_work(SqlJob const& job) {
    std::error_code ignored;
    fs::remove_all(data_of(fmt::format("{}", job.arguments.at("id").to_number<std::uint64_t>())),
                   ignored);
    return {};
}

Outcome<Reply> Copies::restore(Call& call) {
    auto const* const given = call.fields().if_contains("restoreBackupContext");
    auto const context = given == nullptr ? json::object() : given->as_object();
    auto const id = TRY(id_of(text_field(context, "backupRunId")));
    auto source = text_field(context, "instanceId");
    if (source.empty()) source = call.path_parameter("instance");
    auto request = sql_request(call, "RESTORE_VOLUME");
    request.arguments["id"] = id;
    request.takes = milliseconds(120'000);
    return parts_.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            auto const& project = call.path_parameter("project");
            TRY(find_sql_instance(transaction, project, call.path_parameter("instance")));
            auto const found = TRY(transaction.get(kBackups, backup_key(project, source, id)));
            if (found && found->body.as_object().at("status") == "SUCCESSFUL") return Done();
            return no_such_backup();
        });
}

SqlJobEnd Copies::restore_work(SqlJob const& job) {
    auto found = find(job.project, job.instance);
    if (!found.ok()) return failed(found.release_error());
    auto const instance = found.release();
    auto const id = fmt::format("{}", job.arguments.at("id").to_number<std::uint64_t>());
    parts_.machines.stop(instance.id());
    std::error_code ignored;
    fs::remove_all(parts_.machines.folder(instance.id()) / "data", ignored);
    auto started = parts_.machines.start(instance.body(), data_of(id));
    if (started.ok()) return {};
    return failed(started.release_error());
}

}  // namespace

void serve_sql_copies(Methods& methods, SqlParts& parts) {
    auto const copies = std::make_shared<Copies>(parts);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("sql.{}", verb), "", handler);
    };
    serve("instances.clone", [=](Call& call) { return copies->clone(call); });
    serve("instances.restoreBackup", [=](Call& call) { return copies->restore(call); });
    serve("backupRuns.insert", [=](Call& call) { return copies->back_up(call); });
    serve("backupRuns.get", [=](Call& call) { return copies->get(call); });
    serve("backupRuns.list", [=](Call& call) { return copies->list(call); });
    serve("backupRuns.delete", [=](Call& call) { return copies->remove(call); });
    auto& operations = parts.operations;
    operations.set_work("CLONE", [=](SqlJob const& job) { return copies->clone_work(job); });
    operations.set_work("BACKUP_VOLUME",
                        [=](SqlJob const& job) { return copies->backup_work(job); });
    operations.set_work("DELETE_BACKUP",
                        [=](SqlJob const& job) { return copies->delete_work(job); });
    operations.set_work("RESTORE_VOLUME",
                        [=](SqlJob const& job) { return copies->restore_work(job); });
}

}  // namespace aipress::sandbox

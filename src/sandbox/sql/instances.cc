// sql.instances: made, changed, restarted, deleted.
#include <fmt/format.h>

#include "sandbox/projects.h"
#include "sandbox/sql/cloud_sql.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kDeletedNames = "sql_deleted_names";  // by PROJECT/NAME
constexpr milliseconds kNameRest{7LL * 24 * 3'600'000};          // before a name may be used again

class Instances {
public:
    explicit Instances(SqlParts& parts) : parts_(parts) {}

    Outcome<Reply> insert(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    enum class Rest { Kept, Default };  // of the settings that are not named
    Outcome<Reply> change(Call& call, Rest rest);
    Outcome<Reply> restart(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> connect_settings(Call& call);

    SqlJobEnd create_work(SqlJob const& job);
    SqlJobEnd start_work(SqlJob const& job);
    SqlJobEnd delete_work(SqlJob const& job);

private:
    Result<void> make_root(SqlInstance const& instance, std::string const& password);
    Outcome<SqlInstance> find(SqlJob const& job) {
        return read<SqlInstance>(parts_.store, [&](Transaction& transaction) {
            return find_sql_instance(transaction, job.project, job.instance);
        });
    }
    Outcome<json::value> view(Transaction& transaction, SqlInstance const& instance) {
        auto const project =
            TRY(find_project(transaction, text_field(instance.resource(), "project")));
        return view_instance(instance, {parts_.certificate, project.number});
    }

    SqlParts& parts_;
};

Outcome<Reply> Instances::insert(Call& call) {
    auto const& project = call.path_parameter("project");
    auto const now = parts_.clock.wall_now();
    auto const resource = TRY(make_instance(call.fields(), project, now));
    auto const name = text_field(call.fields(), "name");
    auto const key = fmt::format("{}/{}", project, name);
    SqlOperations::Request request{
        .project = project, .instance = name, .type = "CREATE", .takes = milliseconds(240'000)};
    request.arguments["rootPassword"] = text_field(call.fields(), "rootPassword");
    return parts_.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            auto const deleted = TRY(transaction.get(kDeletedNames, key));
            bool const rests =
                deleted &&
                deleted->body.as_object().at("ms").to_number<std::int64_t>() + kNameRest.count() >
                    milliseconds_of(now);
            if (rests || TRY(transaction.get(kSqlInstances, key))) {
                return ApiError{.code = ErrorCode::AlreadyExists,
                                .message =
                                    "The Cloud SQL instance already exists. When you delete an "
                                    "instance, you can't reuse the name of the deleted instance "
                                    "until one week from the deletion date.",
                                .legacy_reason = "instanceAlreadyExists"};
            }
            TRY(insert_instance(transaction, key, resource));
            return Done();
        });
}

// Again after a crash: the statements take the place of what was there.
Result<void> Instances::make_root(SqlInstance const& instance, std::string const& password) {
    TRY(run_sql(parts_.machines.context(), parts_.machines.folder(instance.id()),
                "SET SESSION sql_log_bin=0;\n" + account_sql("root", "%", password)));
    return {};
}

SqlJobEnd Instances::create_work(SqlJob const& job) {
    auto found = find(job);
    if (!found.ok()) return failed(found.release_error());
    auto const instance = found.release();
    auto const password = text_field(job.arguments, "rootPassword");
    bool const runs = is_active(instance.resource());
    // One that is made stopped has no server, and no files, before it is started: see start_work().
    if (!runs && password.empty()) return sql_state_end(job, "RUNNABLE", std::nullopt);
    auto started = parts_.machines.start(instance.body());
    if (!started.ok()) return sql_state_end(job, "FAILED", started.release_error());
    auto const made = make_root(instance, password);
    if (!made.ok()) return sql_state_end(job, "FAILED", failed(made.error()).error);
    if (!runs) parts_.machines.stop(instance.id());
    return sql_state_end(job, "RUNNABLE", std::nullopt);
}

Outcome<Reply> Instances::get(Call& call) {
    return read<Reply>(parts_.store, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(
            TRY(view(transaction, TRY(find_sql_instance(transaction, call.path_parameter("project"),
                                                        call.path_parameter("instance"))))));
    });
}

Outcome<Reply> Instances::list(Call& call) {
    auto const most = TRY(call.page_size("maxResults", 1000, 1000));
    auto const start = TRY(page_start(call.query("pageToken")));
    auto const prefix = call.path_parameter("project") + "/";
    return read<Reply>(parts_.store, [&](Transaction& transaction) -> Outcome<Reply> {
        auto page = TRY(transaction.list(kSqlInstances, prefix, start, most));
        json::array items;
        for (auto& document : page.documents) {
            items.push_back(TRY(view(transaction, SqlInstance{std::move(document)})));
        }
        json::object result{{"kind", "sql#instancesList"}};
        if (!items.empty()) result["items"] = std::move(items);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Instances::change(Call& call, Rest rest) {
    auto const* const wanted = call.fields().if_contains("settings");
    auto request = sql_request(call, "UPDATE");
    return parts_.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            auto instance = TRY(find_sql_instance(transaction, call.path_parameter("project"),
                                                  call.path_parameter("instance")));
            auto& settings = instance.resource().at("settings").as_object();
            auto const version = text_field(settings, "settingsVersion");
            auto const disk_before = disk_size_gb(instance.resource());
            if (wanted != nullptr && wanted->is_object()) {
                auto const seen = text_field(wanted->get_object(), "settingsVersion");
                if (!seen.empty() && seen != version) {
                    return ApiError{.code = ErrorCode::FailedPrecondition,
                                    .message =
                                        "The settingsVersion is not that of the instance's "
                                        "settings: they have been changed meanwhile.",
                                    .http_status = 412,
                                    .legacy_reason = "staleData"};
                }
                if (rest == Rest::Default) {
                    auto const kept = settings;
                    settings = json::object{{"tier", kept.at("tier")}};
                }
                merge_settings(wanted->get_object(), settings);
            }
            auto resource =
                TRY(make_instance(instance.resource(), text_field(instance.resource(), "project"),
                                  parts_.clock.wall_now()));
            if (auto const given = text_field(call.fields(), "databaseVersion"); !given.empty()) {
                resource["databaseVersion"] = given;
                TRY(make_instance(resource, text_field(resource, "project"), {}));
            }
            resource["state"] = instance.resource().at("state");
            free_instance_disk(resource, disk_before);
            resource["createTime"] = instance.resource().at("createTime");
            resource["settings"].as_object()["settingsVersion"] =
                fmt::format("{}", std::stoull(version) + 1);
            instance.resource() = std::move(resource);
            TRY(transaction.update(kSqlInstances, instance.document.name, std::nullopt,
                                   instance.document.body));
            return Done();
        });
}

Outcome<Reply> Instances::restart(Call& call) {
    return parts_.operations.start(
        call, sql_request(call, "RESTART"), [&](Transaction& transaction) -> Outcome<Done> {
            TRY(find_running_instance(transaction, call.path_parameter("project"),
                                      call.path_parameter("instance")));
            return Done();
        });
}

SqlJobEnd Instances::start_work(SqlJob const& job) {
    auto found = find(job);
    if (!found.ok()) return failed(found.release_error());
    auto const instance = found.release();
    if (is_out_of_disk(instance.resource())) return {};
    if (!is_active(instance.resource())) {
        parts_.machines.stop(instance.id());
        return {};
    }
    bool const is_first = !parts_.machines.has_data(instance.id());
    auto started = job.type == "RESTART" ? parts_.machines.start(instance.body())
                                         : parts_.machines.refresh(instance.body());
    if (!started.ok()) return sql_state_end(job, "FAILED", started.release_error());
    if (is_first) {
        auto const made = make_root(instance, "");
        if (!made.ok()) return sql_state_end(job, "FAILED", failed(made.error()).error);
    }
    return sql_state_end(job, "RUNNABLE", std::nullopt);
}

Outcome<Reply> Instances::remove(Call& call) {
    return parts_.operations.start(
        call, sql_request(call, "DELETE"), [&](Transaction& transaction) -> Outcome<Done> {
            auto const instance = TRY(find_sql_instance(transaction, call.path_parameter("project"),
                                                        call.path_parameter("instance")));
            auto const& settings = instance.resource().at("settings").as_object();
            if (settings.at("deletionProtectionEnabled") != true) return Done();
            return sql_error(ErrorCode::InvalidArgument,
                             "The instance is protected. Please disable the deletion protection "
                             "and try again. To disable deletion protection, update the instance "
                             "settings with deletionProtectionEnabled set to false.",
                             "deletionProtectionEnabled");
        });
}

SqlJobEnd Instances::delete_work(SqlJob const& job) {
    auto found = find(job);
    if (!found.ok()) return failed(found.release_error());
    auto const instance = found.release();
    parts_.machines.remove(instance.id());
    return {.effect = [this, job](Transaction& transaction) -> Outcome<Done> {
                auto const key = fmt::format("{}/{}", job.project, job.instance);
                json::value const now =
                    json::object{{"ms", milliseconds_of(parts_.clock.wall_now())}};
                TRY(remove_instance(transaction, key));
                if (TRY(transaction.get(kDeletedNames, key))) {
                    TRY(transaction.update(kDeletedNames, key, std::nullopt, now));
                } else {
                    TRY(transaction.insert(kDeletedNames, key, now));
                }
                return Done();
            },
            .error = {}};
}

// What connectors and proxies ask first.
Outcome<Reply> Instances::connect_settings(Call& call) {
    return read<Reply>(parts_.store, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const instance = TRY(find_sql_instance(transaction, call.path_parameter("project"),
                                                    call.path_parameter("instance")));
        auto const shown = TRY(view(transaction, instance));
        json::object result{{"kind", "sql#connectSettings"}};
        for (auto const* const member :
             {"serverCaCert", "ipAddresses", "region", "databaseVersion", "backendType"}) {
            if (auto const* const value = shown.as_object().if_contains(member)) {
                result[member] = *value;
            }
        }
        return reply(std::move(result));
    });
}

}  // namespace

void serve_sql_instances(Methods& methods, SqlParts& parts) {
    auto const instances = std::make_shared<Instances>(parts);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("sql.{}", verb), "", handler);
    };
    serve("instances.insert", [=](Call& call) { return instances->insert(call); });
    serve("instances.get", [=](Call& call) { return instances->get(call); });
    serve("instances.list", [=](Call& call) { return instances->list(call); });
    serve("instances.patch",
          [=](Call& call) { return instances->change(call, Instances::Rest::Kept); });
    serve("instances.update",
          [=](Call& call) { return instances->change(call, Instances::Rest::Default); });
    serve("instances.restart", [=](Call& call) { return instances->restart(call); });
    serve("instances.delete", [=](Call& call) { return instances->remove(call); });
    serve("connect.get", [=](Call& call) { return instances->connect_settings(call); });
    auto& operations = parts.operations;
    operations.set_work("CREATE", [=](SqlJob const& job) { return instances->create_work(job); });
    operations.set_work("UPDATE", [=](SqlJob const& job) { return instances->start_work(job); });
    operations.set_work("RESTART", [=](SqlJob const& job) { return instances->start_work(job); });
    operations.set_work("DELETE", [=](SqlJob const& job) { return instances->delete_work(job); });
}

}  // namespace aipress::sandbox

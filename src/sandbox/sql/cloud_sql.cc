#include "sandbox/sql/cloud_sql.h"

#include <csignal>
#include <thread>

#include "base/log.h"

namespace aipress::sandbox {
namespace {

SqlJobEnd run_statement(SqlParts& parts, SqlJob const& job) {
    auto instance = read<SqlInstance>(parts.store, [&](Transaction& transaction) {
        return find_running_instance(transaction, job.project, job.instance);
    });
    if (!instance.ok()) return failed(instance.release_error());
    auto const folder = parts.machines.folder(instance.release().id());
    auto const done =
        run_sql(parts.machines.context(), folder, text_field(job.arguments, "statement"));
    return done.ok() ? SqlJobEnd() : failed(done.error());
}

}  // namespace

CloudSql::CloudSql(Store& store, Clock& clock, OperationTiming timing, std::filesystem::path folder,
                   http::CertificateAuthority const& authority, Blobs const& blobs,
                   ObjectChanges& objects)
    : machines_(std::move(folder), authority),
      operations_(store, clock, timing),
      parts_{store, clock, operations_, machines_, blobs, objects, authority.certificate()} {}

void CloudSql::serve(Methods& methods) {
    operations_.serve(methods);
    serve_sql_lists(methods);
    serve_sql_instances(methods, parts_);
    serve_sql_copies(methods, parts_);
    serve_sql_transfers(methods, parts_);
    serve_sql_databases(methods, parts_);
    serve_sql_users(methods, parts_);
    for (auto const* const type : {"CREATE_DATABASE", "UPDATE_DATABASE", "DELETE_DATABASE",
                                   "CREATE_USER", "UPDATE_USER", "DELETE_USER"}) {
        operations_.set_work(type,
                             [this](SqlJob const& job) { return run_statement(parts_, job); });
    }
}

Result<void> CloudSql::begin() {
    constexpr std::size_t kPage = 1000;
    std::vector<boost::json::object> instances;
    TRY(parts_.store.read([&](Transaction& transaction) -> Result<void> {
        std::string start;
        do {
            auto page = TRY(transaction.list(kSqlInstances, "", start, kPage));
            for (auto& document : page.documents) {
                SqlInstance const instance{std::move(document)};
                bool const runs = text_field(instance.resource(), "state") == "RUNNABLE" &&
                                  is_active(instance.resource());
                if (runs) instances.push_back(instance.body());
            }
            start = std::move(page.next);
        } while (!start.empty());
        return {};
    }));
    {
        std::vector<std::jthread> threads;
        for (auto const& instance : instances) {
            threads.emplace_back([this, &instance] {
                auto started = machines_.start(instance);
                if (started.ok()) return;
                log::error("Cloud SQL instance {}: {}",
                           text_field(instance.at("resource").as_object(), "name"),
                           started.release_error().message);
            });
        }
    }
    return operations_.begin();
}

void CloudSql::stop() {
    machines_.cancel();
    operations_.stop();
    machines_.stop_all();
}

bool CloudSql::crash(std::string const& project, std::string const& name) {
    auto instance = read<SqlInstance>(parts_.store, [&](Transaction& transaction) {
        return find_running_instance(transaction, project, name);
    });
    if (!instance.ok()) return false;
    auto const pid = machines_.pid(instance.release().id());
    return pid > 0 && ::kill(pid, SIGKILL) == 0;
}

bool CloudSql::fill_disk(std::string const& project, std::string const& name) {
    auto filled =
        write<std::string>(parts_.store, [&](Transaction& transaction) -> Outcome<std::string> {
            auto instance = TRY(find_running_instance(transaction, project, name));
            if (TRY(SqlOperations::is_busy(transaction, project, name))) {
                return sql_error(ErrorCode::Aborted, "An operation is under way.", "");
            }
            fill_instance_disk(instance.resource());
            TRY(transaction.update(kSqlInstances, instance.document.name, std::nullopt,
                                   instance.document.body));
            return instance.id();
        });
    if (!filled.ok()) return false;
    machines_.stop(filled.release());
    return true;
}

SqlOperations::Request sql_request(Call const& call, std::string type) {
    return {.project = call.path_parameter("project"),
            .instance = call.path_parameter("instance"),
            .type = std::move(type)};
}

Outcome<Reply> start_sql_statement(SqlParts& parts, Call const& call, std::string type,
                                   std::string const& statement) {
    auto request = sql_request(call, std::move(type));
    request.arguments["statement"] = statement;
    request.takes = milliseconds(0);
    return parts.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            TRY(find_running_instance(transaction, call.path_parameter("project"),
                                      call.path_parameter("instance")));
            return Done();
        });
}

SqlJobEnd sql_state_end(SqlJob const& job, std::string state, std::optional<ApiError> error) {
    return {.effect = [job, state = std::move(state)](Transaction& transaction) -> Outcome<Done> {
                auto instance = TRY(find_sql_instance(transaction, job.project, job.instance));
                instance.resource()["state"] = state;
                TRY(transaction.update(kSqlInstances, instance.document.name, std::nullopt,
                                       instance.document.body));
                return Done();
            },
            .error = std::move(error)};
}

SqlJobEnd failed(ApiError error) {
    return {.effect = {}, .error = std::move(error)};
}

SqlJobEnd failed(Error const& error) {
    return failed(ApiError{
        .code = error.code(), .message = error.message(), .legacy_reason = "INTERNAL_ERROR"});
}

}  // namespace aipress::sandbox

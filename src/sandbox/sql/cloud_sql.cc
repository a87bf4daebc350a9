#include "sandbox/sql/cloud_sql.h"

#include <thread>

#include "base/log.h"

namespace aipress::sandbox {

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

SqlOperations::Request sql_request(Call const& call, std::string type) {
    return {.project = call.path_parameter("project"),
            .instance = call.path_parameter("instance"),
            .type = std::move(type)};
}

SqlJobEnd failed(ApiError error) {
    return {.effect = {}, .error = std::move(error)};
}

SqlJobEnd failed(Error const& error) {
    return failed(ApiError{
        .code = error.code(), .message = error.message(), .legacy_reason = "INTERNAL_ERROR"});
}

}  // namespace aipress::sandbox

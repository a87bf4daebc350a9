#include "poc/tenant_resources.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "http/base64.h"
#include "poc/new_project.h"
#include "poc/state_file.h"
#include "poc/uploads.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr unsigned kPage = 1'000;

json::object labels_of(Tenant const& tenant) {
    return {{"tenant", tenant.name}, {"traffic-class", to_string(tenant.traffic)}};
}

std::string_view tier_of(TrafficClass traffic) {
    switch (traffic) {
        case TrafficClass::Development:
            return "db-f1-micro";
        case TrafficClass::Low:
            return "db-g1-small";
        case TrafficClass::Medium:
            return "db-n1-standard-1";
        case TrafficClass::High:
            return "db-n1-standard-2";
    }
    return "";
}

std::string operations_path() {
    return fmt::format("sqladmin.googleapis.com/v1/projects/{}/operations", kProject);
}

Result<void> make_secret(Google& google, std::string const& name, std::string const& value,
                         Tenant const& tenant) {
    auto const parent =
        fmt::format("secretmanager.googleapis.com/v1/projects/{}/secrets", kProject);
    auto const made =
        TRY(google.make(fmt::format("{}?secretId={}", parent, name),
                        json::object{{"replication", json::object{{"automatic", json::object()}}},
                                     {"labels", labels_of(tenant)}}));
    if (made == Made::Before) {
        auto const known =
            TRY(google.find(fmt::format("{}/{}/versions/latest:access", parent, name)));
        if (known && text_at(*known, "/payload/data") == http::encode_base64(value)) return {};
        if (known) return is_another("secret " + name, "it holds another value");
    }
    TRY(google.post(fmt::format("{}/{}:addVersion", parent, name),
                    json::object{{"payload", json::object{{"data", http::encode_base64(value)}}}}));
    return {};
}

NewInstance instance_of(Tenant const& tenant, Scope scope) {
    NewInstance wanted{.project = std::string(kProject),
                       .name = tenant.instance(),
                       .tier = std::string(tier_of(tenant.traffic)),
                       .labels = labels_of(tenant)};
    if (scope == Scope::Sites) {
        wanted.root_password = tenant.database_password();
    } else {
        wanted.activation_policy = "NEVER";
    }
    return wanted;
}

Result<void> make_bucket(Google& google, Tenant const& tenant) {
    json::object const access{{"uniformBucketLevelAccess", json::object{{"enabled", true}}}};
    TRY(google.make(fmt::format("storage.googleapis.com/storage/v1/b?project={}", kProject),
                    json::object{{"name", tenant.bucket()},
                                 {"location", "US-CENTRAL1"},
                                 {"storageClass", "STANDARD"},
                                 {"iamConfiguration", access},
                                 {"labels", labels_of(tenant)}}));
    return {};
}

Result<void> upload_pictures(Google& google, Tenant const& tenant) {
    std::set<std::string> there;
    std::string token;
    do {
        auto const page = TRY(google.get(
            fmt::format("storage.googleapis.com/storage/v1/b/{}/o?maxResults={}&fields=items(name),"
                        "nextPageToken&pageToken={}",
                        tenant.bucket(), kPage, http::percent_encoded(token))));
        if (auto const* const items = page.as_object().if_contains("items")) {
            for (auto const& item : items->as_array()) there.insert(text_at(item, "/name"));
        }
        token = text_at(page, "/nextPageToken");
    } while (!token.empty());
    for (auto const& upload : plan_uploads(tenant)) {
        for (auto const& file : upload.files) {
            if (there.contains(file.name)) continue;
            TRY(google.upload(tenant.bucket(), file.name, media_type_of(upload.format),
                              bytes_of(upload, file)));
        }
    }
    return {};
}

json::object from_secret(std::string_view variable, std::string const& secret) {
    json::object const reference{{"secret", secret}, {"version", "latest"}};
    return {{"name", variable}, {"valueSource", json::object{{"secretKeyRef", reference}}}};
}

json::object service_of(Tenant const& tenant, Scope scope, std::string const& address) {
    json::array environment{json::object{{"name", "DB_HOST"}, {"value", address}},
                            json::object{{"name", "DB_NAME"}, {"value", kDatabase}},
                            json::object{{"name", "DB_USER"}, {"value", kDatabase}},
                            from_secret("DB_PASSWORD", tenant.database_secret())};
    if (scope == Scope::Sites) {
        for (auto const& session : tenant.session_secrets()) {
            environment.push_back(from_secret(session.variable, session.secret));
        }
    }
    json::object const mount{{"name", "uploads"},
                             {"mountPath", "/var/www/html/wp-content/uploads"}};
    json::object const volume{{"name", "uploads"},
                              {"gcs", json::object{{"bucket", tenant.bucket()}}}};
    // What nobody can reach from outside needs no server: records only.
    auto const* const ingress =
        scope == Scope::Sites ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY";
    return {{"labels", labels_of(tenant)},
            {"ingress", ingress},
            {"template", json::object{{"labels", labels_of(tenant)},
                                      {"scaling", json::object{{"maxInstanceCount", 4}}},
                                      {"volumes", json::array{volume}},
                                      {"containers", json::array{json::object{
                                                         {"image", kImage},
                                                         {"env", std::move(environment)},
                                                         {"volumeMounts", json::array{mount}}}}}}}};
}

std::string services_path() {
    return fmt::format("run.googleapis.com/v2/projects/{}/locations/{}/services", kProject,
                       kRegion);
}

Result<void> deploy(Google& google, Tenant const& tenant, Scope scope,
                    json::value const& instance) {
    auto const service = service_of(tenant, scope, text_at(instance, "/ipAddresses/0/ipAddress"));
    auto started =
        google.post(fmt::format("{}?serviceId={}", services_path(), tenant.name), service);
    if (started.ok()) {
        if (scope == Scope::RecordsOnly) return {};
        TRY(google.wait("run.googleapis.com/v2/" + text_at(started.value(), "/name")));
        return {};
    }
    if (started.error().code() != ErrorCode::AlreadyExists) return started.release_error();
    auto const known = TRY(google.get(fmt::format("{}/{}", services_path(), tenant.name)));
    auto const image = text_at(known, "/template/containers/0/image");
    if (image == kImage) return {};
    return is_another("service " + tenant.name, fmt::format("its image is {}", image));
}

Result<void> map_domain(Google& google, Tenant const& tenant) {
    auto const path = fmt::format(
        "{}-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/{}/domainmappings", kRegion,
        kProject);
    json::object const wanted{
        {"apiVersion", "domains.cloudrun.com/v1"},
        {"kind", "DomainMapping"},
        {"metadata", json::object{{"name", tenant.host()}, {"namespace", kProject}}},
        {"spec", json::object{{"routeName", tenant.name}, {"certificateMode", "AUTOMATIC"}}}};
    TRY(google.make(path, wanted));
    return {};
}

}  // namespace

std::string instance_path(Tenant const& tenant) {
    return fmt::format("sqladmin.googleapis.com/v1/projects/{}/instances/{}", kProject,
                       tenant.instance());
}

Result<void> wait_for_sql(Google& google, json::value const& operation) {
    TRY(google.wait(fmt::format("{}/{}", operations_path(), text_at(operation, "/name"))));
    return {};
}

Result<void> settle_instance(Google& google, Tenant const& tenant) {
    auto const listed =
        TRY(google.get(fmt::format("{}?instance={}", operations_path(), tenant.instance())));
    auto const* const items = listed.as_object().if_contains("items");
    if (items == nullptr) return {};
    for (auto const& operation : items->as_array()) {
        if (text_at(operation, "/status") == "DONE") continue;
        auto const ended = wait_for_sql(google, operation);
        // How it ended is looked at where it matters.
        if (!ended.ok() && ended.error().code() != ErrorCode::Internal) return ended;
    }
    return {};
}

Result<void> make_database(Google& google, Tenant const& tenant) {
    auto const instance = instance_path(tenant);
    if (!TRY(google.find(fmt::format("{}/databases/{}", instance, kDatabase)))) {
        auto const started = TRY(google.post(
            instance + "/databases", json::object{{"name", kDatabase},
                                                  {"charset", "utf8mb4"},
                                                  {"collation", "utf8mb4_unicode_520_ci"}}));
        TRY(wait_for_sql(google, started));
    }
    if (!TRY(google.find(fmt::format("{}/users/{}?host=%25", instance, kDatabase)))) {
        auto const started = TRY(google.post(
            instance + "/users",
            json::object{
                {"name", kDatabase}, {"host", "%"}, {"password", tenant.database_password()}}));
        TRY(wait_for_sql(google, started));
    }
    return {};
}

Result<json::value> make_resources(Google& google, Tenant const& tenant, Scope scope) {
    // The server is made meanwhile.
    auto const wanted = instance_of(tenant, scope);
    TRY(ask_for_instance(google, wanted));
    TRY(make_secret(google, tenant.database_secret(), tenant.database_password(), tenant));
    TRY(make_bucket(google, tenant));
    if (scope == Scope::Sites) {
        TRY(make_secret(google, tenant.administrator_secret(), tenant.administrator_password(),
                        tenant));
        for (auto const& session : tenant.session_secrets()) {
            TRY(make_secret(google, session.secret, session.value, tenant));
        }
        TRY(upload_pictures(google, tenant));
    }
    auto instance = TRY(await_instance(google, wanted.project, wanted.name));
    if (scope == Scope::Sites) {
        TRY(settle_instance(google, tenant));
        TRY(make_database(google, tenant));
    }
    TRY(deploy(google, tenant, scope, instance));
    if (scope == Scope::Sites) TRY(map_domain(google, tenant));
    return instance;
}

Result<void> write_state(Google& google, Tenant const& tenant, Scope scope, json::value instance) {
    LiveResources live{.instance = std::move(instance), .has_site = scope == Scope::Sites};
    live.service = TRY(google.get(fmt::format("{}/{}", services_path(), tenant.name)));
    TRY(google.upload(kStateBucket, state_object(tenant), "application/json",
                      make_state_file(tenant, live)));
    return {};
}

}  // namespace aipress::poc

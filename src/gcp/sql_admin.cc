#include "gcp/sql_admin.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/operations.h"
#include "gcp/timestamps.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kApi = "sqladmin.googleapis.com";
// Google's clock and this machine's may differ by so much.
constexpr std::chrono::seconds kClockSkew{60};

std::string instances_path(std::string const& project) {
    return fmt::format("/sql/v1beta4/projects/{}/instances", http::percent_encoded(project));
}

std::string instance_path(SqlInstanceName const& name) {
    return fmt::format("{}/{}", instances_path(name.project), http::percent_encoded(name.instance));
}

// What a check answers for a thing that is there: an operation that is over.
json::object finished() {
    return {{"name", "(found done)"}, {"status", "DONE"}};
}

bool is_any(json::object const&) {
    return true;
}

// A check that looks for a thing by name.
Check find(Connection const& connection, std::string const& path) {
    return [&connection, path](Context const& context) -> Outcome<std::optional<json::object>> {
        auto found = connection.call(context, {.api = kApi, .path = path});
        if (found.ok()) return std::optional(finished());
        if (found.error().code() == ErrorCode::NotFound) return std::optional<json::object>();
        return found.release_error();
    };
}

}  // namespace

Check SqlAdmin::find_operation(SqlInstanceName const& name, WallTime since, std::string const& type,
                               std::function<bool(json::object const&)> const& matches) const {
    return [=, this](Context const& context) -> Outcome<std::optional<json::object>> {
        Call const list{.api = kApi,
                        .path = fmt::format("/sql/v1beta4/projects/{}/operations",
                                            http::percent_encoded(name.project)),
                        .query = {{"instance", name.instance}, {"maxResults", "20"}}};
        auto const answer = TRY(connection_.call(context, list));  // the newest come first
        for (auto const& item : array_of(answer, "items")) {
            if (!item.is_object()) continue;
            auto const& operation = item.get_object();
            auto const begun = parse_timestamp(text_of(operation, "insertTime"));
            bool const is_recent = begun && *begun >= since - kClockSkew;
            if (is_recent && text_of(operation, "operationType") == type && matches(operation)) {
                return std::optional(operation);
            }
        }
        return std::optional<json::object>();
    };
}

Outcome<json::object> SqlAdmin::change(Context const& context, SqlInstanceName const& name,
                                       Call call) const {
    call.api = kApi;
    return wait_for_sql(connection_, context, name.project, TRY(connection_.call(context, call)));
}

Outcome<Done> SqlAdmin::remove(Context const& context, SqlInstanceName const& name,
                               Call call) const {
    call.method = "DELETE";
    call.idempotent = Idempotent::Yes;
    auto const removed = change(context, name, std::move(call));
    if (!removed.ok() && removed.error().code() != ErrorCode::NotFound) return removed.error();
    return Done();
}

Outcome<json::object> SqlAdmin::get_instance(Context const& context,
                                             SqlInstanceName const& name) const {
    return connection_.call(context, {.api = kApi, .path = instance_path(name)});
}

Outcome<Done> SqlAdmin::list_instances(Context const& context, std::string const& project,
                                       Visitor const& visit) const {
    return connection_.for_each(context, {.api = kApi, .path = instances_path(project)}, "items",
                                visit);
}

Outcome<json::object> SqlAdmin::create_instance(Context const& context, SqlInstanceName const& name,
                                                json::object body) const {
    body["name"] = name.instance;
    auto const since = context.clock().wall_now();
    TRY(change(context, name,
               {.method = "POST",
                .path = instances_path(name.project),
                .body = std::move(body),
                .check = find_operation(name, since, "CREATE", is_any)}));
    return get_instance(context, name);
}

Outcome<json::object> SqlAdmin::patch_instance(Context const& context, SqlInstanceName const& name,
                                               json::object body) const {
    auto const* const settings = object_of(body, "settings");
    if (settings == nullptr || !settings->contains("settingsVersion")) {
        return Error(ErrorCode::InvalidArgument,
                     "a change of an instance needs settings.settingsVersion, as it was read");
    }
    auto const since = context.clock().wall_now();
    TRY(change(context, name,
               {.method = "PATCH",
                .path = instance_path(name),
                .body = std::move(body),
                .idempotent = Idempotent::Yes,
                .check = find_operation(name, since, "UPDATE", is_any)}));
    return get_instance(context, name);
}

Outcome<Done> SqlAdmin::delete_instance(Context const& context, SqlInstanceName const& name) const {
    return remove(context, name, {.path = instance_path(name)});
}

Outcome<Done> SqlAdmin::list_databases(Context const& context, SqlInstanceName const& name,
                                       Visitor const& visit) const {
    return connection_.for_each(context, {.api = kApi, .path = instance_path(name) + "/databases"},
                                "items", visit);
}

Outcome<Done> SqlAdmin::create_database(Context const& context, SqlInstanceName const& name,
                                        json::object database) const {
    auto const path = instance_path(name) + "/databases";
    auto const there = fmt::format("{}/{}", path, http::percent_encoded(text_of(database, "name")));
    TRY(change(context, name,
               {.method = "POST",
                .path = path,
                .body = std::move(database),
                .check = find(connection_, there)}));
    return Done();
}

Outcome<Done> SqlAdmin::delete_database(Context const& context, SqlInstanceName const& name,
                                        std::string const& database) const {
    return remove(context, name,
                  {.path = fmt::format("{}/databases/{}", instance_path(name),
                                       http::percent_encoded(database))});
}

Outcome<Done> SqlAdmin::list_users(Context const& context, SqlInstanceName const& name,
                                   Visitor const& visit) const {
    return connection_.for_each(context, {.api = kApi, .path = instance_path(name) + "/users"},
                                "items", visit);
}

Outcome<Done> SqlAdmin::create_user(Context const& context, SqlInstanceName const& name,
                                    SqlUser const& user, Secret const& password) const {
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        bool is_there = false;
        TRY(list_users(during, name, [&](json::object const& listed) -> Outcome<Done> {
            is_there = is_there || (text_of(listed, "name") == user.name &&
                                    text_of(listed, "host") == user.host);
            return Done();
        }));
        if (!is_there) return std::optional<json::object>();
        return std::optional(finished());
    };
    auto const made = TRY(change(context, name,
                                 {.method = "POST",
                                  .path = instance_path(name) + "/users",
                                  .body = json::object{{"name", user.name},
                                                       {"host", user.host},
                                                       {"password", password.reveal()}},
                                  .check = check}));
    // Who was found there has the password of whoever made it.
    if (made == finished()) return set_password(context, name, user, password);
    return Done();
}

Outcome<Done> SqlAdmin::set_password(Context const& context, SqlInstanceName const& name,
                                     SqlUser const& user, Secret const& password) const {
    TRY(change(context, name,
               {.method = "PUT",
                .path = instance_path(name) + "/users",
                .query = {{"name", user.name}, {"host", user.host}},
                .body =
                    json::object{
                        {"name", user.name}, {"host", user.host}, {"password", password.reveal()}},
                .idempotent = Idempotent::Yes}));
    return Done();
}

Outcome<Done> SqlAdmin::delete_user(Context const& context, SqlInstanceName const& name,
                                    SqlUser const& user) const {
    return remove(context, name,
                  {.path = instance_path(name) + "/users",
                   .query = {{"name", user.name}, {"host", user.host}}});
}

Outcome<Done> SqlAdmin::transfer(Context const& context, SqlInstanceName const& name,
                                 std::string const& verb, json::object transfer) const {
    auto const field = verb + "Context";
    auto const uri = text_of(transfer, "uri");
    auto const matches = [field, uri](json::object const& operation) {
        auto const* const of_operation = object_of(operation, field);
        return of_operation != nullptr && text_of(*of_operation, "uri") == uri;
    };
    auto const since = context.clock().wall_now();
    TRY(change(
        context, name,
        {.method = "POST",
         .path = fmt::format("{}/{}", instance_path(name), verb),
         .body = json::object{{field, std::move(transfer)}},
         .check = find_operation(name, since, verb == "export" ? "EXPORT" : "IMPORT", matches)}));
    return Done();
}

Outcome<Done> SqlAdmin::export_sql(Context const& context, SqlInstanceName const& name,
                                   std::string const& uri,
                                   std::vector<std::string> const& databases) const {
    json::array listed;
    for (auto const& database : databases) listed.emplace_back(database);
    return transfer(context, name, "export",
                    {{"fileType", "SQL"}, {"uri", uri}, {"databases", std::move(listed)}});
}

Outcome<Done> SqlAdmin::import_sql(Context const& context, SqlInstanceName const& name,
                                   std::string const& uri, std::string const& database) const {
    return transfer(context, name, "import",
                    {{"fileType", "SQL"}, {"uri", uri}, {"database", database}});
}

}  // namespace aipress::gcp

// sql.databases: asked of the server itself, so that what SQL makes is seen here too.
#include <fmt/format.h>
#include <sstream>

#include "sandbox/sql/cloud_sql.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kListed =
    "SELECT schema_name, default_character_set_name, default_collation_name "
    "FROM information_schema.schemata WHERE schema_name NOT IN ('sys') ";

// MySQL 8's own collations have another name in MariaDB.
std::string collation_here(std::string const& collation) {
    return collation.starts_with("utf8mb4_0900_") ? "utf8mb4_uca1400_ai_ci" : collation;
}

Outcome<Done> check_word(std::string_view member, std::string const& word) {
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == word.npos) return Done();
    return sql_error(ErrorCode::InvalidArgument,
                     fmt::format("Invalid value '{}' for {}.", word, member), "invalid");
}

class Databases {
public:
    explicit Databases(SqlParts& parts) : parts_(parts) {}

    Outcome<Reply> insert(Call& call);
    Outcome<Reply> change(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> get(Call& call);

private:
    Outcome<std::vector<json::object>> listed(Call const& call, std::string const& only);
    Outcome<SqlInstance> find(std::string const& project, std::string const& instance) {
        return read<SqlInstance>(parts_.store, [&](Transaction& transaction) {
            return find_running_instance(transaction, project, instance);
        });
    }

    SqlParts& parts_;
};

Outcome<std::vector<json::object>> Databases::listed(Call const& call, std::string const& only) {
    auto const& project = call.path_parameter("project");
    auto const& name = call.path_parameter("instance");
    auto const instance = TRY(find(project, name));
    auto query = std::string(kListed);
    if (!only.empty()) query += "AND schema_name = " + sql_string(only);
    auto const text = TRY(run_sql(parts_.machines.context(), parts_.machines.folder(instance.id()),
                                  query + " ORDER BY schema_name;"));
    std::vector<json::object> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        auto const first = line.find('\t');
        auto const second = line.find('\t', first + 1);
        auto const database = line.substr(0, first);
        found.push_back(
            {{"kind", "sql#database"},
             {"name", database},
             {"charset", line.substr(first + 1, second - first - 1)},
             {"collation", line.substr(second + 1)},
             {"instance", name},
             {"project", project},
             {"selfLink", fmt::format("https://sqladmin.googleapis.com/sql/v1beta4/projects/{}/"
                                      "instances/{}/databases/{}",
                                      project, name, database)}});
    }
    return found;
}

// "CHARACTER SET x COLLATE y", as far as it is said.
Outcome<std::string> encoding_of(json::object const& fields) {
    auto const charset = text_field(fields, "charset");
    auto const collation = text_field(fields, "collation");
    TRY(check_word("charset", charset));
    TRY(check_word("collation", collation));
    std::string text;
    if (!charset.empty()) text += " CHARACTER SET " + charset;
    if (!collation.empty()) text += " COLLATE " + collation_here(collation);
    return text;
}

Outcome<Reply> Databases::insert(Call& call) {
    auto const name = text_field(call.fields(), "name");
    if (name.empty() || name.size() > 64) {
        return sql_error(ErrorCode::InvalidArgument, "Missing or invalid parameter: name.",
                         "required");
    }
    auto const encoding = TRY(encoding_of(call.fields()));
    if (!TRY(listed(call, name)).empty()) {
        return ApiError{.code = ErrorCode::AlreadyExists,
                        .message = fmt::format("Database {} already exists.", name),
                        .legacy_reason = "databaseAlreadyExists"};
    }
    // Again after a crash, hence IF NOT EXISTS.
    return start_sql_statement(
        parts_, call, "CREATE_DATABASE",
        fmt::format("CREATE DATABASE IF NOT EXISTS {}{};", sql_name(name), encoding));
}

Outcome<Reply> Databases::change(Call& call) {
    auto const& name = call.path_parameter("database");
    if (TRY(listed(call, name)).empty()) {
        return sql_error(ErrorCode::NotFound, "Not Found", "notFound");
    }
    auto const encoding = TRY(encoding_of(call.fields()));
    return start_sql_statement(
        parts_, call, "UPDATE_DATABASE",
        encoding.empty() ? "DO 0;" : fmt::format("ALTER DATABASE {}{};", sql_name(name), encoding));
}

Outcome<Reply> Databases::remove(Call& call) {
    auto const& name = call.path_parameter("database");
    if (TRY(listed(call, name)).empty()) {
        return sql_error(ErrorCode::NotFound, "Not Found", "notFound");
    }
    return start_sql_statement(parts_, call, "DELETE_DATABASE",
                               fmt::format("DROP DATABASE IF EXISTS {};", sql_name(name)));
}

Outcome<Reply> Databases::list(Call& call) {
    json::array items;
    for (auto& database : TRY(listed(call, ""))) items.push_back(std::move(database));
    return reply(json::object{{"kind", "sql#databasesList"}, {"items", std::move(items)}});
}

Outcome<Reply> Databases::get(Call& call) {
    auto found = TRY(listed(call, call.path_parameter("database")));
    if (found.empty()) return sql_error(ErrorCode::NotFound, "Not Found", "notFound");
    return reply(std::move(found.front()));
}

}  // namespace

void serve_sql_databases(Methods& methods, SqlParts& parts) {
    auto const databases = std::make_shared<Databases>(parts);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("sql.databases.{}", verb), "", handler);
    };
    serve("insert", [=](Call& call) { return databases->insert(call); });
    serve("patch", [=](Call& call) { return databases->change(call); });
    serve("update", [=](Call& call) { return databases->change(call); });
    serve("delete", [=](Call& call) { return databases->remove(call); });
    serve("list", [=](Call& call) { return databases->list(call); });
    serve("get", [=](Call& call) { return databases->get(call); });
}

}  // namespace aipress::sandbox

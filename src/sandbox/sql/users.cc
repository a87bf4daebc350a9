// sql.users: the server's accounts, but for its own at localhost.
#include <fmt/format.h>
#include <sstream>

#include "sandbox/sql/cloud_sql.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

class Users {
public:
    explicit Users(SqlParts& parts) : parts_(parts) {}

    Outcome<Reply> insert(Call& call);
    Outcome<Reply> change(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> get(Call& call);

private:
    Outcome<std::vector<json::object>> listed(Call const& call, std::string const& condition);
    Outcome<Done> check_there(Call const& call);

    SqlParts& parts_;
};

struct Account {
    std::string name;
    std::string host;

    [[nodiscard]] std::string sql() const { return sql_string(name) + "@" + sql_string(host); }
    [[nodiscard]] std::string condition() const {
        return fmt::format("AND user = {} AND host = {}", sql_string(name), sql_string(host));
    }
};

Account account_of(Call const& call) {
    auto host = call.query("host");
    return {call.query("name"), host.empty() ? "%" : std::move(host)};
}

Outcome<std::vector<json::object>> Users::listed(Call const& call, std::string const& condition) {
    auto const& project = call.path_parameter("project");
    auto const& name = call.path_parameter("instance");
    auto const instance = TRY(read<SqlInstance>(parts_.store, [&](Transaction& transaction) {
        return find_running_instance(transaction, project, name);
    }));
    auto const text =
        TRY(run_sql(parts_.machines.context(), parts_.machines.folder(instance.id()),
                    fmt::format("SELECT user, host FROM mysql.user WHERE host <> 'localhost' {} "
                                "ORDER BY user, host;",
                                condition)));
    std::vector<json::object> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        auto const tab = line.find('\t');
        found.push_back({{"kind", "sql#user"},
                         {"name", line.substr(0, tab)},
                         {"host", line.substr(tab + 1)},
                         {"instance", name},
                         {"project", project},
                         {"etag", ""}});
    }
    return found;
}

Outcome<Reply> Users::insert(Call& call) {
    Account const account{text_field(call.fields(), "name"),
                          call.fields().contains("host") ? text_field(call.fields(), "host") : "%"};
    if (account.name.empty() || account.name.size() > 32 || account.host == "localhost") {
        return sql_error(ErrorCode::InvalidArgument,
                         "Invalid request: User name must have 1 to 32 characters, and its host "
                         "must not be localhost.",
                         "invalid");
    }
    // As Google has it, a user of the API may do what root may.
    return start_sql_statement(
        parts_, call, "CREATE_USER",
        account_sql(account.name, account.host, text_field(call.fields(), "password")));
}

Outcome<Done> Users::check_there(Call const& call) {
    if (!TRY(listed(call, account_of(call).condition())).empty()) return Done();
    return sql_error(ErrorCode::NotFound, "The specified user does not exist.", "userDoesNotExist");
}

Outcome<Reply> Users::change(Call& call) {
    TRY(check_there(call));
    auto const password = text_field(call.fields(), "password");
    return start_sql_statement(parts_, call, "UPDATE_USER",
                               password.empty()
                                   ? "DO 0;"
                                   : fmt::format("ALTER USER {} IDENTIFIED BY {};",
                                                 account_of(call).sql(), sql_string(password)));
}

Outcome<Reply> Users::remove(Call& call) {
    TRY(check_there(call));
    return start_sql_statement(parts_, call, "DELETE_USER",
                               fmt::format("DROP USER IF EXISTS {};", account_of(call).sql()));
}

Outcome<Reply> Users::list(Call& call) {
    json::array items;
    for (auto& user : TRY(listed(call, ""))) items.push_back(std::move(user));
    return reply(json::object{{"kind", "sql#usersList"}, {"items", std::move(items)}});
}

Outcome<Reply> Users::get(Call& call) {
    auto host = call.query("host");
    Account const account{call.path_parameter("name"), host.empty() ? "%" : std::move(host)};
    auto found = TRY(listed(call, account.condition()));
    if (!found.empty()) return reply(std::move(found.front()));
    return sql_error(ErrorCode::NotFound, "The specified user does not exist.", "userDoesNotExist");
}

}  // namespace

void serve_sql_users(Methods& methods, SqlParts& parts) {
    auto const users = std::make_shared<Users>(parts);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("sql.users.{}", verb), "", handler);
    };
    serve("insert", [=](Call& call) { return users->insert(call); });
    serve("update", [=](Call& call) { return users->change(call); });
    serve("delete", [=](Call& call) { return users->remove(call); });
    serve("list", [=](Call& call) { return users->list(call); });
    serve("get", [=](Call& call) { return users->get(call); });
}

}  // namespace aipress::sandbox

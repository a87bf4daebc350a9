// Cloud SQL Admin, v1beta4 (what Google's own clients use; v1 is the same under another path).
//
// Every change is an operation at Google; each method here begins one and waits for its end. There
// are no request ids. After a lost answer the instance's own list of operations, or what was to be
// made, tells whether it had begun; "operation in progress" is waited out.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "gcp/connection.h"
#include "gcp/credentials.h"

namespace aipress::gcp {

struct SqlInstanceName {
    std::string project = {};
    std::string instance = {};
};

struct SqlUser {
    std::string name = {};
    std::string host = "%";
};

// Thread safe. The connection outlives it.
class SqlAdmin {
public:
    explicit SqlAdmin(Connection const& connection) : connection_(connection) {}

    using Visitor = Connection::Visitor;
    [[nodiscard]] Outcome<boost::json::object> get_instance(Context const& context,
                                                            SqlInstanceName const& name) const;
    [[nodiscard]] Outcome<Done> list_instances(Context const& context, std::string const& project,
                                               Visitor const& visit) const;
    // `body` as Google's DatabaseInstance. The answer is the instance. Errors: AlreadyExists, also
    // for a week after one of that name was deleted.
    [[nodiscard]] Outcome<boost::json::object> create_instance(Context const& context,
                                                               SqlInstanceName const& name,
                                                               boost::json::object body) const;
    // Safe by `settings.settingsVersion`, which has to be in the body. Errors: FailedPrecondition
    // when the settings were changed meanwhile.
    [[nodiscard]] Outcome<boost::json::object> patch_instance(Context const& context,
                                                              SqlInstanceName const& name,
                                                              boost::json::object body) const;
    // Safe: what is gone is gone.
    [[nodiscard]] Outcome<Done> delete_instance(Context const& context,
                                                SqlInstanceName const& name) const;

    [[nodiscard]] Outcome<Done> list_databases(Context const& context, SqlInstanceName const& name,
                                               Visitor const& visit) const;
    // Safe by a look for the database. Errors: AlreadyExists.
    [[nodiscard]] Outcome<Done> create_database(Context const& context, SqlInstanceName const& name,
                                                boost::json::object database) const;
    // Safe: what is gone is gone.
    [[nodiscard]] Outcome<Done> delete_database(Context const& context, SqlInstanceName const& name,
                                                std::string const& database) const;

    [[nodiscard]] Outcome<Done> list_users(Context const& context, SqlInstanceName const& name,
                                           Visitor const& visit) const;
    // Safe by a look for the user, who then has this password. Errors: AlreadyExists.
    [[nodiscard]] Outcome<Done> create_user(Context const& context, SqlInstanceName const& name,
                                            SqlUser const& user, Secret const& password) const;
    // Safe: the same password again.
    [[nodiscard]] Outcome<Done> set_password(Context const& context, SqlInstanceName const& name,
                                             SqlUser const& user, Secret const& password) const;
    // Safe: who is gone is gone.
    [[nodiscard]] Outcome<Done> delete_user(Context const& context, SqlInstanceName const& name,
                                            SqlUser const& user) const;

    // To "gs://bucket/name.sql" or ".sql.gz", which must not be there. Safe by the operation of
    // that URI: use a name of its own for every export.
    [[nodiscard]] Outcome<Done> export_sql(Context const& context, SqlInstanceName const& name,
                                           std::string const& uri,
                                           std::vector<std::string> const& databases) const;
    // Safe as export_sql() is.
    [[nodiscard]] Outcome<Done> import_sql(Context const& context, SqlInstanceName const& name,
                                           std::string const& uri,
                                           std::string const& database) const;

private:
    // An instance's operation since `since`, of which `matches` says that it is the one looked for.
    Check find_operation(SqlInstanceName const& name, WallTime since, std::string const& type,
                         std::function<bool(boost::json::object const&)> const& matches) const;
    // Begins an operation and waits for it.
    Outcome<boost::json::object> change(Context const& context, SqlInstanceName const& name,
                                        Call call) const;
    // The same, for what it is fine not to find.
    Outcome<Done> remove(Context const& context, SqlInstanceName const& name, Call call) const;
    Outcome<Done> transfer(Context const& context, SqlInstanceName const& name,
                           std::string const& verb, boost::json::object transfer) const;

    Connection const& connection_;
};

}  // namespace aipress::gcp

// An instance as the store keeps it, and as Cloud SQL shows it.
#pragma once

#include <string>

#include "sandbox/service.h"

namespace aipress::sandbox {

// By PROJECT/NAME: {"id", "address", "server_id", "resource": a DatabaseInstance without what is
// derived}.
inline constexpr std::string_view kSqlInstances = "sql_instances";

struct SqlInstance {
    Document document;
    [[nodiscard]] boost::json::object const& body() const { return document.body.as_object(); }
    [[nodiscard]] boost::json::object& body() { return document.body.as_object(); }
    [[nodiscard]] boost::json::object& resource() { return body().at("resource").as_object(); }
    [[nodiscard]] boost::json::object const& resource() const {
        return body().at("resource").as_object();
    }
    [[nodiscard]] std::string id() const { return text_field(body(), "id"); }
};

// Errors: NotFound (instanceDoesNotExist).
[[nodiscard]] Outcome<SqlInstance> find_sql_instance(Transaction& transaction,
                                                     std::string const& project,
                                                     std::string const& name);
// The same, and its server is to be spoken to. Errors: also FailedPrecondition (invalidState).
[[nodiscard]] Outcome<SqlInstance> find_running_instance(Transaction& transaction,
                                                         std::string const& project,
                                                         std::string const& name);
// A new one from what the client asks for, with Google's defaults. Errors: InvalidArgument.
[[nodiscard]] Outcome<boost::json::object> make_instance(boost::json::object const& wanted,
                                                         std::string const& project, WallTime now);
// Gives it an id, an address and a server's number of its own. REQUIRES: the key is free. Errors:
// Unavailable when no address is.
[[nodiscard]] Outcome<Done> insert_instance(Transaction& transaction, std::string const& key,
                                            boost::json::object const& resource);
// And gives its address back. REQUIRES: it is there.
[[nodiscard]] Outcome<Done> remove_instance(Transaction& transaction, std::string const& key);
// Settings of a PATCH over those that are there: members are replaced, inner objects merged.
void merge_settings(boost::json::object const& from, boost::json::object& to);
// Errors: InvalidArgument for the tier and the flags.
[[nodiscard]] Outcome<Done> check_settings(boost::json::object const& resource);
// Whether its server is to run: activationPolicy.
[[nodiscard]] bool is_active(boost::json::object const& resource);

// What is shown of an instance whose disk is full, and of one whose disk has been made larger than
// `before_gb`.
void fill_instance_disk(boost::json::object& resource);
void free_instance_disk(boost::json::object& resource, std::int64_t before_gb);
[[nodiscard]] bool is_out_of_disk(boost::json::object const& resource);
[[nodiscard]] std::int64_t disk_size_gb(boost::json::object const& resource);

struct SqlInstanceView {
    std::string certificate;     // PEM of the authority
    std::string project_number;  // in the name of its service account
};
[[nodiscard]] boost::json::value view_instance(SqlInstance const& instance,
                                               SqlInstanceView const& more);

[[nodiscard]] ApiError sql_error(ErrorCode code, std::string message, std::string reason);

}  // namespace aipress::sandbox

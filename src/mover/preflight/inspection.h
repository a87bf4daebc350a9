// What every check of the preflight works with. Internal to mover/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/preflight.h"
#include "mover/preflight/grants.h"
#include "mysql/connection.h"
#include "mysql/schema.h"

namespace aipress::mover {

// One server, as far as all checks ask about it.
struct ServerFacts {
    Side side = Side::Source;
    mysql::Connection* connection = nullptr;
    std::string database;
    bool is_followed = true;  // will its binary log be read?
    bool is_written = true;   // will the mover write tenant rows there?
    std::map<std::string, std::string, std::less<>> variables;  // global ones, by name
    Grants grants;

    [[nodiscard]] std::string_view side_name() const { return to_string(side); }
    [[nodiscard]] mysql::ServerVersion const& version() const { return connection->version(); }
    // nullptr: this server does not know it.
    [[nodiscard]] std::string const* variable(std::string_view name) const;
    [[nodiscard]] bool is(std::string_view name, std::string_view value) const;
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;
    // "`db`.`name`"
    [[nodiscard]] std::string qualified(std::string_view name) const;
    [[nodiscard]] bool has_super() const { return grants.has_global("SUPER"); }
};

[[nodiscard]] Result<ServerFacts> read_facts(Context const& context, mysql::Connection& connection,
                                             Side side, std::string database);

struct Inspection {
    Context context;
    MoveOptions const* options = nullptr;
    TargetContent target_content = TargetContent::MustBeEmpty;
    ServerFacts source;
    ServerFacts target;
    std::optional<mysql::Schema> schema;  // of the source; absent when it could not be read
    bool is_same_server = false;
    PreflightReport* report = nullptr;

    void add(Severity severity, std::string_view side, std::string code, std::string object,
             std::string message, std::string fix = "");
    void fault(std::string_view side, std::string code, std::string object, std::string message,
               std::string fix);
    void degraded(std::string_view side, std::string code, std::string object, std::string message,
                  std::string fix = "");
    void notice(std::string_view side, std::string code, std::string object, std::string message,
                std::string fix = "");
};

// "12.5 MB"
[[nodiscard]] std::string in_megabytes(std::uint64_t bytes);

// ACCOUNT LOCK came with MySQL 5.7.6; before, privileges are revoked and granted again.
[[nodiscard]] bool fences_by_revoking(ServerFacts const& facts);

// What check_disk says of bytes needed and free; nullopt: the server does not tell.
void judge_disk(Inspection& inspection, std::uint64_t needed, std::optional<std::uint64_t> free);

// Each adds findings. An error: the check could not be made.
Result<void> check_identity(Inspection& inspection);
Result<void> check_privileges(Inspection& inspection);
Result<void> check_binlog(Inspection& inspection);
Result<void> check_settings(Inspection& inspection);
Result<void> check_disk(Inspection& inspection);
Result<void> check_prepared_transactions(Inspection& inspection);
Result<void> check_accounts(Inspection& inspection);
Result<void> check_tables(Inspection& inspection);
Result<void> check_temporal_columns(Inspection& inspection);
Result<void> check_foreign_keys(Inspection& inspection);
Result<void> check_large_values(Inspection& inspection);
Result<void> check_objects(Inspection& inspection);
Result<void> check_target_content(Inspection& inspection);
Result<void> check_by_trial(Inspection& inspection);

}  // namespace aipress::mover

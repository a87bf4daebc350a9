// One real mariadbd: what stands behind a Cloud SQL instance.
//
// Layout of its folder: data/, my.cnf, error.log, s (the socket). The folder's owner administers it
// over the socket, without a password (MariaDB's unix_socket plugin); nobody else can.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"

namespace aipress::sandbox {

// Errors: NotFound, saying how to install it.
[[nodiscard]] Result<std::filesystem::path> find_mariadbd();
// Fills `folder`, which must not be there, with a data directory to copy for each new instance.
// Errors: NotFound for the engine, Internal with its output.
[[nodiscard]] Result<void> prepare_data(Context const& context,
                                        std::filesystem::path const& folder);
// Copies a data directory, at once or not at all: `to` is not there after a failure.
[[nodiscard]] Result<void> copy_data(Context const& context, std::filesystem::path const& from,
                                     std::filesystem::path const& to);

struct SqlServerOptions {
    std::filesystem::path folder;
    std::string address;  // 127.x.y.z, port 3306
    std::uint32_t server_id = 1;
    std::vector<std::string> settings = {};  // lines of [mysqld]
};

// Runs until it is stopped, and again when it dies. Thread safe.
class SqlServer {
public:
    // Waits until it answers. Errors: NotFound for the engine, Unavailable with the end of its log.
    [[nodiscard]] static Result<std::unique_ptr<SqlServer>> start(Context const& context,
                                                                  SqlServerOptions const& options);
    virtual ~SqlServer() = default;  // orderly, and waits
    // The process now; it is another one after a crash, and 0 until then.
    [[nodiscard]] virtual pid_t pid() const = 0;
};

// A free address of the loopback for port 3306, tried from `first` (a number below 2^22) on.
// Errors: Unavailable.
[[nodiscard]] Result<std::string> free_address(std::uint32_t first);

// The rest speaks to the server of a folder over its socket.
//
// What the statements give, tab separated as `mariadb --batch` writes it. They never stand in a
// process's arguments. Errors: FailedPrecondition with the server's message.
[[nodiscard]] Result<std::string> run_sql(Context const& context,
                                          std::filesystem::path const& folder,
                                          std::string const& statements);
// mariadb-dump. No databases: all but the server's own. Errors: as above.
[[nodiscard]] Result<void> dump_sql(Context const& context, std::filesystem::path const& folder,
                                    std::vector<std::string> const& databases,
                                    std::filesystem::path const& file);
// Errors: as above.
[[nodiscard]] Result<void> load_sql(Context const& context, std::filesystem::path const& folder,
                                    std::string const& database, std::filesystem::path const& file);
// A data directory as of now, taken while the server runs (mariadb-backup). Errors: as above.
[[nodiscard]] Result<void> copy_live_data(Context const& context,
                                          std::filesystem::path const& folder,
                                          std::filesystem::path const& to);

// Makes the account, anew if it is there, with what Cloud SQL gives root and the users of its API:
// all but what reaches beyond the databases.
[[nodiscard]] std::string account_sql(std::string_view user, std::string_view host,
                                      std::string_view password);
// 'it''s': a string literal of SQL; `name`: an identifier.
[[nodiscard]] std::string sql_string(std::string_view text);
[[nodiscard]] std::string sql_name(std::string_view text);

}  // namespace aipress::sandbox

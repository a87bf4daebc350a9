// Real database servers for tests, benches and the rehearsal: each with its own data directory in a
// temporary folder, on a free port of the loopback, gone without a trace when the object is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "mysql/connection.h"
#include "mysql/endpoint.h"

namespace aipress::testing {

enum class ServerKind { MariaDb, MySql56 };

struct ServerOptions {
    ServerKind kind = ServerKind::MariaDb;
    std::uint32_t server_id = 1;
    // Extra lines of [mysqld]. Defaults beneath them: binary log on, ROW format, FULL image,
    // sync_binlog=1, innodb_flush_log_at_trx_commit=1, small buffer pool, max_allowed_packet=64M,
    // local_infile=1.
    std::vector<std::string> settings = {};
    // Where the data directory is made; empty: the temporary folder.
    std::filesystem::path data_parent = {};
};

// Not thread safe.
class DatabaseServer {
public:
    // Initialises a data directory (from a prepared one, copied, after the first time in a process)
    // and waits until the server answers. Errors: NotFound when the engine is not installed (say so
    // and skip).
    [[nodiscard]] static Result<DatabaseServer> start(ServerOptions options);
    DatabaseServer(DatabaseServer&&) noexcept;
    DatabaseServer& operator=(DatabaseServer&&) noexcept;
    ~DatabaseServer();  // SIGKILL, wait, remove the data directory

    void kill();                           // SIGKILL, and wait
    [[nodiscard]] Result<void> stop();     // orderly shutdown, and wait
    [[nodiscard]] Result<void> restart();  // start again on the same data directory and port
    void suspend();                        // SIGSTOP
    void resume();                         // SIGCONT

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string socket_path() const;
    [[nodiscard]] std::filesystem::path data_directory() const;
    [[nodiscard]] int pid() const;
    // root with a password, over TCP on 127.0.0.1.
    [[nodiscard]] mysql::Endpoint root(std::string database = "") const;
    // mysql://user:password@127.0.0.1:port/database
    [[nodiscard]] std::string url(std::string const& user, std::string const& password,
                                  std::string const& database) const;
    [[nodiscard]] std::string root_url(std::string const& database) const;
    [[nodiscard]] mysql::Connection connect_root(std::string database = "") const;  // ASSERTs
    void execute(std::string_view sql) const;                      // as root; ASSERTs
    [[nodiscard]] std::string scalar(std::string_view sql) const;  // "" for NULL

private:
    struct Impl;
    explicit DatabaseServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::testing

// The server programs that tests run, and a prepared data directory of each. For
// database_server.cc.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/subprocess.h"
#include "testing/database_server.h"

namespace aipress::testing {

inline constexpr char kRootPassword[] = "root-secret";

class Engine {
public:
    // Errors: NotFound, saying how to install it.
    [[nodiscard]] static Result<Engine> find(ServerKind kind);

    [[nodiscard]] ServerKind kind() const { return kind_; }
    // The server with its first argument, the one that names its options.
    [[nodiscard]] ProcessOptions command(std::string const& defaults) const;
    // Lines of [mysqld].
    [[nodiscard]] std::string common_settings() const;
    // Fills an empty folder: system tables, and root with kRootPassword from everywhere.
    [[nodiscard]] Result<void> initialise(std::filesystem::path const& data) const;

private:
    ServerKind kind_ = ServerKind::MariaDb;
    std::filesystem::path program_;
    std::filesystem::path package_;  // MySQL: the folder with share/
};

// A data directory to copy, made once in a process and removed at its end. Thread safe.
[[nodiscard]] Result<std::filesystem::path> prepared_data_directory(Engine const& engine);

}  // namespace aipress::testing

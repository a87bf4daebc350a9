// A PostgreSQL server for tests: its own data directory in a temporary folder, reached by a socket
// in there, gone without a trace when the object is.
//
// PostgreSQL does not run as root: started by root, it runs as nobody. Its texts are ordered as in
// English, so that what relies on the order of bytes is found out.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace aipress::testing {

// What a commit survives.
enum class Durability {
    Process,  // the server's death: it is in the kernel's hands (fsync=off)
    Machine,  // a power cut too
};

// Not thread safe.
class PostgresServer {
public:
    // Answers when this returns. Errors: NotFound when it is not installed (say so and skip).
    [[nodiscard]] static Result<PostgresServer> start(Durability durability = Durability::Process);
    PostgresServer(PostgresServer&&) noexcept;
    PostgresServer& operator=(PostgresServer&&) noexcept;
    ~PostgresServer();

    void kill();                           // SIGKILL to all of its processes, and wait
    [[nodiscard]] Result<void> restart();  // on the same data directory
    // The URL of a database that was not there before, and is empty.
    [[nodiscard]] Result<std::string> make_database();

private:
    struct Impl;
    explicit PostgresServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::testing

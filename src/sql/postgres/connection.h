// One connection to a PostgreSQL server: the only door of this module to libpq-fe.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "sql/transaction.h"

namespace aipress::sql::postgres {

struct Answer {
    Rows rows = {};
    std::int64_t changed = 0;
};

// Not thread safe.
class Connection {
public:
    // `url` in libpq's form; what it leaves out libpq takes from its environment (PGPASSFILE, …).
    // Errors: Unavailable, Unauthenticated, NotFound (the database).
    [[nodiscard]] static Result<std::unique_ptr<Connection>> open(Context const& context,
                                                                  std::string const& url);
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;
    ~Connection();

    // Errors: as sql::Transaction's. Past the context the connection is broken.
    [[nodiscard]] Result<Answer> run(Context const& context, std::string_view sql,
                                     Parameters const& parameters);
    // Many at once, in one round trip: how many rows each changed.
    [[nodiscard]] Result<std::vector<std::int64_t>> run_all(Context const& context,
                                                            std::span<Statement const> statements);
    // BEGIN, COMMIT, SET, …: no parameters, no answer.
    Result<void> command(Context const& context, std::string_view sql);
    // What was sent last may have been carried out or not, and nothing more can be sent.
    [[nodiscard]] bool is_broken() const;

private:
    struct Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// "postgres://user@host:5432/database". Errors: InvalidArgument, without the URL's text: it may
// have a password.
[[nodiscard]] Result<std::string> display_name(std::string const& url);

}  // namespace aipress::sql::postgres

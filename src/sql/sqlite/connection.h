// One connection to a SQLite file, and its prepared statements: the only door of this module to
// sqlite3.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/context.h"
#include "sql/row.h"

namespace aipress::sql::sqlite {

struct Answer {
    Rows rows = {};
    std::int64_t changed = 0;
};

enum class Purpose { Write, Read };

// Not thread safe.
class Connection {
public:
    // To write, the file is made when it is not there; it has to be there to be read.
    [[nodiscard]] static Result<std::unique_ptr<Connection>> open(Context const& context,
                                                                  std::filesystem::path const& file,
                                                                  Purpose purpose);
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;
    ~Connection();

    // Until the next call, statements end with this context; it outlives them. nullptr: they run
    // to their end.
    void obey(Context const* context);
    // Errors: as sql::Transaction's; is_busy() of it when another process is in the way.
    [[nodiscard]] Result<Answer> run(std::string_view sql, Parameters const& parameters);
    // BEGIN, COMMIT, …: without an answer.
    Result<void> command(std::string_view sql);
    // SQLite undoes a transaction by itself when the disk is full, among others.
    [[nodiscard]] bool in_transaction() const;

private:
    struct Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Nothing was done, for another process has the file: it may be tried again.
[[nodiscard]] bool is_busy(Error const& error);

}  // namespace aipress::sql::sqlite

// A database of the fleet's metadata, on any of three engines:
//
//     sqlite:PATH                            a file: the default, for one machine
//     postgres://USER@HOST:PORT/DATABASE     libpq's own form, and all that it takes
//     spanner://PROJECT/INSTANCE/DATABASE    Cloud Spanner, in its PostgreSQL dialect
//
//     auto const weight = TRY(database->transact(context, [&](sql::Transaction& transaction)
//         -> Result<std::int64_t> {
//         auto const row = TRY(transaction.query_one("SELECT weight FROM …", {tenant}));
//         …
//     }));
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "gcp/retry.h"
#include "sql/limits.h"
#include "sql/transaction.h"

namespace aipress::gcp {
class Connection;
}

namespace aipress::sql {

enum class Engine { Sqlite, Postgres, Spanner };
[[nodiscard]] std::string_view to_string(Engine engine);  // "sqlite", …

// What is done where the answer to a commit was lost, so that nobody knows whether it was made.
enum class AfterLostCommit {
    Fail,      // the error says so: Unknown
    RunAgain,  // the closure finds out by what it reads (an operation's id), and does it once
};

// How old the answers of a read may be. Only Cloud Spanner makes use of it: it answers older ones
// from the nearest replica and without locks.
struct Freshness {
    milliseconds staleness{0};  // 0: all that was committed before
};

// What is done where the URL names a SQLite file that is not there.
enum class MissingFile { Create, Refuse };

struct DatabaseOptions {
    // For Cloud Spanner: how Google is reached, and where (its endpoints may name an emulator).
    // Outlives the Database.
    gcp::Connection const* google = nullptr;
    std::size_t connections_most = limits::kConnectionsMost;
    MissingFile missing_file = MissingFile::Create;
    gcp::Random random = gcp::random_fraction;
};

struct Migration;

// Thread safe. Transactions are serializable: as though they ran one after the other.
class Database {
public:
    // Errors: InvalidArgument (the URL), Unavailable (nobody answers), NotFound (no such database),
    // PermissionDenied, Unauthenticated, FailedPrecondition (the file is no database, or damaged).
    // A SQLite file that is made is readable by its owner alone.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(
        Context const& context, std::string const& url, DatabaseOptions const& options = {});
    virtual ~Database() = default;
    Database(Database const&) = delete;
    Database& operator=(Database const&) = delete;

    [[nodiscard]] virtual Engine engine() const = 0;
    // The URL without a password.
    [[nodiscard]] std::string const& name() const { return name_; }

    // Runs `work`, a closure from Transaction& to Result<T>, and commits; its error undoes all that
    // it did and is passed on. It may be run several times (others got in the way), so it changes
    // nothing but by its transaction, and blocks on nothing else. What it answers is durable, and
    // seen by every later transaction and read. Errors: Unknown after a lost commit; Aborted when
    // it did not get through; those of Transaction.
    template <typename Work>
    auto transact(Context const& context, Work&& work,
                  AfterLostCommit after_lost_commit = AfterLostCommit::Fail)
        -> std::invoke_result_t<Work&, Transaction&> {
        return collect(std::forward<Work>(work), [&](Closure const& closure) {
            return run(context, Access{.after_lost_commit = after_lost_commit}, closure);
        });
    }
    // The same for what only reads: one state of the database, never waiting for a writer.
    template <typename Work>
    auto read(Context const& context, Work&& work, Freshness freshness = {})
        -> std::invoke_result_t<Work&, Transaction&> {
        return collect(std::forward<Work>(work), [&](Closure const& closure) {
            return run(context, Access{.is_read = true, .freshness = freshness}, closure);
        });
    }

    // One step of schema.h's, with its row in schema_versions; nothing when that row is there.
    // Whoever comes second, from whatever process, waits for the first.
    virtual Result<void> apply(Context const& context, Migration const& migration) = 0;
    [[nodiscard]] virtual Result<bool> has_table(Context const& context,
                                                 std::string const& table) = 0;

protected:
    using Closure = std::function<Result<void>(Transaction&)>;
    struct Access {
        bool is_read = false;
        AfterLostCommit after_lost_commit = AfterLostCommit::Fail;
        Freshness freshness = {};
    };
    enum class Fate {
        Settled,  // committed, or failed for good
        Again,    // nothing was done: others got in the way
        Unknown,  // the commit's answer was lost
    };
    struct Attempt {
        Result<void> result = {};
        Fate fate = Fate::Settled;
        std::optional<milliseconds> delay = std::nullopt;  // as the server asks for
    };
    Database(std::string name, gcp::Random random)
        : name_(std::move(name)), random_(std::move(random)) {}

    // One try: begin, the closure, commit; or all undone.
    [[nodiscard]] virtual Attempt attempt(Context const& context, Access const& access,
                                          Closure const& closure) = 0;
    // Attempts until one settles it: the only place of this module that sleeps between them.
    Result<void> run(Context const& context, Access const& access, Closure const& closure);

private:
    // Keeps the value that the last run of `work` gave.
    template <typename Work, typename Run>
    static auto collect(Work&& work, Run const& run_closure)
        -> std::invoke_result_t<Work&, Transaction&> {
        using Answer = std::invoke_result_t<Work&, Transaction&>;
        std::optional<Answer> answer;
        auto ran = run_closure([&](Transaction& transaction) -> Result<void> {
            answer.emplace(work(transaction));
            if (!answer->ok()) return answer->error();
            return {};
        });
        if (!ran.ok()) return ran.release_error();
        return std::move(*answer);
    }

    std::string const name_;
    gcp::Random const random_;
};

}  // namespace aipress::sql

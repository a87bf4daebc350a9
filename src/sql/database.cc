#include "sql/database.h"

#include <fmt/format.h>

#include "sql/postgres/database.h"
#include "sql/spanner/database.h"
#include "sql/sqlite/database.h"

namespace aipress::sql {
namespace {

Error over(Context const& context) {
    if (context.stopped()) return {ErrorCode::Cancelled, "the transaction was called off"};
    return {ErrorCode::DeadlineExceeded, "the transaction's time is over"};
}

}  // namespace

std::string_view to_string(Engine engine) {
    switch (engine) {
        case Engine::Sqlite:
            return "sqlite";
        case Engine::Postgres:
            return "postgres";
        case Engine::Spanner:
            return "spanner";
    }
    ASSERT(false);
}

Result<std::unique_ptr<Database>> Database::open(Context const& context, std::string const& url,
                                                 DatabaseOptions const& options) {
    if (url.starts_with("sqlite:")) return sqlite::open_database(context, url, options);
    if (url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return postgres::open_database(context, url, options);
    }
    if (url.starts_with("spanner://")) {
        return spanner::open_database(context, url, options);
    }
    return Error(ErrorCode::InvalidArgument,
                 "the store's URL: expected sqlite:PATH, postgres://USER@HOST/DATABASE or "
                 "spanner://PROJECT/INSTANCE/DATABASE");
}

Result<void> Database::run(Context const& context, Access const& access, Closure const& closure) {
    gcp::RetryPolicy const policy{.first = limits::kBackoffFirst,
                                  .most = limits::kBackoffMost,
                                  .factor = limits::kBackoffFactor,
                                  .attempts = limits::kAttemptsMost,
                                  .random = random_};
    gcp::Backoff backoff(policy);
    // What was called off meanwhile is not committed.
    Closure const checked = [&](Transaction& transaction) -> Result<void> {
        TRY(closure(transaction));
        if (context.stopped() || context.expired()) return over(context);
        return {};
    };
    for (unsigned tries = 1;; ++tries) {
        if (context.stopped() || context.expired()) return over(context);
        // A dump takes its time; who writes holds up others.
        auto const trying = access.is_read ? context : context.within(limits::kTransactionTime);
        auto tried = attempt(trying, access, checked);
        if (tried.fate == Fate::Settled) return std::move(tried.result);
        bool const may_repeat =
            tried.fate == Fate::Again || access.after_lost_commit == AfterLostCommit::RunAgain;
        if (!may_repeat || tries == limits::kAttemptsMost) {
            return std::move(tried.result);
        }
        auto const pause = std::max(backoff.next(), tried.delay.value_or(milliseconds(0)));
        if (!context.sleep(pause)) return std::move(tried.result);
    }
}

}  // namespace aipress::sql

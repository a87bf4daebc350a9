#include "sql/spanner/schema_change.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/operations.h"
#include "sql/limits.h"
#include "sql/spanner/session.h"

namespace aipress::sql::spanner {
namespace {

namespace json = boost::json;

constexpr unsigned kOperationsMost = 50;

gcp::Outcome<gcp::Done> run_operation(Context const& context, gcp::Connection const& google,
                                      std::string const& database, std::string const& id,
                                      std::vector<std::string> const& statements) {
    json::array all;
    for (auto const& statement : statements) all.emplace_back(statement);
    auto started =
        google.call(context, {.api = kApi,
                              .method = "PATCH",
                              .path = fmt::format("/v1/{}/ddl", database),
                              .body = json::object{{"statements", all}, {"operationId", id}},
                              .idempotent = gcp::Idempotent::Yes});
    bool const is_anothers = !started.ok() && started.error().code() == ErrorCode::AlreadyExists;
    if (!started.ok() && !is_anothers) return started.release_error();
    auto operation = is_anothers
                         ? json::object{{"name", fmt::format("{}/operations/{}", database, id)}}
                         : started.release();
    TRY(gcp::wait_for_rpc(google, context, kApi, "/v1/", std::move(operation)));
    return gcp::Done();
}

}  // namespace

gcp::Outcome<gcp::Done> change_schema(Context const& context, gcp::Connection const& google,
                                      std::string const& database, std::string const& id,
                                      std::vector<std::string> const& statements) {
    auto const changing = context.within(limits::kSchemaTime);
    for (unsigned number = 1;; ++number) {
        auto const done =
            run_operation(changing, google, database, fmt::format("{}_{}", id, number), statements);
        if (done.ok()) return done;
        // Its emulator refuses DDL while a transaction or another change is under way, and an
        // operation of another process may have failed for that.
        bool const may_repeat = done.error().code() == ErrorCode::FailedPrecondition ||
                                done.error().code() == ErrorCode::Aborted;
        if (!may_repeat || number == kOperationsMost) return done;
        if (!changing.sleep(limits::kBackoffMost)) return done;
    }
}

}  // namespace aipress::sql::spanner

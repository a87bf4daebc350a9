#include "store/store.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/sha256.h"
#include "json/fields.h"
#include "store/schema.h"

namespace aipress::store {
namespace {

constexpr std::size_t kOperationIdMost = 128;

Result<void> check_operation_id(std::string const& id) {
    bool const is_plain =
        std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 127; });
    if (!id.empty() && id.size() <= kOperationIdMost && is_plain) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("an operation's id: expected 1 to {} printable ASCII characters",
                             kOperationIdMost));
}

// Of what was asked. Fields have the order in which the client's JSON is read.
std::string request_digest(Change const& change) {
    return sha256_hex(boost::json::serialize(change.request));
}

// Ids of events are in the order of their times; what is of the same millisecond, in none.
std::string event_id(Timestamp at, std::string const& operation) {
    auto const ms = std::chrono::floor<milliseconds>(at).time_since_epoch().count();
    return fmt::format("{:014}-{}", ms, sha256_hex(operation).substr(0, 16));
}

}  // namespace

Timestamp now(sql::Transaction const& transaction) {
    return sql::timestamp_of(transaction.context().clock().wall_now());
}

Result<std::optional<boost::json::object>> earlier_answer(sql::Transaction& transaction,
                                                          Change const& change) {
    TRY(check_operation_id(change.operation));
    auto const earlier = TRY(Table<Operation>(transaction).find(change.operation));
    if (!earlier) return std::optional<boost::json::object>();
    bool const is_same = earlier->kind == change.kind && earlier->target == change.target &&
                         earlier->request == request_digest(change);
    if (!is_same) {
        return Error(ErrorCode::AlreadyExists,
                     fmt::format("operation {} was used for another request ({} of {}): choose "
                                 "another id",
                                 change.operation, earlier->kind, earlier->target));
    }
    return std::optional<boost::json::object>(TRY(json::parse_object(earlier->answer)));
}

Result<void> record_change(sql::Transaction& transaction, Change const& change,
                           Changed const& changed) {
    auto const at = now(transaction);
    TRY(Table<Operation>(transaction)
            .insert({.id = change.operation,
                     .kind = change.kind,
                     .target = change.target,
                     .request = request_digest(change),
                     .answer = boost::json::serialize(changed.answer),
                     .actor = change.actor,
                     .at = at}));
    return Table<Event>(transaction)
        .insert({.id = event_id(at, change.operation),
                 .at = at,
                 .operation = change.operation,
                 .actor = change.actor,
                 .kind = change.kind,
                 .target = change.target,
                 .before = boost::json::serialize(changed.before),
                 .after = boost::json::serialize(changed.after)});
}

Result<Route> set_route(sql::Transaction& transaction, Route route) {
    route.changed_at = now(transaction);
    Table<Route> routes(transaction);
    if (route.version == 0) {
        route.version = 1;
        TRY(routes.insert(route));
    } else {
        route = TRY(routes.update(std::move(route)));
    }
    TRY(Table<PastRoute>(transaction)
            .insert({.tenant = route.tenant,
                     .version = route.version,
                     .shard = route.shard,
                     .home_shard = route.home_shard,
                     .state = route.state,
                     .endpoint = route.endpoint,
                     .changed_at = route.changed_at}));
    return route;
}

Result<std::optional<PastRoute>> route_at(sql::Transaction& transaction, std::string const& tenant,
                                          Timestamp at) {
    auto found = TRY(Table<PastRoute>(transaction)
                         .select("WHERE tenant = $1 AND changed_at <= $2 "
                                 "ORDER BY version DESC LIMIT 1",
                                 {tenant, at}));
    if (found.empty()) return std::optional<PastRoute>();
    return std::optional<PastRoute>(std::move(found.front()));
}

Result<std::unique_ptr<Store>> Store::open(Context const& context, std::string const& url,
                                           sql::DatabaseOptions const& options) {
    auto database = TRY(sql::Database::open(context, url, options));
    TRY(sql::migrate(context, *database, migrations()));
    return std::make_unique<Store>(std::move(database));
}

Result<boost::json::object> Store::change(Context const& context, Change const& change,
                                          Work const& work) {
    return database_->transact(
        context,
        [&](sql::Transaction& transaction) -> Result<boost::json::object> {
            auto earlier = TRY(earlier_answer(transaction, change));
            if (earlier) return std::move(*earlier);
            auto changed = TRY(work(transaction));
            TRY(record_change(transaction, change, changed));
            return std::move(changed.answer);
        },
        sql::AfterLostCommit::RunAgain);
}

}  // namespace aipress::store

// The fleet's directory: an sql::Database with the store's schema, and how it is changed.
//
// A change carries an id that the client chose. The id, what was asked and what was answered are
// written in the transaction of the change itself: asked again, after whatever was lost, it is
// answered the same and done once.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>

#include "sql/database.h"
#include "sql/schema.h"
#include "store/table.h"

namespace aipress::store {

struct Change {
    std::string operation = {};        // the client's id: "7c0e…": at most 128 characters
    std::string kind = {};             // "shards.cordon"
    std::string target = {};           // "aipress-shard-001"
    boost::json::object request = {};  // all that was asked: nothing secret
    std::string actor = {};            // "user:ada@example.com"
};

struct Changed {
    boost::json::object answer = {};  // what the client is told, now and when it asks again
    // For the audit: the target's fields that are different now.
    boost::json::object before = {};
    boost::json::object after = {};
};

// Inside a transaction of one's own, where Store::change() does not fit.
// The answer that was given before; nullopt: it was not asked yet. Errors: AlreadyExists when the
// id was used for something else, or for the same with its fields in another order;
// InvalidArgument.
[[nodiscard]] Result<std::optional<boost::json::object>> earlier_answer(
    sql::Transaction& transaction, Change const& change);
// The operation and its event.
Result<void> record_change(sql::Transaction& transaction, Change const& change,
                           Changed const& changed);

// A route's new state, in routes and past_routes: `route.version` as for Table::update, 0 for a
// tenant that has none yet. Sets changed_at.
[[nodiscard]] Result<Route> set_route(sql::Transaction& transaction, Route route);
// As it was then; nullopt: there was none.
[[nodiscard]] Result<std::optional<PastRoute>> route_at(sql::Transaction& transaction,
                                                        std::string const& tenant, Timestamp at);

// "Now", for a record.
[[nodiscard]] Timestamp now(sql::Transaction const& transaction);

// Thread safe.
class Store {
public:
    // Brings the schema up to date first. Errors: those of sql::Database::open and sql::migrate.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(
        Context const& context, std::string const& url, sql::DatabaseOptions const& options = {});
    explicit Store(std::unique_ptr<sql::Database> database) : database_(std::move(database)) {}

    // For reads, and for what change() does not fit.
    [[nodiscard]] sql::Database& database() { return *database_; }

    // `work` does what was asked, in one transaction with the record of it; may be run several
    // times (sql::Database::transact). Errors: those of `work`, of which nothing is recorded;
    // AlreadyExists when the operation's id was used for something else.
    using Work = std::function<Result<Changed>(sql::Transaction&)>;
    Result<boost::json::object> change(Context const& context, Change const& change,
                                       Work const& work);

private:
    std::unique_ptr<sql::Database> database_;
};

}  // namespace aipress::store

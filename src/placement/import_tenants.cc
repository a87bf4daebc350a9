#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <map>
#include <span>
#include <utility>

#include "base/sha256.h"
#include "placement/import_decision.h"
#include "placement/import_record.h"
#include "placement/look.h"

namespace aipress::placement {
namespace {

using fleet::Placement;
using store::Table;
using store::TenantState;

// The records of newcomers, collected to be inserted in few round trips.
class Records {
public:
    Records(std::string operation, std::string actor, store::Timestamp at)
        : operation_(std::move(operation)), actor_(std::move(actor)), at_(at) {}

    void add(Newcomer const& newcomer);
    Result<void> insert(sql::Transaction& transaction);

private:
    void add_route(Newcomer const& newcomer, store::Tenant const& tenant);
    void add_event(Placement const& placement);

    std::string const operation_;
    std::string const actor_;
    store::Timestamp const at_;
    std::vector<store::Tenant> tenants_;
    std::vector<store::Route> routes_;
    std::vector<store::PastRoute> past_routes_;
    std::vector<store::Event> events_;
};

void Records::add(Newcomer const& newcomer) {
    auto const& placement = newcomer.placement;
    bool const is_legacy = newcomer.row->state == TenantState::Legacy;
    store::Tenant tenant{.id = placement.tenant,
                         .epoch = placement.epoch.number,
                         .home_shard = placement.home,
                         .state = is_legacy ? TenantState::Legacy : TenantState::Placed,
                         .weight = static_cast<std::int64_t>(placement.load.weight),
                         .bytes = static_cast<std::int64_t>(newcomer.row->bytes.value_or(0)),
                         .placed_by = std::string(fleet::to_string(placement.reason)),
                         .created_at = at_,
                         .updated_at = at_};
    (is_legacy ? tenant.next_shard : tenant.shard) = placement.shard;
    add_route(newcomer, tenant);
    if (placement.reason != fleet::PlacementReason::Imported) add_event(placement);
    tenants_.push_back(std::move(tenant));
}

void Records::add_route(Newcomer const& newcomer, store::Tenant const& tenant) {
    store::Route route{.tenant = tenant.id,
                       .shard = tenant.shard,
                       .home_shard = tenant.home_shard,
                       .endpoint = newcomer.row->endpoint.value_or(""),
                       .changed_at = at_};
    past_routes_.push_back({.tenant = route.tenant,
                            .version = route.version,
                            .shard = route.shard,
                            .home_shard = route.home_shard,
                            .state = route.state,
                            .endpoint = route.endpoint,
                            .changed_at = route.changed_at});
    routes_.push_back(std::move(route));
}

// As place() leaves one: why() reads it.
void Records::add_event(Placement const& placement) {
    auto const ms = std::chrono::floor<milliseconds>(at_).time_since_epoch().count();
    auto const sum = sha256_hex(operation_ + "/" + placement.tenant);
    boost::json::object const after{{"shard", placement.shard},
                                    {"placement", fleet::to_json(placement)}};
    events_.push_back({.id = fmt::format("{:014}-{}", ms, sum.substr(0, 16)),
                       .at = at_,
                       .operation = operation_,
                       .actor = actor_,
                       .kind = std::string(kPlaceKind),
                       .target = placement.tenant,
                       .after = boost::json::serialize(after)});
}

Result<void> Records::insert(sql::Transaction& transaction) {
    TRY(Table<store::Tenant>(transaction).insert_all(tenants_));
    TRY(Table<store::Route>(transaction).insert_all(routes_));
    TRY(Table<store::PastRoute>(transaction).insert_all(past_routes_));
    return Table<store::Event>(transaction).insert_all(events_);
}

// Takes the slots, and writes the tenants. Errors: Aborted when the fleet is not as it was decided
// on.
Result<void> write(sql::Transaction& transaction, std::span<Newcomer const> newcomers,
                   ImportOrder const& order) {
    auto const at = store::now(transaction);
    Records records(order.operation, order.actor, at);
    Table<store::Shard> shards(transaction);
    std::map<std::string, store::Shard> touched;
    for (auto const& newcomer : newcomers) {
        auto const& placement = newcomer.placement;
        auto found = touched.find(placement.shard);
        if (found == touched.end()) {
            auto shard = TRY(shards.get(placement.shard));
            found = touched.emplace(placement.shard, std::move(shard)).first;
        }
        auto const room = room_of(found->second);
        if (!fleet::fits(room.taken, placement.load, room.capacity)) {
            return Error(ErrorCode::Aborted,
                         fmt::format("{} has filled up meanwhile; give the same file again",
                                     placement.shard));
        }
        bool const is_legacy = newcomer.row->state == TenantState::Legacy;
        take(found->second, placement.load, is_legacy ? Hold::Reserved : Hold::Used);
        records.add(newcomer);
    }
    for (auto& [id, shard] : touched) {
        shard.updated_at = at;
        TRY(shards.update(std::move(shard)));
    }
    return records.insert(transaction);
}

// In pieces: Cloud Spanner limits what one transaction may change.
Result<ImportReport> import_in_pieces(Context const& context, store::Store& store,
                                      std::vector<TenantRow> const& rows,
                                      ImportOrder const& order) {
    auto const decision =
        TRY(store.database().read(context, [&](sql::Transaction& transaction) -> Result<Decision> {
            return decide(transaction, rows, order.spare);
        }));
    if (!decision.report.faults.empty()) return decision.report;
    std::span<Newcomer const> left(decision.newcomers);
    for (int number = 1; !left.empty(); ++number) {
        auto const piece = left.first(std::min(left.size(), kSpannerRows));
        auto part = order;
        part.operation += fmt::format("/{}", number);
        TRY(record_import(context, store, "tenants.import", part, piece.size(),
                          [&](sql::Transaction& transaction) -> Result<ImportReport> {
                              TRY(write(transaction, piece, part));
                              return ImportReport{.added = piece.size()};
                          }));
        left = left.subspan(piece.size());
    }
    return decision.report;
}

}  // namespace

Result<ImportReport> import_tenants(Context const& context, store::Store& store,
                                    std::vector<TenantRow> const& rows, ImportOrder const& order) {
    if (store.database().engine() == sql::Engine::Spanner) {
        return import_in_pieces(context, store, rows, order);
    }
    return record_import(context, store, "tenants.import", order, rows.size(),
                         [&](sql::Transaction& transaction) -> Result<ImportReport> {
                             auto decision = TRY(decide(transaction, rows, order.spare));
                             if (decision.report.faults.empty()) {
                                 TRY(write(transaction, decision.newcomers, order));
                             }
                             return std::move(decision.report);
                         });
}

}  // namespace aipress::placement

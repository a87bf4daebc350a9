#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "json/fields.h"
#include "placement/look.h"
#include "placement/plan.h"

namespace aipress::placement {
namespace {

using store::Table;

Error world_has_moved(std::string const& what, PlanOrder const& order) {
    return {
        ErrorCode::FailedPrecondition,
        fmt::format("{} has changed since the plan was made, so nothing was done; make it anew: "
                    "{} -o FILE",
                    what, command_of(order))};
}

bool names_tenant(PlanKind kind) {
    return kind == PlanKind::Pin || kind == PlanKind::Unpin;
}
bool names_shard(PlanKind kind) {
    return kind == PlanKind::Drain || kind == PlanKind::Cordon || kind == PlanKind::Uncordon ||
           kind == PlanKind::Retire || kind == PlanKind::Pin;
}

// A plan in its transaction: the records that it names, checked, changed, written.
class Application {
public:
    Application(sql::Transaction& transaction, Plan const& plan)
        : transaction_(transaction), plan_(plan) {}

    Result<void> read();
    Result<void> change();
    Result<void> write();

private:
    template <typename Record>
    Result<void> read(std::vector<Fact> const& facts, std::map<std::string, Record>& records);
    Result<void> move(fleet::Move const& move);
    void set_state(fleet::ShardState state) { shards_.at(plan_.order.shard).state = state; }
    Result<void> change_state();

    sql::Transaction& transaction_;
    Plan const& plan_;
    std::map<std::string, store::Shard> shards_;
    std::map<std::string, store::Tenant> tenants_;
};

template <typename Record>
Result<void> Application::read(std::vector<Fact> const& facts,
                               std::map<std::string, Record>& records) {
    Table<Record> table(transaction_);
    for (auto const& fact : facts) {
        auto record = TRY(table.find(fact.name));
        if (!record || record->version != fact.version) {
            return world_has_moved(fact.name, plan_.order);
        }
        records.emplace(fact.name, std::move(*record));
    }
    return {};
}

Result<void> Application::read() {
    TRY(read(plan_.shards, shards_));
    return read(plan_.tenants, tenants_);
}

// The versions are those of the plan, so the rest is so as well: what is not was never so.
Result<void> Application::move(fleet::Move const& move) {
    auto const tenant = tenants_.find(move.tenant);
    auto const to = shards_.find(move.to);
    bool const is_known = tenant != tenants_.end() && to != shards_.end();
    if (!is_known || tenant->second.shard != move.from || tenant->second.next_shard ||
        load_of(tenant->second) != move.load) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("the plan's move of {} is none of this fleet's", move.tenant));
    }
    auto const room = room_of(to->second);
    if (!fleet::fits(room.taken, move.load, room.capacity)) {
        return world_has_moved(move.to, plan_.order);
    }
    take(to->second, move.load, Hold::Reserved);
    tenant->second.next_shard = move.to;
    if (tenant->second.state == store::TenantState::Placed) {
        tenant->second.state = store::TenantState::Moving;
    }
    tenant->second.placed_by = to_string(plan_.order.kind);
    return {};
}

Result<void> Application::change_state() {
    bool const is_whole = (plan_.order.shard.empty() || shards_.count(plan_.order.shard) > 0) &&
                          (plan_.order.tenant.empty() || tenants_.count(plan_.order.tenant) > 0) &&
                          (!names_shard(plan_.order.kind) || !plan_.order.shard.empty()) &&
                          (!names_tenant(plan_.order.kind) || !plan_.order.tenant.empty());
    if (!is_whole) return Error(ErrorCode::InvalidArgument, "the plan lacks what it is about");
    switch (plan_.order.kind) {
        case PlanKind::Drain:
            set_state(fleet::ShardState::Draining);
            break;
        case PlanKind::Cordon:
            set_state(fleet::ShardState::Cordoned);
            break;
        case PlanKind::Uncordon:
            set_state(fleet::ShardState::Active);
            break;
        case PlanKind::Retire:
            set_state(fleet::ShardState::Retired);
            break;
        case PlanKind::Pin:
            tenants_.at(plan_.order.tenant).pinned_to = plan_.order.shard;
            break;
        case PlanKind::Unpin:
            tenants_.at(plan_.order.tenant).pinned_to.reset();
            break;
        case PlanKind::Rebalance:
        case PlanKind::ReturnHome:
            break;
    }
    return {};
}

Result<void> Application::change() {
    for (auto const& one : plan_.moves) TRY(move(one));
    return change_state();
}

Result<void> Application::write() {
    auto const at = store::now(transaction_);
    Table<store::Shard> shards(transaction_);
    for (auto& [name, shard] : shards_) {
        shard.updated_at = at;
        TRY(shards.update(shard));
    }
    Table<store::Tenant> tenants(transaction_);
    for (auto& [name, tenant] : tenants_) {
        tenant.updated_at = at;
        TRY(tenants.update(tenant));
    }
    return {};
}

std::string target_of(PlanOrder const& order) {
    if (!order.tenant.empty()) return order.tenant;
    return order.shard.empty() ? "fleet" : order.shard;
}

// For the audit: who goes where.
boost::json::object after_of(Plan const& plan) {
    boost::json::array moves;
    for (auto const& move : plan.moves) {
        moves.push_back({{"tenant", move.tenant}, {"from", move.from}, {"to", move.to}});
    }
    return {{"moves", std::move(moves)}};
}

}  // namespace

Result<Applied> apply_plan(Context const& context, store::Store& store, Plan const& plan,
                           std::string const& actor) {
    auto const fields = to_json(plan);
    // The plan is its own operation: applied once.
    auto const sum = TRY(json::get_string(fields, "sum"));
    store::Change const change{.operation = "plan-" + sum,
                               .kind = fmt::format("placement.{}", to_string(plan.order.kind)),
                               .target = target_of(plan.order),
                               .request = {{"plan", sum}},
                               .actor = actor};
    auto const answer = TRY(
        store.change(context, change, [&](sql::Transaction& transaction) -> Result<store::Changed> {
            Application application(transaction, plan);
            TRY(application.read());
            TRY(application.change());
            TRY(application.write());
            return store::Changed{.answer = {{"moves", plan.moves.size()}},
                                  .after = after_of(plan)};
        }));
    auto const moves = TRY(json::get_integer(answer, "moves"));
    return Applied{.moves = static_cast<std::uint64_t>(moves)};
}

}  // namespace aipress::placement

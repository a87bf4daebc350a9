#include "placement/plan.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "placement/look.h"

namespace aipress::placement {
namespace {

using store::Table;

constexpr std::array<std::string_view, 8> kKinds{"rebalance", "drain",  "return-home", "pin",
                                                 "unpin",     "cordon", "uncordon",    "retire"};

Error refused(ErrorCode code, std::string text) {
    return {code, std::move(text)};
}

Result<store::Shard> shard_named(sql::Transaction& transaction, std::string const& name) {
    auto found = TRY(Table<store::Shard>(transaction).find(name));
    if (found) return std::move(*found);
    return refused(ErrorCode::NotFound,
                   fmt::format("{} is no shard of this fleet; see aipress shard list", name));
}

Result<store::Tenant> tenant_named(sql::Transaction& transaction, std::string const& name) {
    auto found = TRY(Table<store::Tenant>(transaction).find(name));
    if (found && found->state != store::TenantState::Deleted) return std::move(*found);
    return refused(ErrorCode::NotFound,
                   fmt::format("{} is no tenant of this fleet; see aipress tenant list", name));
}

Result<void> plan_moves(sql::Transaction& transaction, Plan& plan) {
    auto rooms = TRY(read_rooms(transaction));
    auto const residents = TRY(read_residents(transaction));
    fleet::MovePlan moves;
    switch (plan.order.kind) {
        case PlanKind::Drain:
            moves = TRY(fleet::plan_drain(std::move(rooms), residents, plan.order.shard,
                                          plan.order.limits));
            break;
        case PlanKind::ReturnHome:
            moves = fleet::plan_return_home(std::move(rooms), residents, plan.order.limits);
            break;
        default:
            moves = fleet::plan_rebalance(std::move(rooms), residents, plan.order.limits);
    }
    plan.moves = std::move(moves.moves);
    plan.staying = std::move(moves.staying);
    return {};
}

Result<void> plan_pin(sql::Transaction& transaction, Plan& plan) {
    auto const tenant = TRY(tenant_named(transaction, plan.order.tenant));
    plan.tenants.push_back({tenant.id, tenant.version});
    if (plan.order.kind == PlanKind::Unpin) return {};
    if (tenant.next_shard) {
        return refused(ErrorCode::FailedPrecondition,
                       fmt::format("{} is on its way to {}: pin it when it is there", tenant.id,
                                   *tenant.next_shard));
    }
    if (!tenant.shard) {
        return refused(ErrorCode::FailedPrecondition,
                       fmt::format("{} has no place yet: aipress placement place {} --pin SHARD",
                                   tenant.id, tenant.id));
    }
    if (plan.order.shard.empty()) plan.order.shard = *tenant.shard;
    if (plan.order.shard == *tenant.shard) return {};
    auto const shard = TRY(shard_named(transaction, plan.order.shard));
    auto const room = room_of(shard);
    if (shard.state != fleet::ShardState::Active && shard.state != fleet::ShardState::Cordoned) {
        return refused(
            ErrorCode::FailedPrecondition,
            fmt::format("{} is {}: pin {} elsewhere", shard.id, to_string(shard.state), tenant.id));
    }
    if (!fleet::fits(room.taken, load_of(tenant), room.capacity)) {
        return refused(ErrorCode::ResourceExhausted,
                       fmt::format("{} has no room for {} ({})", shard.id, tenant.id,
                                   fleet::describe(room.taken, room.capacity)));
    }
    plan.moves.push_back({.tenant = tenant.id,
                          .from = *tenant.shard,
                          .to = shard.id,
                          .load = load_of(tenant),
                          .bytes = static_cast<std::uint64_t>(tenant.bytes)});
    return {};
}

Result<void> plan_state(sql::Transaction& transaction, Plan const& plan) {
    auto const shard = TRY(shard_named(transaction, plan.order.shard));
    bool const is_empty = shard.used + shard.reserved == 0;
    if (plan.order.kind == PlanKind::Retire && !is_empty) {
        return refused(ErrorCode::FailedPrecondition,
                       fmt::format("{} holds slots for {} tenants: drain it first", shard.id,
                                   shard.used + shard.reserved));
    }
    if (shard.state != fleet::ShardState::Retired) return {};
    return refused(ErrorCode::FailedPrecondition,
                   fmt::format("{} is retired: it comes back by no plan", shard.id));
}

Result<void> plan_changes(sql::Transaction& transaction, Plan& plan) {
    switch (plan.order.kind) {
        case PlanKind::Rebalance:
        case PlanKind::ReturnHome:
            return plan_moves(transaction, plan);
        case PlanKind::Drain:
            TRY(plan_state(transaction, plan));
            return plan_moves(transaction, plan);
        case PlanKind::Pin:
        case PlanKind::Unpin:
            return plan_pin(transaction, plan);
        case PlanKind::Cordon:
        case PlanKind::Uncordon:
        case PlanKind::Retire:
            return plan_state(transaction, plan);
    }
    return {};
}

// Of every shard and tenant that the plan names.
Result<void> note_facts(sql::Transaction& transaction, Plan& plan) {
    std::set<std::string> shards;
    if (!plan.order.shard.empty()) shards.insert(plan.order.shard);
    for (auto const& move : plan.moves) shards.insert({move.from, move.to});
    for (auto const& name : shards) {
        auto const shard = TRY(shard_named(transaction, name));
        plan.shards.push_back({name, shard.version});
    }
    std::set<std::string> known;
    for (auto const& fact : plan.tenants) known.insert(fact.name);
    for (auto const& move : plan.moves) {
        if (!known.insert(move.tenant).second) continue;
        auto const tenant = TRY(tenant_named(transaction, move.tenant));
        plan.tenants.push_back({tenant.id, tenant.version});
    }
    std::sort(plan.tenants.begin(), plan.tenants.end(),
              [](Fact const& a, Fact const& b) { return a.name < b.name; });
    return {};
}

}  // namespace

std::string_view to_string(PlanKind kind) {
    return kKinds.at(static_cast<std::size_t>(kind));
}

std::optional<PlanKind> plan_kind_of(std::string_view text) {
    auto const* const found = std::find(kKinds.begin(), kKinds.end(), text);
    if (found == kKinds.end()) return std::nullopt;
    return static_cast<PlanKind>(found - kKinds.begin());
}

bool Plan::changes_nothing() const {
    bool const is_only_moves =
        order.kind == PlanKind::Rebalance || order.kind == PlanKind::ReturnHome;
    return is_only_moves && moves.empty();
}

std::uint64_t Plan::bytes() const {
    std::uint64_t sum = 0;
    for (auto const& move : moves) sum += move.bytes;
    return sum;
}

std::string command_of(PlanOrder const& order) {
    auto text = fmt::format("aipress placement plan {}", to_string(order.kind));
    for (auto const& name : {order.tenant, order.shard}) {
        if (!name.empty()) text += " " + name;
    }
    return text;
}

Result<Plan> make_plan(Context const& context, store::Store& store, PlanOrder const& order) {
    return store.database().read(context, [&](sql::Transaction& transaction) -> Result<Plan> {
        Plan plan{.order = order};
        TRY(plan_changes(transaction, plan));
        TRY(note_facts(transaction, plan));
        return plan;
    });
}

}  // namespace aipress::placement

#include "placement/placer.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "fleet/tenant_name.h"
#include "placement/look.h"

namespace aipress::placement {
namespace {

using fleet::Placement;
using store::Table;

// How often a shard that filled up between the look and the transaction is replaced by another.
constexpr unsigned kLooksMost = 50;
// The spare is counted in the transaction when fewer slots than this are left above it, or than it
// has itself: more than other control planes take within kLookAge.
constexpr std::uint64_t kSpareIsNear = 64;

// Not a fault: the closure's answer when the tenant is not placed by this choice. Nothing is
// recorded.
Error ask_another() {
    return {ErrorCode::OutOfRange, "another shard is to be asked"};
}
bool means_ask_another(Error const& error) {
    return error.code() == ErrorCode::OutOfRange;
}

boost::json::object request_fields(PlaceRequest const& request) {
    return {{"tenant", request.site.tenant}, {"weight", request.site.load.weight},
            {"bytes", request.site.bytes},   {"pin", request.site.pin},
            {"endpoint", request.endpoint},  {"use_spare", request.spare == fleet::Spare::Use}};
}

// Exactly, at the price of meeting every other placement.
Result<void> check_spare_now(sql::Transaction& transaction) {
    return TRY(read_rooms(transaction)).check_spare(1);
}

store::Tenant new_tenant(PlaceRequest const& request, Placement const& placement,
                         store::Timestamp at) {
    auto const& site = request.site;
    return {.id = site.tenant,
            .epoch = placement.epoch.number,
            .home_shard = placement.home,
            .shard = placement.shard,
            .pinned_to = site.pin.empty() ? std::optional<std::string>() : std::optional(site.pin),
            .state = store::TenantState::Placed,
            .weight = static_cast<std::int64_t>(site.load.weight),
            .bytes = static_cast<std::int64_t>(site.bytes),
            .placed_by = std::string(fleet::to_string(placement.reason)),
            .created_at = at,
            .updated_at = at};
}

// Of a tenant that is still elsewhere: where it goes to.
Result<void> update_tenant(sql::Transaction& transaction, store::Tenant tenant,
                           Placement const& placement) {
    tenant.next_shard = placement.shard;
    tenant.placed_by = fleet::to_string(placement.reason);
    tenant.updated_at = store::now(transaction);
    TRY(Table<store::Tenant>(transaction).update(std::move(tenant)));
    return {};
}

Result<void> add_route(sql::Transaction& transaction, PlaceRequest const& request,
                       Placement const& placement) {
    TRY(store::set_route(transaction, {.tenant = request.site.tenant,
                                       .shard = placement.shard,
                                       .home_shard = placement.home,
                                       .endpoint = request.endpoint,
                                       .version = 0}));
    return {};
}

// The facts of this very moment: the choice's are as old as its look.
void refresh_facts(Placement& placement, fleet::Room const& room) {
    placement.shard_taken = room.taken;
    placement.shard_capacity = room.capacity;
    if (placement.shard != placement.home) return;
    placement.home_state = room.state;
    placement.home_taken = room.taken;
    placement.home_capacity = room.capacity;
}

bool takes(fleet::Room const& room, Placement const& placement) {
    bool const is_pinned = placement.reason == fleet::PlacementReason::Pinned;
    bool const is_open = room.state == fleet::ShardState::Active ||
                         (is_pinned && room.state == fleet::ShardState::Cordoned);
    return is_open && fleet::fits(room.taken, placement.load, room.capacity);
}

Result<void> check_not_deleted(store::Tenant const& tenant) {
    if (tenant.state != store::TenantState::Deleted) return {};
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("{} was deleted; its name is not given again", tenant.id));
}

Result<store::Changed> as_it_is(sql::Transaction& transaction, store::Tenant const& tenant) {
    auto recorded = TRY(recorded_placement(transaction, tenant));
    recorded.shard = place_of(tenant);
    return store::Changed{.answer = fleet::to_json(recorded)};
}

// Takes the slot. `known`: of a tenant that was there; a new one is by now.
Result<store::Changed> reserve(sql::Transaction& transaction, PlaceRequest const& request,
                               std::optional<store::Tenant> known, Placement placement) {
    Table<store::Shard> shards(transaction);
    auto shard = TRY(shards.find(placement.shard));
    if (!shard) return ask_another();
    auto const room = room_of(*shard);
    if (!takes(room, placement)) return ask_another();
    refresh_facts(placement, room);
    take(*shard, placement.load, known ? Hold::Reserved : Hold::Used);
    shard->updated_at = store::now(transaction);
    TRY(shards.update(std::move(*shard)));
    if (known) {
        TRY(update_tenant(transaction, std::move(*known), placement));
    } else {
        TRY(add_route(transaction, request, placement));
    }
    auto const facts = fleet::to_json(placement);
    return store::Changed{.answer = facts,
                          .after = {{"shard", placement.shard}, {"placement", facts}}};
}

}  // namespace

Result<std::shared_ptr<Placer::Look const>> Placer::look(Context const& context, Age age) {
    {
        std::lock_guard const lock(mutex_);
        bool const is_recent = last_ != nullptr && context.clock().now() - last_->at < kLookAge;
        if (age == Age::Recent && is_recent) return last_;
    }
    auto const at = context.clock().now();
    auto taken = TRY(store_.database().read(
        context, [&](sql::Transaction& transaction) -> Result<std::shared_ptr<Look const>> {
            auto const epoch = TRY(read_epoch(transaction));
            auto rooms = TRY(read_rooms(transaction));
            return std::make_shared<Look const>(Look{std::move(rooms), epoch, at});
        }));
    std::lock_guard const lock(mutex_);
    last_ = taken;
    return taken;
}

Result<Placer::Choice> Placer::choose(Context const& context, PlaceRequest const& request,
                                      std::optional<Settled> const& settled, Age age) {
    auto const look = TRY(this->look(context, age));
    auto site = request.site;
    if (settled) site.load = settled->load;
    Choice choice{.for_settled = settled.has_value()};
    choice.placement =
        TRY(look->rooms.place(site, settled ? settled->epoch : look->epoch, request.spare));
    if (request.spare == fleet::Spare::Keep) {
        auto const spare = look->rooms.spare_slots();
        auto const above =
            look->rooms.free_slots() - spare;  // place() has seen that there are some
        if (above < std::max(kSpareIsNear, spare)) choice.count_spare = Choice::Count::Yes;
    }
    return choice;
}

Result<std::optional<Placement>> Placer::ask(Context const& context, PlaceRequest const& request,
                                             Choice const& choice,
                                             std::optional<Settled>& settled) {
    store::Change const change{.operation = request.operation,
                               .kind = std::string(kPlaceKind),
                               .target = request.site.tenant,
                               .request = request_fields(request),
                               .actor = request.actor};
    auto answered = store_.change(
        context, change, [&](sql::Transaction& transaction) -> Result<store::Changed> {
            // Not looked for first: PostgreSQL takes two that look for what is not there, side by
            // side in an index, for a conflict, and one of them would do all again.
            Table<store::Tenant> tenants(transaction);
            std::optional<store::Tenant> known;
            if (!TRY(tenants.insert_new(
                    new_tenant(request, choice.placement, store::now(transaction))))) {
                known = TRY(tenants.get(request.site.tenant));
            }
            if (known) TRY(check_not_deleted(*known));
            if (known && !place_of(*known).empty()) return as_it_is(transaction, *known);
            if (known && !choice.for_settled) {
                auto const epoch = TRY(Table<store::Epoch>(transaction).get(known->epoch));
                settled = Settled{.epoch = epoch_of(epoch), .load = load_of(*known)};
                return ask_another();
            }
            if (choice.count_spare == Choice::Count::Yes) TRY(check_spare_now(transaction));
            return reserve(transaction, request, std::move(known), choice.placement);
        });
    if (!answered.ok() && means_ask_another(answered.error())) return std::optional<Placement>();
    auto const fields = TRY(std::move(answered));
    return std::optional<Placement>(TRY(fleet::read_placement(fields)));
}

Result<std::optional<Placement>> Placer::find_placed(Context const& context,
                                                     std::string const& tenant) {
    return store_.database().read(
        context, [&](sql::Transaction& transaction) -> Result<std::optional<Placement>> {
            auto const known = TRY(Table<store::Tenant>(transaction).find(tenant));
            if (!known || place_of(*known).empty()) return std::optional<Placement>();
            TRY(check_not_deleted(*known));
            auto recorded = TRY(recorded_placement(transaction, *known));
            recorded.shard = place_of(*known);
            return std::optional<Placement>(std::move(recorded));
        });
}

Result<Placement> Placer::place(Context const& context, PlaceRequest const& request) {
    TRY(fleet::check_tenant_name(request.site.tenant));
    std::optional<Settled> settled;
    for (unsigned looks = 0; looks < kLooksMost; ++looks) {
        auto const age = looks == 0 ? Age::Recent : Age::Fresh;
        auto const choice = choose(context, request, settled, age);
        // What is not plain, or a refusal, rests on the fleet as it is now.
        bool const is_plain = choice.ok() && !choice->placement.displaced();
        if (!is_plain && age == Age::Recent) continue;
        if (!choice.ok()) {
            auto placed = TRY(find_placed(context, request.site.tenant));
            if (placed) return std::move(*placed);
            return choice.error();
        }
        auto placed = TRY(ask(context, request, choice.value(), settled));
        if (placed) return std::move(*placed);
    }
    return Error(ErrorCode::Aborted,
                 fmt::format("placing {}: shards filled up faster than they could be looked at; "
                             "try again",
                             request.site.tenant));
}

}  // namespace aipress::placement

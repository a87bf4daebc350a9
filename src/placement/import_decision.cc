#include "placement/import_decision.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <unordered_map>
#include <utility>

#include "fleet/batch.h"
#include "placement/look.h"

namespace aipress::placement {
namespace {

using fleet::Placement;
using store::TenantState;

// Of a statement's parameters: sql::limits::kParametersMost.
constexpr std::size_t kLookedUpAtOnce = 500;

// A tenant as the store has it, as far as a file can say it otherwise.
struct Known {
    std::string shard = {};
    TenantState state = TenantState::Legacy;
    std::int64_t weight = 0;
    std::int64_t bytes = 0;
    std::string endpoint = {};
};
using KnownTenants = std::unordered_map<std::string, Known>;

Result<void> read_known(sql::Transaction& transaction, std::span<TenantRow const> rows,
                        KnownTenants& known) {
    std::string sql =
        "SELECT t.id, t.shard, t.next_shard, t.state, t.weight, t.bytes, r.endpoint "
        "FROM tenants t LEFT JOIN routes r ON r.tenant = t.id WHERE t.id IN (";
    sql::Parameters ids;
    for (auto const& row : rows) {
        sql += fmt::format("{}${}", ids.empty() ? "" : ", ", ids.size() + 1);
        ids.emplace_back(row.tenant);
    }
    auto const found = TRY(transaction.query(sql + ")", ids));
    for (auto const& row : found) {
        Known one;
        std::string id;
        std::string state;
        std::optional<std::string> shard;
        std::optional<std::string> next_shard;
        std::optional<std::string> endpoint;
        TRY(row.into(id, shard, next_shard, state, one.weight, one.bytes, endpoint));
        one.shard = shard ? *shard : next_shard.value_or("");
        one.state = store::tenant_state_of(state).value_or(TenantState::Deleted);
        one.endpoint = endpoint.value_or("");
        known.emplace(std::move(id), std::move(one));
    }
    return {};
}

Result<KnownTenants> read_known(sql::Transaction& transaction, std::vector<TenantRow> const& rows) {
    KnownTenants known;
    std::span<TenantRow const> left(rows);
    while (!left.empty()) {
        auto const count = std::min(left.size(), kLookedUpAtOnce);
        TRY(read_known(transaction, left.first(count), known));
        left = left.subspan(count);
    }
    return known;
}

// Decides where every tenant of the file goes, or why not.
class Decider {
public:
    Decider(fleet::Rooms rooms, fleet::Epoch epoch, KnownTenants known)
        : rooms_(std::move(rooms)), epoch_(epoch), known_(std::move(known)) {}

    [[nodiscard]] Decision decide(std::vector<TenantRow> const& rows, fleet::Spare spare);

private:
    void fault(TenantRow const& row, std::string text) {
        decision_.report.faults.push_back({row.line, std::move(text)});
    }
    void compare(TenantRow const& row, Known const& known);
    void settle(TenantRow const& row);
    void place(std::vector<TenantRow const*> const& rows, fleet::Spare spare);

    fleet::Rooms rooms_;
    fleet::Epoch const epoch_;
    KnownTenants const known_;
    Decision decision_;
};

fleet::Load load_of(TenantRow const& row) {
    return {.slots = 1, .weight = row.weight.value_or(fleet::kOrdinaryWeight)};
}

void Decider::compare(TenantRow const& row, Known const& known) {
    auto const check = [&](bool is_same, std::string_view field, auto const& is) {
        if (is_same) return;
        fault(row, fmt::format("{} is there already, with {} {}: import changes nothing that is "
                               "there",
                               row.tenant, field, is));
    };
    check(!row.shard || *row.shard == known.shard, "shard",
          known.shard.empty() ? "(none)" : known.shard);
    check(!row.state || *row.state == known.state, "state", to_string(known.state));
    check(known.state != TenantState::Deleted, "state", "deleted");
    check(!row.weight || static_cast<std::int64_t>(*row.weight) == known.weight, "weight",
          static_cast<double>(known.weight) / 1'000);
    check(!row.bytes || static_cast<std::int64_t>(*row.bytes) == known.bytes, "bytes", known.bytes);
    check(!row.endpoint || *row.endpoint == known.endpoint, "endpoint", known.endpoint);
    ++decision_.report.unchanged;
}

// It lives there: cordoned or not, but no shard holds more than it can.
void Decider::settle(TenantRow const& row) {
    auto const* const room = rooms_.find(*row.shard);
    if (room == nullptr) {
        return fault(row,
                     fmt::format("shard: {} is not in the store; import it first", *row.shard));
    }
    if (room->state == fleet::ShardState::Retired) {
        return fault(row, fmt::format("shard: {} is retired", *row.shard));
    }
    auto const load = load_of(row);
    if (!fleet::fits(room->taken, load, room->capacity)) {
        return fault(row, fmt::format("shard: {} has no room for it ({})", *row.shard,
                                      fleet::describe(room->taken, room->capacity)));
    }
    Placement placement{.tenant = row.tenant,
                        .epoch = epoch_,
                        .home = fleet::home_shard(row.tenant, epoch_),
                        .shard = *row.shard,
                        .reason = fleet::PlacementReason::Imported,
                        .load = load};
    rooms_.take(*row.shard, load);
    decision_.newcomers.push_back({&row, std::move(placement)});
}

void Decider::place(std::vector<TenantRow const*> const& rows, fleet::Spare spare) {
    std::vector<fleet::Site> sites;
    sites.reserve(rows.size());
    for (auto const* const row : rows) {
        sites.push_back(
            {.tenant = row->tenant, .load = load_of(*row), .bytes = row->bytes.value_or(0)});
    }
    auto placed = fleet::place_batch(rooms_, sites, epoch_, spare);
    if (!placed.ok()) {
        decision_.report.faults.push_back({0, placed.error().message()});
        return;
    }
    auto placements = placed.release();
    decision_.report.placed = placements.size();
    for (std::size_t i = 0; i < placements.size(); ++i) {
        decision_.report.displaced += placements[i].displaced() ? 1 : 0;
        decision_.newcomers.push_back({rows[i], std::move(placements[i])});
    }
}

Decision Decider::decide(std::vector<TenantRow> const& rows, fleet::Spare spare) {
    std::vector<TenantRow const*> unsettled;
    for (auto const& row : rows) {
        auto const known = known_.find(row.tenant);
        if (known != known_.end()) {
            compare(row, known->second);
        } else if (row.shard) {
            settle(row);
        } else {
            unsettled.push_back(&row);
        }
    }
    place(unsettled, spare);
    decision_.report.added = decision_.newcomers.size();
    return std::move(decision_);
}

}  // namespace

Result<Decision> decide(sql::Transaction& transaction, std::vector<TenantRow> const& rows,
                        fleet::Spare spare) {
    auto const epoch = TRY(read_epoch(transaction));
    auto rooms = TRY(read_rooms(transaction));
    auto known = TRY(read_known(transaction, rows));
    return Decider(std::move(rooms), epoch, std::move(known)).decide(rows, spare);
}

}  // namespace aipress::placement

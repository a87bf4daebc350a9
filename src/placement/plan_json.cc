#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/sha256.h"
#include "fleet/placement.h"
#include "json/fields.h"
#include "placement/plan.h"

namespace aipress::placement {
namespace {

using boost::json::object;
using json::get_integer;
using json::get_string;

boost::json::array to_json(std::vector<Fact> const& facts) {
    boost::json::array list;
    for (auto const& fact : facts) list.push_back({{"name", fact.name}, {"version", fact.version}});
    return list;
}

object to_json(fleet::Move const& move) {
    return {{"tenant", move.tenant},
            {"from", move.from},
            {"to", move.to},
            {"weight", move.load.weight},
            {"bytes", move.bytes}};
}

object without_sum(Plan const& plan) {
    boost::json::array moves;
    for (auto const& move : plan.moves) moves.push_back(to_json(move));
    boost::json::array staying;
    for (auto const& one : plan.staying) {
        staying.push_back({{"tenant", one.tenant}, {"reason", one.reason}});
    }
    return {{"kind", to_string(plan.order.kind)}, {"shard", plan.order.shard},
            {"tenant", plan.order.tenant},        {"moves", std::move(moves)},
            {"staying", std::move(staying)},      {"shards", to_json(plan.shards)},
            {"tenants", to_json(plan.tenants)}};
}

std::string sum_of(object const& fields) {
    return sha256_hex(boost::json::serialize(fields));
}

Error no_plan(std::string const& what) {
    return {ErrorCode::InvalidArgument, "is no plan: " + what};
}

// Calls read(object) for every item.
template <typename Read>
Result<void> read_list(object const& fields, std::string_view name, Read const& read) {
    auto const* const list = fields.if_contains(name);
    if (list == nullptr || !list->is_array()) {
        return no_plan(fmt::format("$.{}: expected a list", name));
    }
    for (auto const& item : list->get_array()) {
        if (!item.is_object()) return no_plan(fmt::format("$.{}: expected objects", name));
        TRY(read(item.get_object()));
    }
    return {};
}

Result<void> read_facts(object const& fields, std::string_view name, std::vector<Fact>& facts) {
    return read_list(fields, name, [&](object const& item) -> Result<void> {
        Fact fact;
        fact.name = TRY(get_string(item, "name"));
        fact.version = TRY(get_integer(item, "version"));
        facts.push_back(std::move(fact));
        return {};
    });
}

Result<std::uint64_t> get_count(object const& fields, std::string_view name) {
    auto const number = TRY(get_integer(fields, name));
    if (number < 0) return no_plan(fmt::format("$.{}: is negative", name));
    return static_cast<std::uint64_t>(number);
}

Result<fleet::Move> read_move(object const& item) {
    fleet::Move move;
    move.tenant = TRY(get_string(item, "tenant"));
    move.from = TRY(get_string(item, "from"));
    move.to = TRY(get_string(item, "to"));
    move.load.weight = TRY(get_count(item, "weight"));
    move.bytes = TRY(get_count(item, "bytes"));
    return move;
}

}  // namespace

object to_json(Plan const& plan) {
    auto fields = without_sum(plan);
    auto const sum = sum_of(fields);
    fields["sum"] = sum;
    return fields;
}

Result<Plan> read_plan(object const& fields) {
    auto const kind = plan_kind_of(TRY(get_string(fields, "kind")));
    if (!kind) return no_plan("$.kind: is none");
    Plan plan;
    plan.order.kind = *kind;
    plan.order.shard = TRY(get_string(fields, "shard"));
    plan.order.tenant = TRY(get_string(fields, "tenant"));
    TRY(read_list(fields, "moves", [&](object const& item) -> Result<void> {
        plan.moves.push_back(TRY(read_move(item)));
        return {};
    }));
    TRY(read_list(fields, "staying", [&](object const& item) -> Result<void> {
        fleet::Staying one;
        one.tenant = TRY(get_string(item, "tenant"));
        one.reason = TRY(get_string(item, "reason"));
        plan.staying.push_back(std::move(one));
        return {};
    }));
    TRY(read_facts(fields, "shards", plan.shards));
    TRY(read_facts(fields, "tenants", plan.tenants));
    if (TRY(get_string(fields, "sum")) != sum_of(without_sum(plan))) {
        return no_plan("it was edited after it was made: its sum is another");
    }
    return plan;
}

}  // namespace aipress::placement

#include "cli/fleet_output.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/table.h"
#include "placement/look.h"

namespace aipress::cli {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::size_t kWhyWidth = 70;

std::string line_of(object const& fields) {
    return boost::json::serialize(fields) + "\n";
}

value or_null(std::optional<std::string> const& text) {
    return text ? value(*text) : value(nullptr);
}

// "1.5": thousandths of an ordinary site.
std::string sites(std::int64_t thousandths) {
    return fmt::format("{}", static_cast<double>(thousandths) / 1'000);
}

object fields_of(store::Shard const& shard) {
    return {{"shard", shard.id},
            {"number", shard.number},
            {"project", shard.project},
            {"region", shard.region},
            {"state", to_string(placement::room_of(shard).shown_state())},
            {"slots", shard.cap_slots},
            {"used", shard.used},
            {"reserved", shard.reserved},
            {"weight_most", shard.cap_weight},
            {"weight", shard.weight},
            {"updated_at", sql::to_text(shard.updated_at)},
            {"version", shard.version}};
}

object fields_of(store::Tenant const& tenant) {
    return {{"tenant", tenant.id},
            {"epoch", tenant.epoch},
            {"home_shard", tenant.home_shard},
            {"shard", or_null(tenant.shard)},
            {"next_shard", or_null(tenant.next_shard)},
            {"pinned_to", or_null(tenant.pinned_to)},
            {"displaced", placement::place_of(tenant) != tenant.home_shard},
            {"state", to_string(tenant.state)},
            {"weight", tenant.weight},
            {"bytes", tenant.bytes},
            {"placed_by", tenant.placed_by},
            {"created_at", sql::to_text(tenant.created_at)},
            {"updated_at", sql::to_text(tenant.updated_at)},
            {"version", tenant.version}};
}

std::vector<std::string> cells_of(store::Shard const& shard) {
    auto const room = placement::room_of(shard);
    return {shard.id,
            std::string(to_string(room.shown_state())),
            fmt::format("{} of {}", room.taken.slots, room.capacity.slots),
            std::to_string(shard.reserved),
            fmt::format("{} of {}", sites(shard.weight), sites(shard.cap_weight)),
            shard.region};
}

Table shards_table() {
    return Table({{"shard"},
                  {"state"},
                  {"slots", Align::Right},
                  {"reserved", Align::Right},
                  {"weight", Align::Right},
                  {"region"}});
}

std::string tenants_table(std::vector<store::Tenant> const& tenants) {
    Table table({{"tenant"},
                 {"state"},
                 {"shard"},
                 {"home"},
                 {"going to"},
                 {"pinned to"},
                 {"weight", Align::Right},
                 {"size", Align::Right},
                 {"placed by"}});
    for (auto const& tenant : tenants) {
        bool const is_home = placement::place_of(tenant) == tenant.home_shard;
        table.add_row({tenant.id, std::string(to_string(tenant.state)), tenant.shard.value_or("-"),
                       is_home ? "" : tenant.home_shard, tenant.next_shard.value_or(""),
                       tenant.pinned_to.value_or(""), sites(tenant.weight),
                       format_bytes(static_cast<std::uint64_t>(tenant.bytes)), tenant.placed_by});
    }
    return table.render();
}

boost::json::array list_of(std::vector<store::Tenant> const& tenants) {
    boost::json::array list;
    for (auto const& tenant : tenants) list.emplace_back(fields_of(tenant));
    return list;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
    return fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

object fields_of(fleet::Simulation const& simulation, milliseconds took) {
    return {{"load", simulation.load},
            {"overfull_homes", simulation.overfull_homes},
            {"fullest_home", simulation.fullest_home},
            {"displaced_online", simulation.displaced_online},
            {"displaced_in_batch", simulation.displaced_in_batch},
            {"fullest_shard", simulation.fullest_shard},
            {"shards_added", simulation.shards_added},
            {"moved_by_adding", simulation.moved_by_adding},
            {"formula_would_move", simulation.formula_would_move},
            {"lost_shard", simulation.lost_shard},
            {"lived_there", simulation.lived_there},
            {"moved_by_loss", simulation.moved_by_loss},
            {"took_ms", took.count()}};
}

std::string what_it_does(placement::PlanOrder const& order) {
    using placement::PlanKind;
    switch (order.kind) {
        case PlanKind::Drain:
            return fmt::format("{} takes nobody any more, and gives its tenants away", order.shard);
        case PlanKind::Cordon:
            return fmt::format("{} takes nobody any more; who is there stays", order.shard);
        case PlanKind::Uncordon:
            return fmt::format("{} takes tenants again", order.shard);
        case PlanKind::Retire:
            return fmt::format("{} is given up for good", order.shard);
        case PlanKind::Pin:
            return fmt::format("{} is kept on {}", order.tenant, order.shard);
        case PlanKind::Unpin:
            return fmt::format("{} may be moved again", order.tenant);
        case PlanKind::Rebalance:
            return "The fullest shards give to the emptiest";
        case PlanKind::ReturnHome:
            return "Displaced tenants go home";
    }
    return "";
}

}  // namespace

std::string render(fleet::Simulation const& simulation, fleet::SimulationOptions const& options,
                   milliseconds took, OutputFormat format) {
    if (format == OutputFormat::Json) return line_of(fields_of(simulation, took));
    Table table({{"what"}, {"tenants", Align::Right}, {"of all", Align::Right}});
    auto const add = [&](std::string what, std::uint64_t count) {
        table.add_row({std::move(what), format_count(count), percent(count, options.tenants)});
    };
    add("displaced, one by one", simulation.displaced_online);
    add("displaced, as one batch", simulation.displaced_in_batch);
    add(fmt::format("moved when {} shards are added", simulation.shards_added),
        simulation.moved_by_adding);
    add("that the hash alone would have moved", simulation.formula_would_move);
    add(fmt::format("moved when {} is lost", simulation.lost_shard), simulation.moved_by_loss);
    return fmt::format(
        "{} tenants on {} shards of {}: load {:.3f}, {} % kept for moves\n\n{}\n"
        "The hash alone overfills {} shards, the fullest with {} tenants; here none has "
        "more than {}.\nTook {} ms.\n",
        format_count(options.tenants), format_count(options.shards), options.capacity,
        simulation.load, options.spare_percent, table.render(),
        format_count(simulation.overfull_homes), simulation.fullest_home, simulation.fullest_shard,
        took.count());
}

std::string render(placement::Plan const& plan, OutputFormat format) {
    if (format == OutputFormat::Json) return line_of(to_json(plan));
    Table moves({{"tenant"}, {"from"}, {"to"}, {"size", Align::Right}});
    for (auto const& move : plan.moves) {
        moves.add_row({move.tenant, move.from, move.to, format_bytes(move.bytes)});
    }
    Table staying({{"stays"}, {"reason", Align::Left, kWhyWidth}});
    for (auto const& one : plan.staying) staying.add_row({one.tenant, one.reason});
    return fmt::format("{}: {} moves, {}.\n{}{}{}{}", what_it_does(plan.order),
                       format_count(plan.moves.size()), format_bytes(plan.bytes()),
                       moves.empty() ? "" : "\n", moves.empty() ? "" : moves.render(),
                       staying.empty() ? "" : "\n", staying.empty() ? "" : staying.render());
}

std::string render(placement::ImportReport const& report, OutputFormat format) {
    if (format == OutputFormat::Json) {
        return line_of({{"added", report.added},
                        {"unchanged", report.unchanged},
                        {"placed", report.placed},
                        {"displaced", report.displaced}});
    }
    auto text = fmt::format("{} added, {} were there already", format_count(report.added),
                            format_count(report.unchanged));
    if (report.placed > 0) {
        text += fmt::format("; {} placed, {} of them not at home", format_count(report.placed),
                            format_count(report.displaced));
    }
    return text + "\n";
}

std::string render(fleet::Placement const& placement, std::string const& why, OutputFormat format) {
    if (format == OutputFormat::Table) return why + "\n";
    auto fields = to_json(placement);
    fields["displaced"] = placement.displaced();
    fields["why"] = why;
    return line_of(fields);
}

std::string render(std::vector<store::Shard> const& shards, OutputFormat format) {
    if (format == OutputFormat::Json) {
        boost::json::array list;
        for (auto const& shard : shards) list.emplace_back(fields_of(shard));
        return line_of({{"shards", std::move(list)}});
    }
    auto table = shards_table();
    std::vector<fleet::Room> rooms;
    for (auto const& shard : shards) {
        table.add_row(cells_of(shard));
        rooms.push_back(placement::room_of(shard));
    }
    auto const count = rooms.size();
    fleet::Rooms const fleet(std::move(rooms));
    return fmt::format("{}\n{} shards; {} of {} slots of active ones are free, {} kept for moves\n",
                       table.render(), format_count(count), format_count(fleet.free_slots()),
                       format_count(fleet.active_slots()), format_count(fleet.spare_slots()));
}

std::string render(std::vector<store::Tenant> const& tenants, OutputFormat format) {
    if (format == OutputFormat::Json) return line_of({{"tenants", list_of(tenants)}});
    std::uint64_t displaced = 0;
    for (auto const& tenant : tenants) {
        displaced += placement::place_of(tenant) == tenant.home_shard ? 0 : 1;
    }
    return fmt::format("{}\n{} tenants, {} of them not at home\n", tenants_table(tenants),
                       format_count(tenants.size()), format_count(displaced));
}

std::string render(store::Shard const& shard, std::vector<store::Tenant> const& tenants,
                   OutputFormat format) {
    if (format == OutputFormat::Json) {
        auto fields = fields_of(shard);
        fields["tenants"] = list_of(tenants);
        return line_of(fields);
    }
    auto table = shards_table();
    table.add_row(cells_of(shard));
    return table.render() + "\n" + render(tenants, format);
}

std::string render(store::Tenant const& tenant, std::string const& why, OutputFormat format) {
    if (format == OutputFormat::Json) {
        auto fields = fields_of(tenant);
        fields["why"] = why;
        return line_of(fields);
    }
    return tenants_table({tenant}) + "\n" + why + "\n";
}

std::string render(store::Route const& route, OutputFormat format) {
    if (format == OutputFormat::Json) {
        return line_of({{"tenant", route.tenant},
                        {"shard", or_null(route.shard)},
                        {"home_shard", route.home_shard},
                        {"displaced", route.shard && *route.shard != route.home_shard},
                        {"state", to_string(route.state)},
                        {"route_version", route.version},
                        {"endpoint", route.endpoint},
                        {"changed_at", sql::to_text(route.changed_at)}});
    }
    Table table({{"tenant"},
                 {"shard"},
                 {"home"},
                 {"state"},
                 {"version", Align::Right},
                 {"since"},
                 {"endpoint"}});
    table.add_row({route.tenant, route.shard.value_or("-"), route.home_shard,
                   std::string(to_string(route.state)), std::to_string(route.version),
                   sql::to_text(route.changed_at), route.endpoint});
    return table.render();
}

}  // namespace aipress::cli

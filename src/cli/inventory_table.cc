#include "cli/inventory_table.h"

#include <fmt/format.h>

#include "cli/table.h"

namespace aipress::cli {
namespace {

using inventory::Drift;
using inventory::Inventory;
using inventory::Measured;

constexpr std::size_t kReasonWidth = 60;

std::string count_cell(Measured const& measured) {
    return measured.value ? format_count(static_cast<std::uint64_t>(*measured.value)) : "?";
}

std::string bytes_cell(Measured const& measured, bool is_at_least) {
    if (!measured.value) return "?";
    return (is_at_least ? ">" : "") + format_bytes(static_cast<std::uint64_t>(*measured.value));
}

std::string tenants_table(Inventory const& inventory) {
    Table table({{"tenant"},
                 {"traffic"},
                 {"requests/day", Align::Right},
                 {"size"},
                 {"database", Align::Right},
                 {"files", Align::Right},
                 {"objects", Align::Right},
                 {"multisite"},
                 {"woocommerce"},
                 {"custom domain"},
                 {"terraform"},
                 {"drift", Align::Right}});
    for (auto const& tenant : inventory.tenants) {
        auto const& classes = tenant.classes;
        table.add_row(
            {tenant.name, std::string(to_string(classes.traffic.value)),
             count_cell(tenant.requests_a_day), std::string(to_string(classes.size.value)),
             bytes_cell(tenant.database_bytes, false),
             bytes_cell(tenant.media_bytes, tenant.is_at_least), count_cell(tenant.media_objects),
             std::string(to_string(classes.multisite.value)),
             std::string(to_string(classes.woocommerce.value)),
             std::string(to_string(classes.custom_domain.value)),
             std::string(to_string(tenant.state)), format_count(tenant.drift.size())});
    }
    return table.render();
}

std::string drift_table(Inventory const& inventory) {
    Table table({{"tenant"}, {"resource"}, {"drift"}, {"terraform"}, {"live"}});
    for (auto const& tenant : inventory.tenants) {
        for (auto const& drift : tenant.drift) {
            bool const is_change = drift.what == Drift::What::Changed;
            table.add_row({tenant.name, fmt::format("{} {}", to_string(drift.kind), drift.name),
                           is_change ? drift.attribute : std::string(to_string(drift.what)),
                           drift.declared, drift.live});
        }
    }
    return table.empty() ? "" : "\n" + table.render();
}

std::string notes_table(Inventory const& inventory) {
    Table table({{"tenant"}, {"note", Align::Left, kReasonWidth}});
    for (auto const& tenant : inventory.tenants) {
        for (auto const& note : tenant.notes) table.add_row({tenant.name, note});
    }
    return table.empty() ? "" : "\n" + table.render();
}

std::string orphans_table(Inventory const& inventory) {
    Table table({{"orphan"}, {"name"}, {"reason", Align::Left, kReasonWidth}});
    for (auto const& orphan : inventory.orphans) {
        table.add_row({orphan.what, orphan.name, orphan.reason});
    }
    return table.empty() ? "" : "\n" + table.render();
}

std::string gaps_table(Inventory const& inventory) {
    Table table({{"not read"}, {"reason", Align::Left, kReasonWidth}});
    for (auto const& gap : inventory.gaps) table.add_row({gap.what, gap.reason});
    return table.empty() ? "" : "\n" + table.render();
}

}  // namespace

std::string render_inventory(Inventory const& inventory) {
    auto text = tenants_table(inventory) + drift_table(inventory) + notes_table(inventory) +
                orphans_table(inventory) + gaps_table(inventory);
    if (!inventory.not_compared.empty()) {
        text += "\nin state files, but not compared:";
        for (auto const& [type, count] : inventory.not_compared) {
            text += fmt::format(" {} {}", format_count(count), type);
        }
        text += "\n";
    }
    return text + fmt::format("\n{}: {} tenants, {} orphans, {} not read\n", inventory.project,
                              format_count(inventory.tenants.size()),
                              format_count(inventory.orphans.size()),
                              format_count(inventory.gaps.size()));
}

}  // namespace aipress::cli

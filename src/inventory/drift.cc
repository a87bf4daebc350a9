#include "inventory/drift.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

namespace aipress::inventory {
namespace {

bool has_fact(Resource const& resource, Fact const& wanted) {
    return std::any_of(resource.facts.begin(), resource.facts.end(), [&](Fact const& fact) {
        return fact.attribute == wanted.attribute && fact.value == wanted.value;
    });
}

// An instance has several addresses, a resource several labels: any of them will do.
std::string live_text(Resource const& live, Fact const& declared) {
    if (declared.attribute != Attribute::Label) return std::string(live.fact(declared.attribute));
    return std::string(live.label(declared.value.substr(0, declared.value.find('='))));
}

bool was_read(Inventory const& inventory, Kind kind) {
    return inventory.was_read.at(static_cast<std::size_t>(kind));
}

// The tenant that holds most of what is declared; nullptr: none holds any.
Tenant* holder_of(Inventory& inventory, StateFile const& state) {
    std::map<std::uint32_t, std::size_t> counts;
    for (auto const& one : state.declared) {
        auto const index = inventory.resources.find(one.resource.kind, one.resource.key);
        if (index == Resources::kNone) continue;
        auto const& resource = inventory.resources.at(index);
        if (resource.holder != kNoHolder) ++counts[resource.holder];
    }
    auto const most =
        std::max_element(counts.begin(), counts.end(),
                         [](auto const& a, auto const& b) { return a.second < b.second; });
    return most == counts.end() ? nullptr : &inventory.tenants[most->first];
}

}  // namespace

std::vector<Drift> compare(Declared const& declared, Resource const& live) {
    std::vector<Drift> found;
    for (auto const& fact : declared.resource.facts) {
        if (has_fact(live, fact)) continue;
        bool const is_label = fact.attribute == Attribute::Label;
        auto const equals = fact.value.find('=');
        found.push_back({.what = Drift::What::Changed,
                         .kind = live.kind,
                         .name = live.name(),
                         .address = declared.address,
                         .attribute = is_label ? "label " + fact.value.substr(0, equals)
                                               : std::string(to_string(fact.attribute)),
                         .declared = is_label ? fact.value.substr(equals + 1) : fact.value,
                         .live = live_text(live, fact)});
    }
    return found;
}

void add_state(Inventory& inventory, std::string const& object, std::string const& folder,
               StateFile const& state) {
    ++inventory.state_files;
    for (auto const& [type, count] : state.not_compared) inventory.not_compared[type] += count;
    std::vector<Drift> drift;
    std::size_t live_count = 0;
    bool is_all_read = true;
    for (auto const& one : state.declared) {
        auto const kind = one.resource.kind;
        auto const index = inventory.resources.find(kind, one.resource.key);
        if (index != Resources::kNone) {
            auto& live = inventory.resources.at(index);
            live.is_declared = true;
            ++live_count;
            for (auto& each : compare(one, live)) drift.push_back(std::move(each));
        } else if (was_read(inventory, kind)) {
            drift.push_back({.what = Drift::What::NotLive,
                             .kind = kind,
                             .name = one.resource.name(),
                             .address = one.address});
        } else {
            is_all_read = false;
        }
    }
    auto* tenant = holder_of(inventory, state);
    if (tenant == nullptr) tenant = inventory.find_tenant(folder);
    if (tenant == nullptr || state.managed == 0) {
        std::string reason = fmt::format(
            "{} of the resources that it declares are live, but they are no tenant's", live_count);
        if (live_count == 0) reason = "nothing that it declares is live";
        if (state.managed == 0) reason = "it declares no resources";
        if (is_all_read) {
            inventory.orphans.push_back(
                {.what = "state file", .name = object, .reason = std::move(reason)});
        }
        if (tenant == nullptr) return;
    }
    if (tenant->state == StateStatus::Read) {
        tenant->notes.push_back(fmt::format("{} declares it too", object));
    } else {
        tenant->state_object = object;
    }
    // One that could not be read before says more.
    if (tenant->state != StateStatus::Unreadable) tenant->state = StateStatus::Read;
    for (auto& each : drift) tenant->drift.push_back(std::move(each));
}

void find_undeclared(Inventory& inventory) {
    for (auto& tenant : inventory.tenants) {
        if (tenant.state != StateStatus::Read) continue;
        for (auto const& held : tenant.holds) {
            auto const& resource = inventory.resources.at(held.resource);
            if (resource.is_declared) continue;
            tenant.drift.push_back(
                {.what = Drift::What::NotDeclared, .kind = resource.kind, .name = resource.name()});
        }
    }
}

}  // namespace aipress::inventory

#include "inventory/report.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <string>

namespace aipress::inventory {
namespace {

namespace json = boost::json;

json::value written(Measured const& measured) {
    if (!measured.value) return json::object{{"value", nullptr}, {"source", measured.source}};
    return json::object{{"value", static_cast<std::int64_t>(*measured.value)},
                        {"source", measured.source}};
}

template <typename T>
json::object written(Reasoned<T> const& reasoned) {
    return {{"value", to_string(reasoned.value)}, {"reason", reasoned.reason}};
}

json::object written(Held const& held, Resources const& resources) {
    auto const& resource = resources.at(held.resource);
    json::object attributes;
    json::object labels;
    for (auto const& [attribute, value] : resource.facts) {
        if (attribute == Attribute::Label) {
            auto const equals = value.find('=');
            labels[value.substr(0, equals)] = value.substr(equals + 1);
        } else if (!attributes.contains(to_string(attribute))) {
            attributes[to_string(attribute)] = value;
        }
    }
    json::object object{{"kind", to_string(resource.kind)},
                        {"name", resource.name()},
                        {"evidence", to_string(held.evidence)},
                        {"in_terraform", resource.is_declared}};
    if (!attributes.empty()) object["attributes"] = std::move(attributes);
    if (!labels.empty()) object["labels"] = std::move(labels);
    return object;
}

json::object written(Drift const& drift) {
    json::object object{
        {"what", to_string(drift.what)}, {"kind", to_string(drift.kind)}, {"name", drift.name}};
    if (!drift.address.empty()) object["address"] = drift.address;
    if (drift.what != Drift::What::Changed) return object;
    object["attribute"] = drift.attribute;
    object["terraform"] = drift.declared;
    object["live"] = drift.live;
    return object;
}

json::object written(Tenant const& tenant, Resources const& resources) {
    json::array held;
    for (auto const& one : tenant.holds) held.push_back(written(one, resources));
    json::array drift;
    for (auto const& one : tenant.drift) drift.push_back(written(one));
    json::array notes;
    for (auto const& note : tenant.notes) notes.emplace_back(note);
    auto const& classes = tenant.classes;
    json::object state{{"status", to_string(tenant.state)}};
    if (!tenant.state_object.empty()) state["object"] = tenant.state_object;
    return {{"name", tenant.name},
            {"traffic", written(classes.traffic)},
            {"size", written(classes.size)},
            {"multisite", written(classes.multisite)},
            {"woocommerce", written(classes.woocommerce)},
            {"custom_domain", written(classes.custom_domain)},
            {"requests_a_day", written(tenant.requests_a_day)},
            {"database_bytes", written(tenant.database_bytes)},
            {"media_bytes", written(tenant.media_bytes)},
            {"media_objects", written(tenant.media_objects)},
            {"media_is_at_least", tenant.is_at_least},
            {"resources", std::move(held)},
            {"terraform", std::move(state)},
            {"drift", std::move(drift)},
            {"notes", std::move(notes)}};
}

std::string head(Inventory const& inventory) {
    auto const taken = std::chrono::system_clock::to_time_t(inventory.taken_at);
    json::object not_compared;
    for (auto const& [type, count] : inventory.not_compared) not_compared[type] = count;
    json::object object{{"project", inventory.project},
                        {"taken_at", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(taken))},
                        {"is_complete", inventory.gaps.empty()},
                        {"state_bucket", inventory.state_bucket},
                        {"state_files", inventory.state_files},
                        {"not_compared", std::move(not_compared)}};
    auto text = json::serialize(object);
    text.pop_back();  // its brace: it goes on
    return text;
}

// `,"name":[` and a line each.
template <typename Items, typename Write>
Result<void> write_list(Sink const& sink, std::string_view name, Items const& items,
                        Write const& write) {
    TRY(sink(fmt::format(",\n\"{}\":[", name)));
    char const* before = "\n";
    for (auto const& item : items) {
        TRY(sink(before + json::serialize(write(item))));
        before = ",\n";
    }
    return sink("]");
}

}  // namespace

Result<void> write_json(Inventory const& inventory, Sink const& sink) {
    TRY(sink(head(inventory)));
    TRY(write_list(sink, "gaps", inventory.gaps, [](Gap const& gap) {
        return json::object{{"what", gap.what}, {"reason", gap.reason}};
    }));
    TRY(write_list(sink, "orphans", inventory.orphans, [](Orphan const& orphan) {
        return json::object{
            {"what", orphan.what}, {"name", orphan.name}, {"reason", orphan.reason}};
    }));
    TRY(write_list(sink, "tenants", inventory.tenants,
                   [&](Tenant const& tenant) { return written(tenant, inventory.resources); }));
    return sink("}\n");
}

}  // namespace aipress::inventory

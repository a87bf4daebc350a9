#include "inventory/tenant.h"

#include <algorithm>

namespace aipress::inventory {

std::string_view to_string(Drift::What what) {
    switch (what) {
        case Drift::What::Changed:
            return "changed";
        case Drift::What::NotLive:
            return "not live";
        case Drift::What::NotDeclared:
            return "not in Terraform";
    }
    return "";
}

std::string_view to_string(StateStatus status) {
    switch (status) {
        case StateStatus::NotAsked:
            return "not asked for";
        case StateStatus::None:
            return "none";
        case StateStatus::Read:
            return "read";
        case StateStatus::Unreadable:
            return "unreadable";
    }
    return "";
}

std::string_view to_string(Answer answer) {
    switch (answer) {
        case Answer::Yes:
            return "yes";
        case Answer::No:
            return "no";
        case Answer::Unknown:
            return "unknown";
    }
    return "";
}

std::string_view to_string(Traffic traffic) {
    switch (traffic) {
        case Traffic::Unknown:
            return "unknown";
        case Traffic::Development:
            return "development";
        case Traffic::Low:
            return "low";
        case Traffic::Medium:
            return "medium";
        case Traffic::High:
            return "high";
    }
    return "";
}

std::string_view to_string(Size size) {
    switch (size) {
        case Size::Unknown:
            return "unknown";
        case Size::Small:
            return "small";
        case Size::Medium:
            return "medium";
        case Size::Large:
            return "large";
    }
    return "";
}

Tenant* Inventory::find_tenant(std::string_view name) {
    auto const found = std::lower_bound(
        tenants.begin(), tenants.end(), name,
        [](Tenant const& one, std::string_view wanted) { return one.name < wanted; });
    return found != tenants.end() && found->name == name ? &*found : nullptr;
}

}  // namespace aipress::inventory

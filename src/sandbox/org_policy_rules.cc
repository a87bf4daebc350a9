#include "sandbox/org_policy_rules.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <set>
#include <string>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

bool is_set(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

json::array const& rules_of(json::object const& spec) {
    static json::array const none;
    auto const* const rules = spec.if_contains("rules");
    return rules == nullptr ? none : rules->as_array();
}

ApiError invalid_rules(std::string description) {
    return invalid_body({{"policy.spec.rules", std::move(description)}});
}

Outcome<Done> check_boolean_rules(Constraint const& constraint, json::array const& rules) {
    int unconditional = 0;
    for (auto const& rule : rules) {
        auto const& fields = rule.as_object();
        if (!fields.contains("enforce")) {
            return invalid_rules(
                fmt::format("The constraint {} is boolean: each of its rules must "
                            "set enforce.",
                            constraint.name));
        }
        if (!fields.contains("condition")) ++unconditional;
    }
    if (unconditional == 1) return Done();
    return invalid_rules("There must be one and only one policy rule where condition is unset.");
}

Outcome<Done> check_list_rules(Constraint const& constraint, json::array const& rules) {
    constexpr std::array<std::string_view, 4> kKinds{"values", "allowAll", "denyAll", "enforce"};
    for (auto const& rule : rules) {
        auto const& fields = rule.as_object();
        auto const set = std::count_if(kKinds.begin(), kKinds.end(), [&](std::string_view kind) {
            return fields.contains(kind);
        });
        if (set != 1 || fields.contains("enforce")) {
            return invalid_rules(
                fmt::format("The constraint {} is a list: each of its rules must "
                            "set one of values, allowAll and denyAll.",
                            constraint.name));
        }
    }
    return Done();
}

void add_values(json::object const& rule, std::string_view name, std::set<std::string>& values) {
    auto const* const lists = rule.if_contains("values");
    auto const* const list = lists == nullptr ? nullptr : lists->as_object().if_contains(name);
    if (list == nullptr) return;
    for (auto const& value : list->as_array()) values.emplace(value.as_string());
}

// What list rules of several levels come to: a denial outweighs.
class MergedRules {
public:
    void add(json::object const& rule) {
        if (rule.contains("condition")) return;
        denies_all_ |= is_set(rule, "denyAll");
        allows_all_ |= is_set(rule, "allowAll");
        add_values(rule, "allowedValues", allowed_);
        add_values(rule, "deniedValues", denied_);
    }
    [[nodiscard]] json::object rule() const {
        if (denies_all_) return {{"denyAll", true}};
        if (denied_.empty() && (allows_all_ || allowed_.empty())) return {{"allowAll", true}};
        json::object values;
        if (!allows_all_ && !allowed_.empty()) {
            values["allowedValues"] = json::array(allowed_.begin(), allowed_.end());
        }
        if (!denied_.empty()) values["deniedValues"] = json::array(denied_.begin(), denied_.end());
        return {{"values", std::move(values)}};
    }

private:
    bool denies_all_ = false;
    bool allows_all_ = false;
    std::set<std::string> allowed_;
    std::set<std::string> denied_;
};

json::object boolean_rule(std::vector<json::object> const& specs) {
    if (!specs.empty() && !is_set(specs.front(), "reset")) {
        for (auto const& rule : rules_of(specs.front())) {
            if (rule.as_object().contains("condition")) continue;
            return {{"enforce", is_set(rule.as_object(), "enforce")}};
        }
    }
    return {{"enforce", false}};
}

}  // namespace

std::vector<Constraint> const& known_constraints() {
    using enum Constraint::Kind;
    static std::vector<Constraint> const constraints{
        {"compute.requireOsLogin", Boolean, "Require OS Login",
         "Enables OS Login on all newly created projects."},
        {"compute.restrictVpcPeering", List, "Restrict VPC peering usage",
         "The VPC networks that may be peered with those of this resource."},
        {"compute.skipDefaultNetworkCreation", Boolean, "Skip default network creation",
         "New projects get no default network."},
        {"compute.vmExternalIpAccess", List, "Define allowed external IPs for VM instances",
         "The VM instances that may have an external IP address."},
        {"gcp.resourceLocations", List, "Resource Location Restriction",
         "The locations where location-based resources may be created."},
        {"gcp.restrictServiceUsage", List, "Restrict Resource Service Usage",
         "The services whose resources may be used."},
        {"iam.allowedPolicyMemberDomains", List, "Domain restricted sharing",
         "The members that may be added to IAM policies."},
        {"iam.disableServiceAccountCreation", Boolean, "Disable service account creation",
         "No service accounts can be created."},
        {"iam.disableServiceAccountKeyCreation", Boolean, "Disable service account key creation",
         "No keys of service accounts can be created."},
        {"iam.disableServiceAccountKeyUpload", Boolean, "Disable Service Account Key Upload",
         "No keys can be uploaded to service accounts."},
        {"run.allowedIngress", List, "Allowed ingress settings (Cloud Run)",
         "The ingress settings that Cloud Run services may have."},
        {"run.allowedVPCEgress", List, "Allowed VPC egress settings (Cloud Run)",
         "The VPC egress settings that Cloud Run revisions may have."},
        {"sql.restrictAuthorizedNetworks", Boolean,
         "Restrict Authorized Networks on Cloud SQL instances",
         "No authorized networks can be added to Cloud SQL instances."},
        {"sql.restrictPublicIp", Boolean, "Restrict Public IP access on Cloud SQL instances",
         "No public IP address can be given to Cloud SQL instances."},
        {"storage.publicAccessPrevention", Boolean, "Enforce Public Access Prevention",
         "No Cloud Storage data can be shown to the public."},
        {"storage.uniformBucketLevelAccess", Boolean, "Enforce uniform bucket-level access",
         "Buckets must use uniform bucket-level access."}};
    return constraints;
}

Constraint const* find_constraint(std::string_view name) {
    static Constraint const custom{"custom", Constraint::Kind::Boolean, "Custom constraint", ""};
    if (name.starts_with("custom.")) return &custom;
    for (auto const& constraint : known_constraints()) {
        if (constraint.name == name) return &constraint;
    }
    return nullptr;
}

Outcome<Done> check_spec(Constraint const& constraint, json::object const& spec) {
    auto const& rules = rules_of(spec);
    if (is_set(spec, "reset")) {
        if (rules.empty() && !is_set(spec, "inheritFromParent")) return Done();
        return invalid_rules(
            "If reset is set, rules must be empty and inherit_from_parent must be false.");
    }
    if (constraint.kind == Constraint::Kind::List) return check_list_rules(constraint, rules);
    if (is_set(spec, "inheritFromParent")) {
        return invalid_rules(
            "inherit_from_parent can be set only for policies which configure list constraints.");
    }
    return check_boolean_rules(constraint, rules);
}

json::object effective_spec(Constraint const& constraint, std::vector<json::object> const& specs) {
    if (constraint.kind == Constraint::Kind::Boolean) {
        return {{"rules", json::array{boolean_rule(specs)}}};
    }
    MergedRules merged;
    for (auto const& spec : specs) {
        if (is_set(spec, "reset")) break;
        for (auto const& rule : rules_of(spec)) merged.add(rule.as_object());
        if (!is_set(spec, "inheritFromParent")) break;
    }
    return {{"rules", json::array{merged.rule()}}};
}

}  // namespace aipress::sandbox

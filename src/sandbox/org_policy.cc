#include "sandbox/org_policy.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "sandbox/folders.h"
#include "sandbox/org_policy_rules.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kPolicies = "org_policies";  // by PARENT/policies/CONSTRAINT
constexpr std::size_t kPage = 100;
constexpr std::size_t kPageMost = 1000;

ApiError not_found() {
    return {.code = ErrorCode::NotFound, .message = "Requested entity was not found."};
}

json::value view(Document const& policy) {
    auto body = policy.body.as_object();
    body["etag"] = etag_of(policy.version);
    for (auto const* const name : {"spec", "dryRunSpec"}) {
        if (auto* const spec = body.if_contains(name)) {
            spec->as_object()["etag"] = etag_of(policy.version);
        }
    }
    return body;
}

// The resource itself, with its number for a project; `name` may go on after it.
Outcome<std::string> parent_of(Transaction& transaction, std::string_view name) {
    auto const parent = fmt::format("{}/{}", segment(name, 0), segment(name, 1));
    if (parent.starts_with("projects/")) {
        return "projects/" + TRY(find_active_project(transaction, parent)).number;
    }
    TRY(check_parent(transaction, parent));
    return parent;
}

struct PolicyName {
    std::string parent;
    std::string constraint_name;
    Constraint const* constraint = nullptr;

    [[nodiscard]] std::string own() const {
        return fmt::format("{}/policies/{}", parent, constraint_name);
    }
};

// `name`: PARENT/policies/CONSTRAINT. Errors: NotFound for an unknown constraint.
Outcome<PolicyName> parse_name(Transaction& transaction, std::string_view name) {
    PolicyName parsed;
    parsed.parent = TRY(parent_of(transaction, name));
    parsed.constraint_name = std::string(segment(name, 3));
    parsed.constraint = find_constraint(parsed.constraint_name);
    if (parsed.constraint == nullptr) return not_found();
    return parsed;
}

Outcome<Document> find_policy(Transaction& transaction, PolicyName const& name) {
    auto found = TRY(transaction.get(kPolicies, name.own()));
    if (!found) return not_found();
    return std::move(*found);
}

// The resource's own spec first, then those of the folders above it, then the organization's.
Outcome<std::vector<json::object>> specs_above(Transaction& transaction, PolicyName name) {
    std::vector<json::object> specs;
    while (!name.parent.empty()) {
        auto const policy = TRY(transaction.get(kPolicies, name.own()));
        auto const* const spec = policy ? policy->body.as_object().if_contains("spec") : nullptr;
        if (spec != nullptr) specs.push_back(spec->as_object());
        if (name.parent.starts_with("projects/")) {
            name.parent = text_field(TRY(find_project(transaction, name.parent)).body, "parent");
        } else if (auto const folder = TRY(transaction.get(kFolders, name.parent))) {
            name.parent = text_field(folder->body.as_object(), "parent");
        } else {
            name.parent.clear();
        }
    }
    return specs;
}

Outcome<Done> check_specs(Constraint const& constraint, json::object const& fields) {
    for (auto const* const name : {"spec", "dryRunSpec"}) {
        auto const* const spec = fields.if_contains(name);
        if (spec != nullptr) TRY(check_spec(constraint, spec->as_object()));
    }
    return Done();
}

Outcome<Done> check_etag(Document const& policy, json::object const& fields,
                         std::string_view query_etag) {
    std::vector<std::string> etags{std::string(query_etag), text_field(fields, "etag")};
    if (auto const* const spec = fields.if_contains("spec")) {
        etags.push_back(text_field(spec->as_object(), "etag"));
    }
    for (auto const& etag : etags) {
        if (etag.empty() || etag == etag_of(policy.version)) continue;
        return ApiError{.code = ErrorCode::Aborted,
                        .message =
                            "The etag provided does not match the current etag of the policy: "
                            "read it again."};
    }
    return Done();
}

// Whether an update mask ("policy.spec,policy.dryRunSpec", "*", "") covers a member.
bool covers(std::string_view mask, std::string_view member, std::string_view proto_member) {
    if (mask.empty()) return true;
    while (!mask.empty()) {
        auto const comma = std::min(mask.find(','), mask.size());
        auto const path = without_prefix(mask.substr(0, comma), "policy.");
        if (path == "*" || path == "policy" || path == member || path == proto_member) return true;
        mask.remove_prefix(std::min(comma + 1, mask.size()));
    }
    return false;
}

class OrgPolicies {
public:
    OrgPolicies(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> patch(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> effective(Call& call);
    Outcome<Reply> constraints(Call& call);

private:
    // A spec as it is kept: without an etag, and with the time.
    json::object stamped(json::object spec) const {
        spec.erase("etag");
        spec["updateTime"] = timestamp(clock_.wall_now());
        return spec;
    }
    Store& store_;
    Clock& clock_;
};

Outcome<Reply> OrgPolicies::create(Call& call) {
    auto const& fields = call.fields();
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(parse_name(transaction, text_field(fields, "name")));
        if (name.parent != TRY(parent_of(transaction, call.path_parameter("parent")))) {
            return invalid_body({{"policy.name", "The policy's name must begin with its parent."}});
        }
        TRY(check_specs(*name.constraint, fields));
        Document policy{.name = name.own()};
        if (TRY(transaction.get(kPolicies, policy.name))) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = "Requested entity already exists"};
        }
        json::object body{{"name", policy.name}};
        for (auto const* const member : {"spec", "dryRunSpec"}) {
            auto const* const spec = fields.if_contains(member);
            if (spec != nullptr) body[member] = stamped(spec->as_object());
        }
        policy.body = std::move(body);
        policy.version = TRY(transaction.insert(kPolicies, policy.name, policy.body));
        return reply(view(policy));
    });
}

Outcome<Reply> OrgPolicies::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(parse_name(transaction, call.path_parameter("name")));
        return reply(view(TRY(find_policy(transaction, name))));
    });
}

Outcome<Reply> OrgPolicies::list(Call& call) {
    auto const most = TRY(call.page_size("pageSize", kPage, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const parent = TRY(parent_of(transaction, call.path_parameter("parent")));
        auto const page = TRY(transaction.list(kPolicies, parent + "/policies/", start, most));
        json::array policies;
        for (auto const& policy : page.documents) policies.push_back(view(policy));
        json::object result;
        if (!policies.empty()) result["policies"] = std::move(policies);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> OrgPolicies::patch(Call& call) {
    auto const& fields = call.fields();
    auto const mask = call.query("updateMask");
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(parse_name(transaction, call.path_parameter("name")));
        auto policy = TRY(find_policy(transaction, name));
        TRY(check_etag(policy, fields, ""));
        TRY(check_specs(*name.constraint, fields));
        auto& body = policy.body.as_object();
        for (auto const& [member, proto_name] :
             {std::pair("spec", "spec"), std::pair("dryRunSpec", "dry_run_spec")}) {
            if (!covers(mask, member, proto_name)) continue;
            body.erase(member);
            auto const* const spec = fields.if_contains(member);
            if (spec != nullptr) body[member] = stamped(spec->as_object());
        }
        policy.version =
            TRY(transaction.update(kPolicies, policy.name, policy.version, policy.body));
        return reply(view(policy));
    });
}

Outcome<Reply> OrgPolicies::remove(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(parse_name(transaction, call.path_parameter("name")));
        auto const policy = TRY(find_policy(transaction, name));
        TRY(check_etag(policy, {}, call.query("etag")));
        TRY(transaction.remove(kPolicies, policy.name));
        return reply(json::object());
    });
}

Outcome<Reply> OrgPolicies::effective(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const name = TRY(parse_name(transaction, call.path_parameter("name")));
        auto const specs = TRY(specs_above(transaction, name));
        return reply(
            json::object{{"name", name.own()}, {"spec", effective_spec(*name.constraint, specs)}});
    });
}

Outcome<Reply> OrgPolicies::constraints(Call& call) {
    auto const& known = known_constraints();
    auto const most = TRY(call.page_size("pageSize", kPage, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const parent = TRY(parent_of(transaction, call.path_parameter("parent")));
        json::array shown;
        std::string next;
        for (auto const& constraint : known) {
            if (constraint.name < start) continue;
            if (shown.size() == most) {
                next = constraint.name;
                break;
            }
            bool const is_list = constraint.kind == Constraint::Kind::List;
            shown.push_back(
                json::object{{"name", fmt::format("{}/constraints/{}", parent, constraint.name)},
                             {"displayName", constraint.display_name},
                             {"description", constraint.description},
                             {"constraintDefault", "ALLOW"},
                             {is_list ? "listConstraint" : "booleanConstraint", json::object()}});
        }
        json::object result;
        if (!shown.empty()) result["constraints"] = std::move(shown);
        if (!next.empty()) result["nextPageToken"] = page_token(next);
        return reply(std::move(result));
    });
}

}  // namespace

Outcome<bool> is_enforced(Transaction& transaction, Project const& project,
                          std::string_view constraint) {
    PolicyName const name{.parent = "projects/" + project.number,
                          .constraint_name = std::string(constraint),
                          .constraint = find_constraint(constraint)};
    auto const specs = TRY(specs_above(transaction, name));
    auto const spec = effective_spec(*name.constraint, specs);
    return spec.at("rules").as_array().front().as_object().at("enforce").as_bool();
}

void serve_org_policy(Methods& methods, Store& store, Clock& clock) {
    auto const policies = std::make_shared<OrgPolicies>(store, clock);
    for (auto const* const parent : {"projects", "folders", "organizations"}) {
        auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
            methods.serve(fmt::format("orgpolicy.{}.{}", parent, verb), "v2", handler);
        };
        serve("policies.create", [=](Call& call) { return policies->create(call); });
        serve("policies.get", [=](Call& call) { return policies->get(call); });
        serve("policies.list", [=](Call& call) { return policies->list(call); });
        serve("policies.patch", [=](Call& call) { return policies->patch(call); });
        serve("policies.delete", [=](Call& call) { return policies->remove(call); });
        serve("policies.getEffectivePolicy", [=](Call& call) { return policies->effective(call); });
        serve("constraints.list", [=](Call& call) { return policies->constraints(call); });
    }
}

}  // namespace aipress::sandbox

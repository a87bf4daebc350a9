#include "gcp/iam_policy.h"

#include <algorithm>

#include "gcp/fields.h"
#include "gcp/limits.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr int kVersionWithConditions = 3;

json::array& bindings_of(json::object& policy) {
    auto& bindings = policy["bindings"];
    if (!bindings.is_array()) bindings = json::array();
    return bindings.get_array();
}

bool is_same(json::object const& stored, IamBinding const& wanted) {
    auto const* const condition = object_of(stored, "condition");
    bool const is_same_condition =
        condition == nullptr ? wanted.condition.empty() : *condition == wanted.condition;
    return text_of(stored, "role") == wanted.role && is_same_condition;
}

}  // namespace

bool add_binding(json::object& policy, IamBinding const& binding) {
    auto& bindings = bindings_of(policy);
    for (auto& stored : bindings) {
        if (!stored.is_object() || !is_same(stored.get_object(), binding)) continue;
        auto& members = stored.get_object()["members"];
        if (!members.is_array()) members = json::array();
        auto& list = members.get_array();
        auto const member = json::value(json::string(binding.member));
        if (std::find(list.begin(), list.end(), member) != list.end()) return false;
        list.push_back(member);
        return true;
    }
    json::object made{{"role", binding.role},
                      {"members", json::array{json::string(binding.member)}}};
    if (!binding.condition.empty()) {
        made["condition"] = binding.condition;
        policy["version"] = kVersionWithConditions;
    }
    bindings.push_back(std::move(made));
    return true;
}

bool remove_binding(json::object& policy, IamBinding const& binding) {
    auto& bindings = bindings_of(policy);
    for (auto stored = bindings.begin(); stored != bindings.end(); ++stored) {
        if (!stored->is_object() || !is_same(stored->get_object(), binding)) continue;
        auto* const members = stored->get_object()["members"].if_array();
        if (members == nullptr) continue;
        auto const found =
            std::find(members->begin(), members->end(), json::value(json::string(binding.member)));
        if (found == members->end()) continue;
        members->erase(found);
        if (members->empty()) bindings.erase(stored);
        return true;
    }
    return false;
}

Outcome<json::object> change_policy(Connection const& connection, Context const& context,
                                    PolicyCalls const& calls,
                                    std::function<bool(json::object& policy)> const& change) {
    for (Retries retries(context, connection.retry_policy());;) {
        auto policy = TRY(connection.call(context, calls.read));
        if (!change(policy)) return policy;
        auto written = connection.call(context, calls.write(policy));
        if (written.ok()) return written;
        auto error = written.release_error();
        // Somebody else wrote it in between; or this did, and the answer was lost: reading it again
        // tells.
        bool const is_outrun = error.code() == ErrorCode::Aborted || error.is_condition_not_met() ||
                               error.code() == ErrorCode::AlreadyExists;
        bool const is_unknown = error.retry == Retry::WhenIdempotent;
        if (!is_outrun && !is_unknown) return error;
        error.retry = Retry::Always;
        if (!retries.wait_after(error)) return error;
    }
}

PolicyCalls policy_calls(std::string const& api, std::string const& path,
                         std::string const& read_method) {
    Call read{.api = api, .method = read_method, .path = path + ":getIamPolicy"};
    if (read_method == "GET") {
        read.query = {{"options.requestedPolicyVersion", std::to_string(kVersionWithConditions)}};
    } else {
        read.body = json::object{{"options", {{"requestedPolicyVersion", kVersionWithConditions}}}};
        read.idempotent = Idempotent::Yes;  // it changes nothing
        read.quota_group = "read";
    }
    return {.read = std::move(read), .write = [=](json::object const& policy) {
                return Call{.api = api,
                            .method = "POST",
                            .path = path + ":setIamPolicy",
                            .body = json::object{{"policy", policy}}};
            }};
}

}  // namespace aipress::gcp

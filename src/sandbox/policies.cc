#include "sandbox/policies.h"

#include "sandbox/projects.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kPolicies = "iam_policies";
constexpr std::string_view kEmptyEtag = "ACAB";  // of a policy that nobody has set yet

}  // namespace

Outcome<json::value> get_policy(Transaction& transaction, std::string const& resource) {
    auto found = TRY(transaction.get(kPolicies, resource));
    if (!found) return json::value(json::object{{"version", 1}, {"etag", kEmptyEtag}});
    auto policy = std::move(found->body.as_object());
    policy["etag"] = etag_of(found->version);
    return json::value(std::move(policy));
}

Outcome<json::value> set_policy(Transaction& transaction, std::string const& resource,
                                json::object policy) {
    auto const current = TRY(get_policy(transaction, resource));
    auto const* const etag = policy.if_contains("etag");
    // Without one the last writer wins.
    if (etag != nullptr && *etag != "" && *etag != current.as_object().at("etag")) {
        return ApiError{.code = ErrorCode::Aborted,
                        .message =
                            "There were concurrent policy changes. Please retry the whole "
                            "read-modify-write with exponential backoff. The request's "
                            "ETag did not match the current policy's ETag."};
    }
    policy.erase("etag");
    if (!policy.contains("version")) policy["version"] = 1;
    if (TRY(transaction.get(kPolicies, resource))) {
        TRY(transaction.update(kPolicies, resource, std::nullopt, policy));
    } else {
        TRY(transaction.insert(kPolicies, resource, policy));
    }
    return get_policy(transaction, resource);
}

void serve_policies(Methods& methods, Store& store, std::string const& prefix,
                    std::string_view version, ResourceOf const& resource_of) {
    methods.serve(prefix + ".getIamPolicy", version, [&store, resource_of](Call& call) {
        return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            return reply(TRY(get_policy(transaction, TRY(resource_of(transaction, call)))));
        });
    });
    methods.serve(prefix + ".setIamPolicy", version, [&store, resource_of](Call& call) {
        return write<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            auto const resource = TRY(resource_of(transaction, call));
            auto const* const policy = call.fields().if_contains("policy");
            return reply(TRY(set_policy(transaction, resource,
                                        policy != nullptr ? policy->as_object() : json::object())));
        });
    });
    methods.serve(prefix + ".testIamPermissions", version, [&store, resource_of](Call& call) {
        return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            auto resource = resource_of(transaction, call);
            if (!resource.ok()) {
                auto error = resource.release_error();
                // Clients ask before they make it: what the project grants counts.
                if (error.code != ErrorCode::NotFound) return error;
            }
            json::object granted;
            if (auto const* const asked = call.fields().if_contains("permissions")) {
                granted["permissions"] = *asked;
            }
            return reply(std::move(granted));
        });
    });
}

}  // namespace aipress::sandbox

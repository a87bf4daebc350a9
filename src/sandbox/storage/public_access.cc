#include "sandbox/storage/public_access.h"

#include <algorithm>
#include <array>

#include "sandbox/policies.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kEveryone = "allUsers";

struct Role {
    std::string_view name;
    std::string_view permissions;  // of those that the XML API asks for, each behind a blank
};

// https://cloud.google.com/storage/docs/access-control/iam-roles
constexpr std::string_view kRead = " storage.objects.get storage.objects.list";
constexpr std::string_view kAll =
    " storage.objects.get storage.objects.list storage.objects.create storage.objects.delete";
constexpr std::string_view kWrite =
    " storage.objects.list storage.objects.create storage.objects.delete";
constexpr std::array<Role, 10> kRoles{{
    {"roles/storage.objectViewer", kRead},
    {"roles/storage.objectCreator", " storage.objects.create"},
    {"roles/storage.objectUser", kAll},
    {"roles/storage.objectAdmin", kAll},
    {"roles/storage.admin", kAll},
    {"roles/storage.legacyObjectReader", " storage.objects.get"},
    {"roles/storage.legacyObjectOwner", " storage.objects.get"},
    {"roles/storage.legacyBucketReader", " storage.objects.list"},
    {"roles/storage.legacyBucketWriter", kWrite},
    {"roles/storage.legacyBucketOwner", kWrite},
}};

bool grants(std::string_view role, std::string_view permission) {
    return std::any_of(kRoles.begin(), kRoles.end(), [&](Role const& one) {
        return one.name == role && one.permissions.find(permission) != std::string_view::npos;
    });
}

bool is_for_everyone(json::object const& binding) {
    auto const* const members = binding.if_contains("members");
    if (members == nullptr || binding.contains("condition")) return false;
    auto const& all = members->as_array();
    return std::any_of(all.begin(), all.end(),
                       [](json::value const& member) { return member.as_string() == kEveryone; });
}

bool is_granted_by_policy(json::object const& policy, std::string_view permission) {
    auto const* const bindings = policy.if_contains("bindings");
    if (bindings == nullptr) return false;
    auto const& all = bindings->as_array();
    return std::any_of(all.begin(), all.end(), [&](json::value const& binding) {
        auto const& fields = binding.as_object();
        return grants(text_field(fields, "role"), permission) && is_for_everyone(fields);
    });
}

bool is_in_acl(json::object const& object) {
    auto const* const acl = object.if_contains("acl");
    if (acl == nullptr) return false;
    auto const& all = acl->as_array();
    return std::any_of(all.begin(), all.end(), [](json::value const& entry) {
        return text_field(entry.as_object(), "entity") == kEveryone;
    });
}

json::object iam_configuration(Document const& bucket) {
    auto const* const found = bucket.body.as_object().if_contains("iamConfiguration");
    return found == nullptr ? json::object() : found->as_object();
}

}  // namespace

bool has_uniform_access(Document const& bucket) {
    auto const iam = iam_configuration(bucket);
    auto const* const uniform = iam.if_contains("uniformBucketLevelAccess");
    if (uniform == nullptr) return false;
    auto const* const enabled = uniform->as_object().if_contains("enabled");
    return enabled != nullptr && enabled->as_bool();
}

Outcome<bool> may_everyone(Transaction& transaction, Document const& bucket,
                           StoredObject const* object, std::string_view permission) {
    if (text_field(iam_configuration(bucket), "publicAccessPrevention") == "enforced") {
        return false;
    }
    auto const policy = TRY(get_policy(transaction, "buckets/" + bucket.name));
    if (is_granted_by_policy(policy.as_object(), permission)) return true;
    return object != nullptr && permission == "storage.objects.get" &&
           !has_uniform_access(bucket) && is_in_acl(object->body());
}

json::array public_read_acl() {
    return {json::object{
        {"kind", "storage#objectAccessControl"}, {"entity", kEveryone}, {"role", "READER"}}};
}

}  // namespace aipress::sandbox

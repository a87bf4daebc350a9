#include "gcp/remedies.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace aipress::gcp {
namespace {

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

std::string metadata_or(ApiError const& error, std::string const& name, std::string_view other) {
    auto const found = error.metadata.find(name);
    return found == error.metadata.end() ? std::string(other) : found->second;
}

// The least of Google's predefined roles that holds all permissions of that beginning which this
// program uses.
std::string_view role_of(std::string_view permission) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kRoles{{
        {"billing.resourceAssociations.", "roles/billing.user"},
        {"billing.", "roles/billing.projectManager"},
        {"resourcemanager.projects.createBillingAssignment", "roles/billing.projectManager"},
        {"resourcemanager.projects.create", "roles/resourcemanager.projectCreator"},
        {"resourcemanager.projects.delete", "roles/resourcemanager.projectDeleter"},
        {"resourcemanager.projects.setIamPolicy", "roles/resourcemanager.projectIamAdmin"},
        {"resourcemanager.projects.", "roles/browser"},
        {"resourcemanager.folders.", "roles/resourcemanager.folderAdmin"},
        {"serviceusage.services.use", "roles/serviceusage.serviceUsageConsumer"},
        {"serviceusage.", "roles/serviceusage.serviceUsageAdmin"},
        {"storage.buckets.", "roles/storage.admin"},
        {"storage.", "roles/storage.objectAdmin"},
        {"cloudsql.", "roles/cloudsql.admin"},
        {"dns.", "roles/dns.admin"},
        {"secretmanager.versions.access", "roles/secretmanager.secretAccessor"},
        {"secretmanager.", "roles/secretmanager.admin"},
        {"run.", "roles/run.admin"},
        {"iam.serviceAccounts.getAccessToken", "roles/iam.serviceAccountTokenCreator"},
        {"iam.serviceAccounts.actAs", "roles/iam.serviceAccountUser"},
    }};
    for (auto const& [beginning, role] : kRoles) {
        if (permission.starts_with(beginning)) return role;
    }
    return "";
}

// "Permission 'run.services.get' denied", "does not have storage.objects.get access",
// "Required 'compute.networks.get' permission": the first word of two dots or more.
std::string permission_in(std::string_view words) {
    static constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.";
    for (std::size_t at = 0; at < words.size();) {
        auto const end = std::min(words.find_first_not_of(kLetters, at), words.size());
        auto word = words.substr(at, end - at);
        while (word.ends_with('.')) word.remove_suffix(1);
        auto const first = word.find('.');
        bool const is_address = end < words.size() && (words[end] == '@' || words[end] == '-');
        bool const is_host = word.ends_with(".com");
        if (first != word.npos && word.find('.', first + 1) != word.npos && !is_host && !is_address)
            return std::string(word);
        at = end + 1;
    }
    return "";
}

std::string for_permission(std::string_view words, ApiError const& error) {
    auto const permission = metadata_or(error, "permission", permission_in(words));
    if (permission.empty()) return "";
    auto const role = role_of(permission);
    if (role.empty()) return fmt::format("grant the caller a role with {}", permission);
    return fmt::format("grant the caller {}, which has {}", role, permission);
}

std::string for_quota(ApiError const& error) {
    auto const limit = metadata_or(error, "quota_limit", metadata_or(error, "quota_metric", ""));
    return fmt::format(
        "ask for more of the quota{}{} in the Cloud console (IAM & Admin, Quotas), or charge "
        "another project",
        limit.empty() ? "" : " ", limit);
}

std::string for_taken_name(std::string_view what, ApiError const& error) {
    if (error.reason == "instanceAlreadyExists") {
        return "use another name: that of a deleted instance is free again after a week only";
    }
    if (contains(what, "storage.googleapis.com/storage/v1/b?") ||
        what.ends_with("storage.googleapis.com/storage/v1/b")) {
        return "use another name: those of buckets are shared by everyone at Google Cloud";
    }
    if (contains(what, "cloudresourcemanager")) {
        return "use another id: one that was ever given to a project is not given again";
    }
    return "use another name, or take over what is there";
}

}  // namespace

std::string remedy_for(std::string_view what, std::string_view words, ApiError const& error) {
    auto const& reason = error.reason;
    if (reason == "SERVICE_DISABLED" || reason == "accessNotConfigured") {
        return fmt::format("enable it: gcloud services enable {} --project={}",
                           metadata_or(error, "service", "API"),
                           std::string(metadata_or(error, "consumer", "PROJECT"))
                               .substr(metadata_or(error, "consumer", "").starts_with("projects/")
                                           ? std::string_view("projects/").size()
                                           : 0));
    }
    bool const is_billing_link = contains(what, "/billingInfo") && what.starts_with("PUT ");
    if (is_billing_link && error.code() == ErrorCode::FailedPrecondition) {
        return "the billing account has as many projects as it may: ask for more at "
               "https://support.google.com/code/contact/billing_quota_increase, or unlink one";
    }
    if (reason == "BILLING_DISABLED" || reason == "accountDisabled") {
        return "link the project to an open billing account: gcloud billing projects link PROJECT "
               "--billing-account=ACCOUNT";
    }
    if (reason == "USER_PROJECT_DENIED") {
        return "grant the caller roles/serviceusage.serviceUsageConsumer on the quota project";
    }
    if (reason == "invalid_grant") {
        return "see that the key was not deleted or disabled, and that this machine's clock is "
               "right";
    }
    if (error.code() == ErrorCode::ResourceExhausted || error.is_rate_limit()) {
        return for_quota(error);
    }
    if (error.code() == ErrorCode::Unauthenticated) return "renew the credentials";
    if (error.code() == ErrorCode::PermissionDenied) return for_permission(words, error);
    if (error.code() == ErrorCode::AlreadyExists) return for_taken_name(what, error);
    return "";
}

}  // namespace aipress::gcp

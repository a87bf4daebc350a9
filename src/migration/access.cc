#include "migration/access.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"

namespace aipress::migration {
namespace {

constexpr char const* kReadsSecrets = "roles/secretmanager.secretAccessor";
constexpr char const* kUsesObjects = "roles/storage.objectUser";
constexpr char const* kReachesSql = "roles/cloudsql.client";

std::string member(std::string const& email) {
    return "serviceAccount:" + email;
}

}  // namespace

gcp::IamBinding folder_binding(std::string const& bucket, std::string const& prefix,
                               std::string const& member) {
    auto const expression = fmt::format(
        R"(resource.name.startsWith("projects/_/buckets/{0}/objects/{1}") || )"
        R"(api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{1}"))",
        bucket, prefix);
    return {.role = kUsesObjects,
            .member = member,
            .condition = {{"title", "folder of " + member.substr(member.find(':') + 1)},
                          {"expression", expression}}};
}

Result<std::string> member_of(Context const& context, Workspace const& work,
                              fleet::Home const& home) {
    if (!home.service_account.empty()) return member(home.service_account);
    auto const project = TRY(work.cloud.projects.get_project(context, home.project));
    auto const name = gcp::text_of(project, "name");  // "projects/123456"
    return member(
        fmt::format("{}-compute@developer.gserviceaccount.com", name.substr(name.rfind('/') + 1)));
}

Result<void> let_service_read(Context const& context, Workspace const& work,
                              fleet::Home const& home, gcp::SecretName const& secret) {
    TRY(work.cloud.secrets.grant(
        context, secret, {.role = kReadsSecrets, .member = TRY(member_of(context, work, home))}));
    return {};
}

Result<void> grant_access(Context const& context, Workspace const& work) {
    auto const& home = work.relocation.to;
    std::vector<std::string> secrets{home.password_secret};
    auto const carried = work.journal.content().facts("provision/secrets");
    for (auto const& entry : gcp::array_of(carried, "secrets")) {
        secrets.emplace_back(entry.as_string());
    }
    for (auto const& secret : secrets) {
        TRY(let_service_read(context, work, home, {.project = home.project, .secret = secret}));
    }
    auto const who = member(home.service_account);
    TRY(work.cloud.storage.grant(context, home.bucket,
                                 folder_binding(home.bucket, home.prefix, who)));
    TRY(work.cloud.projects.grant(context, home.project, {.role = kReachesSql, .member = who}));
    return {};
}

Result<void> revoke_access(Context const& context, Workspace const& work) {
    auto const& home = work.relocation.to;
    auto const who = member(home.service_account);
    TRY(work.cloud.storage.revoke(context, home.bucket,
                                  folder_binding(home.bucket, home.prefix, who)));
    TRY(work.cloud.projects.revoke(context, home.project, {.role = kReachesSql, .member = who}));
    return {};
}

}  // namespace aipress::migration

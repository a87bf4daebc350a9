#include "migration/secrets.h"

#include <fmt/format.h>

#include "gcp/fields.h"
#include "migration/names.h"

namespace aipress::migration {
namespace {

bool is_tenants(boost::json::object const& secret, std::string const& tenant) {
    auto const* const labels = gcp::object_of(secret, "labels");
    return labels != nullptr && gcp::text_of(*labels, kTenantLabel) == tenant;
}

Error is_anothers(ErrorCode code, gcp::SecretName const& name, std::string const& tenant) {
    return {code, fmt::format("the secret {} of {} is there and is not labelled {}={}: see whose "
                              "it is, and rename or delete it",
                              name.secret, name.project, kTenantLabel, tenant)};
}

}  // namespace

Result<gcp::Secret> ensure_secret(Context const& context, Cloud const& cloud,
                                  gcp::SecretName const& name, std::string const& tenant,
                                  gcp::Secret const* payload) {
    auto const& secrets = cloud.secrets;
    auto made = secrets.create_secret(context, name, {{"labels", {{kTenantLabel, tenant}}}});
    if (!made.ok() && made.error().code() == ErrorCode::AlreadyExists) {
        made = secrets.get_secret(context, name);
        if (made.ok() && !is_tenants(*made, tenant)) {
            return is_anothers(ErrorCode::AlreadyExists, name, tenant);
        }
    }
    if (!made.ok()) return made.error();
    auto latest = secrets.access_version(context, name, "latest");
    auto const is_wanted = [&] {
        return payload == nullptr || latest->reveal() == payload->reveal();
    };
    if (latest.ok() && is_wanted()) return latest.release();
    if (!latest.ok() && latest.error().code() != ErrorCode::NotFound) return latest.error();
    auto wanted = payload != nullptr ? *payload : gcp::Secret(random_password());
    TRY(secrets.add_version(context, name, wanted));
    return wanted;
}

Result<void> remove_secret(Context const& context, Cloud const& cloud, gcp::SecretName const& name,
                           std::string const& tenant) {
    auto const present = cloud.secrets.get_secret(context, name);
    if (!present.ok() && present.error().code() == ErrorCode::NotFound) return {};
    if (!present.ok()) return present.error();
    if (!is_tenants(*present, tenant)) {
        return is_anothers(ErrorCode::FailedPrecondition, name, tenant);
    }
    TRY(cloud.secrets.delete_secret(context, name));
    return {};
}

}  // namespace aipress::migration

#include "migration/shard_check.h"

#include <charconv>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "migration/names.h"

namespace aipress::migration {
namespace {

namespace json = boost::json;

std::string label_of(json::object const& resource, std::string_view label) {
    auto const* const labels = gcp::object_of(resource, "labels");
    return labels == nullptr ? "" : gcp::text_of(*labels, label);
}

Error no_shard(fleet::Shard const& shard, std::string const& why) {
    return {ErrorCode::NotFound,
            fmt::format("{} is no shard that can be used: {}; see `gcloud projects describe {}`",
                        shard.project, why, shard.project)};
}

Result<void> read_labels(json::object const& project, ShardStatus& status) {
    auto const role = label_of(project, fleet::kRoleLabel);
    if (role != fleet::kShardRole) {
        return no_shard(status.shard, fmt::format("its label {} is '{}' and not '{}'",
                                                  fleet::kRoleLabel, role, fleet::kShardRole));
    }
    auto const state = label_of(project, fleet::kStateLabel);
    auto const known = fleet::shard_state_of(state);
    auto const capacity = label_of(project, fleet::kCapacityLabel);
    auto const* const end = capacity.data() + capacity.size();
    auto const [stopped, failure] = std::from_chars(capacity.data(), end, status.capacity);
    if (!known || failure != std::errc() || stopped != end) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the labels of {} say nothing sensible: {}='{}', {}='{}'",
                                 status.shard.project, fleet::kStateLabel, state,
                                 fleet::kCapacityLabel, capacity));
    }
    status.state = *known;
    return {};
}

}  // namespace

Result<ShardStatus> look_at_shard(Context const& context, Cloud const& cloud,
                                  fleet::Shard const& shard) {
    ShardStatus status{.shard = shard};
    auto const project = cloud.projects.get_project(context, shard.project);
    if (!project.ok() && (project.error().code() == ErrorCode::PermissionDenied ||
                          project.error().code() == ErrorCode::NotFound)) {
        return no_shard(shard, project.error().message());
    }
    if (!project.ok()) return project.error();
    TRY(read_labels(*project, status));
    TRY(cloud.sql.get_instance(context, {.project = shard.project, .instance = shard.instance()}));
    TRY(cloud.storage.get_bucket(context, shard.bucket()));
    TRY(cloud.run.list_services(context, shard.project, shard.region,
                                [&](json::object const& service) -> gcp::Outcome<gcp::Done> {
                                    if (!label_of(service, kTenantLabel).empty()) ++status.sites;
                                    return gcp::Done();
                                }));
    return status;
}

Result<void> check_takes_tenant(ShardStatus const& status) {
    if (status.state != fleet::ShardState::Active) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{} is {} and takes no tenant; name another with --to",
                                 status.shard.project, to_string(status.state)));
    }
    if (status.sites >= status.capacity) {
        return Error(ErrorCode::ResourceExhausted,
                     fmt::format("{} is full: {} of {} sites; name another with --to",
                                 status.shard.project, status.sites, status.capacity));
    }
    return {};
}

}  // namespace aipress::migration

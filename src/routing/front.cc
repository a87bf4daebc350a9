#include "routing/front.h"

#include <fmt/format.h>

namespace aipress::routing {
namespace {

gcp::DomainMappingName name_of(std::string const& host, fleet::Home const& home) {
    return {.project = home.project, .location = home.region, .host = host};
}

}  // namespace

Result<Mapping> Front::read(Context const& context, std::string const& host,
                            fleet::Home const& home) const {
    auto const found = TRY(gcp::find_domain_mapping(connection_, context, name_of(host, home)));
    Mapping mapping{.project = home.project, .region = home.region};
    if (found) {
        mapping.service = found->service;
        mapping.is_answering = found->is_ready;
    }
    return mapping;
}

Result<gcp::DomainMapping> Front::map_to(Context const& context, std::string const& host,
                                         fleet::Home const& home) const {
    auto const name = name_of(host, home);
    auto const what =
        fmt::format("mapping {} to service {} of project {}", host, home.service, home.project);
    auto const found = TRY(gcp::find_domain_mapping(connection_, context, name));
    if (found && found->service != home.service) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{}: the project maps it to service {}; delete that mapping, if "
                                 "it is nobody's",
                                 what, found->service));
    }
    bool const is_to_be_made = !found || found->is_overridden;
    if (found && found->is_overridden) {
        TRY(gcp::delete_domain_mapping(connection_, context, name));
    }
    if (is_to_be_made) {
        auto const made = gcp::force_domain_mapping(connection_, context, name, home.service);
        if (!made.ok()) return Error(made.error()).in_context(what);
    }
    auto ready = gcp::wait_until_mapped(connection_, context, name);
    if (!ready.ok()) return Error(ready.error()).in_context(what);
    return ready.release();
}

Result<void> Front::map_back(Context const& context, std::string const& host,
                             fleet::Home const& home, Mapping const& before) const {
    if (!before.service.empty()) {
        fleet::Home const former{
            .project = before.project, .region = before.region, .service = before.service};
        TRY(map_to(context, host, former));
    }
    TRY(gcp::delete_domain_mapping(connection_, context, name_of(host, home)));
    return {};
}

}  // namespace aipress::routing

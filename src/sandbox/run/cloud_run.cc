#include "sandbox/run/cloud_run.h"

#include "sandbox/run/domain_mappings.h"
#include "sandbox/run/knative.h"
#include "sandbox/run/services.h"

namespace aipress::sandbox::run {

void serve_cloud_run(Methods& methods, Changes const& changes,
                     std::function<void()> const& on_change) {
    serve_v2(methods, changes, on_change);
    serve_v1(methods, changes, on_change);
    serve_domain_mappings(methods, changes, on_change);
    serve_locations(methods, changes.store());
}

}  // namespace aipress::sandbox::run

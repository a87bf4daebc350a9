#include "sandbox/telemetry/run_instances.h"

#include "sandbox/resource_names.h"
#include "sandbox/telemetry/run_requests.h"

namespace aipress::sandbox {

std::vector<Measurement> RunInstances::sample(Nanoseconds now) {
    struct Count {
        std::int64_t active = 0;
        std::int64_t idle = 0;
    };
    std::map<Revision, Count> counts;
    for (auto const& [revision, last] : last_counts_) {
        if (last > 0) counts[revision] = {};
    }
    std::map<pid_t, std::uint64_t> worked;
    for (auto const& instance : serving_.instances()) {
        auto& count = counts[{instance.service, instance.revision}];
        auto const before = worked_.find(instance.pid);
        bool const is_idle = before != worked_.end() && before->second == instance.worked_ns;
        ++(is_idle ? count.idle : count.active);
        worked[instance.pid] = instance.worked_ns;
    }
    worked_ = std::move(worked);
    last_counts_.clear();
    std::vector<Measurement> measurements;
    for (auto const& [revision, count] : counts) {
        last_counts_[revision] = count.active + count.idle;
        for (auto const& [state, value] :
             {std::pair("active", count.active), std::pair("idle", count.idle)}) {
            measurements.push_back(
                {.project = std::string(segment(revision.first, 1)),
                 .metric = "run.googleapis.com/container/instance_count",
                 .metric_labels = {{"state", state}},
                 .resource = "cloud_run_revision",
                 .resource_labels = revision_labels(revision.first, revision.second),
                 .from = now,
                 .to = now,
                 .value = whole_value(value)});
        }
    }
    return measurements;
}

}  // namespace aipress::sandbox

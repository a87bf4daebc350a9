// How many instances of Cloud Run there are: the processes of PHP that serve.
#pragma once

#include <map>

#include "sandbox/run/serving.h"
#include "sandbox/telemetry/telemetry.h"

namespace aipress::sandbox {

// One that has worked since the sample before is active, the others are idle. A revision is told of
// while it has instances, and once more when it has none.
class RunInstances final : public Sampler {
public:
    explicit RunInstances(run::Serving& serving) : serving_(serving) {}
    [[nodiscard]] std::vector<Measurement> sample(Nanoseconds now) override;

private:
    using Revision = std::pair<std::string, std::string>;  // its service and its name

    run::Serving& serving_;
    std::map<pid_t, std::uint64_t> worked_;         // as of the sample before
    std::map<Revision, std::int64_t> last_counts_;  // of the revisions in it
};

}  // namespace aipress::sandbox

// What Cloud SQL's instances use, as their real servers say.
#pragma once

#include <map>
#include <sys/types.h>

#include "sandbox/sql/instance.h"
#include "sandbox/sql/machines.h"
#include "sandbox/telemetry/telemetry.h"

namespace aipress::sandbox {

// A running instance costs one short statement, a stopped one nothing but the point that says that
// it is down. Those past limits::kSampledInstances are not measured.
class SqlInstances final : public Sampler {
public:
    SqlInstances(Store const& store, Machines& machines) : store_(store), machines_(machines) {}
    [[nodiscard]] std::vector<Measurement> sample(Nanoseconds now) override;

private:
    // What is compared with the sample after it.
    struct Sample {
        pid_t pid = 0;
        double cpu_seconds = 0;
        SteadyTime taken = {};
        Nanoseconds counted{0};  // when the counters were read
        std::map<std::string, std::int64_t> counters = {};
    };

    Outcome<std::vector<SqlInstance>> instances();
    [[nodiscard]] Sample last_of(std::string const& id, pid_t pid, milliseconds age,
                                 Nanoseconds now) const;
    void measure(SqlInstance const& instance, Measurement const& frame,
                 std::vector<Measurement>& measurements);

    Store const& store_;
    Machines& machines_;
    std::map<std::string, Sample> last_;  // by instance's id
    std::map<std::string, Sample> next_;  // of the sample that is being taken
};

}  // namespace aipress::sandbox

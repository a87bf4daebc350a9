// How much is in Cloud Storage's buckets.
#pragma once

#include <map>
#include <utility>

#include "sandbox/telemetry/telemetry.h"

namespace aipress::sandbox {

// Google says it once a day; here it is said each minute, but the objects are only counted again
// when twenty times as long as the last count took has gone by. A bucket is told of while it has
// objects, and as empty until the count after that; those past limits::kSampledBuckets are not.
class BucketContents final : public Sampler {
public:
    explicit BucketContents(Store const& store) : store_(store) {}
    [[nodiscard]] std::vector<Measurement> sample(Nanoseconds now) override;

private:
    struct Content {
        std::int64_t objects = 0;
        double bytes = 0;
    };
    using Contents = std::map<std::pair<std::string, std::string>, Content>;  // bucket, class

    Outcome<Done> count();
    static Outcome<Contents> count_objects(Transaction& transaction);

    Store const& store_;
    SystemClock clock_;  // of the time that counting takes
    SteadyTime next_count_ = {};
    Contents contents_;
    std::vector<Measurement> frames_;  // of the contents, in their order: project and labels
};

}  // namespace aipress::sandbox

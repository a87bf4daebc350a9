// Which time series are asked for: https://cloud.google.com/monitoring/api/v3/filters
// Terms FIELD = VALUE or FIELD != VALUE joined by AND, which may be left out, of metric.type,
// resource.type, metric.labels.X and resource.labels.X ("label" will do); VALUE may be
// starts_with("…"). The rest of the language is refused, not misread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/outcome.h"

namespace aipress::sandbox {

class MetricFilter {
public:
    // Errors: InvalidArgument.
    [[nodiscard]] static Outcome<MetricFilter> parse(std::string_view text);

    // The one metric that it is about; "" when it names none.
    [[nodiscard]] std::string metric_type() const;
    // `series`: metric and resource as a TimeSeries has them.
    [[nodiscard]] bool matches(boost::json::object const& series) const;

private:
    struct Term {
        std::string owner;  // "metric", "resource"
        std::string label;  // "": its type
        std::string value;
        enum class Test { Equal, Unequal, StartsWith } test = Test::Equal;
    };
    std::vector<Term> terms_;
};

}  // namespace aipress::sandbox

// The filter of log entries: https://cloud.google.com/logging/docs/view/logging-query-language
// Comparisons (= != > >= < <= and : for "has") of fields and values, joined by AND, OR and NOT, in
// parentheses or not. Regular expressions, functions and searches for a mere word are refused, not
// misread.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string_view>

#include "sandbox/outcome.h"

namespace aipress::sandbox {

// The number behind a severity: DEFAULT 0, DEBUG 100, … EMERGENCY 800. nullopt: it is none.
[[nodiscard]] std::optional<int> severity_rank(std::string_view severity);

// Immutable, hence thread safe.
class LogFilter {
public:
    // Errors: InvalidArgument.
    [[nodiscard]] static Outcome<LogFilter> parse(std::string_view text);

    // `entry`: a LogEntry.
    [[nodiscard]] bool matches(boost::json::object const& entry) const;

    struct Node;

private:
    std::shared_ptr<Node const> root_;  // nullptr: everything
};

}  // namespace aipress::sandbox

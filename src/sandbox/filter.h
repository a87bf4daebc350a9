// The `filter` and `query` parameters of lists: "lifecycleState:ACTIVE labels.env=prod".
// Format: terms FIELD:VALUE or FIELD=VALUE, all of which must hold, with or without AND between
// them; VALUE may be quoted, or end with *. That is as much of https://google.aip.dev/160 as
// clients of these APIs send; the rest is refused, not misread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/outcome.h"

namespace aipress::sandbox {

class Filter {
public:
    // Errors: InvalidArgument.
    [[nodiscard]] static Outcome<Filter> parse(std::string_view text);

    // "a.b" is looked up member by member, "display_name" also as "displayName"; what is not there
    // matches nothing. Without case.
    [[nodiscard]] bool matches(boost::json::object const& resource) const;
    // Whether the filter says anything of this field.
    [[nodiscard]] bool mentions(std::string_view field) const;

private:
    struct Term {
        std::string field;
        std::string value;
        bool is_prefix = false;
    };
    std::vector<Term> terms_;
};

}  // namespace aipress::sandbox

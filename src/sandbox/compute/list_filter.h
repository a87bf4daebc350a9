// The `filter` parameter of Compute's lists, in both of its dialects:
//
//     name = "n*" AND autoCreateSubnetworks = false, (a = b) (c != d), name:n, labels.env:*
//     name eq "^(one|two)$", (name ne x.*)
//
// All terms must hold. OR, NOT, < and > are refused, not misread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/outcome.h"

namespace aipress::sandbox::compute {

// Immutable.
class ListFilter {
public:
    // Errors: InvalidArgument.
    [[nodiscard]] static Outcome<ListFilter> parse(std::string_view text);

    [[nodiscard]] bool matches(boost::json::object const& resource) const;

private:
    enum class Relation { Equal, NotEqual, Has, Matches, MatchesNot };
    struct Term {
        std::string field;
        Relation relation = Relation::Equal;
        std::string value;
    };
    [[nodiscard]] static bool holds(Term const& term, boost::json::object const& resource);

    std::vector<Term> terms_;
};

}  // namespace aipress::sandbox::compute

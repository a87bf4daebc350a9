// The `fields` parameter: which parts of a reply a client wants.
// Format: "items(id,name),nextPageToken", "a/b/c", "*": Google's "partial response". A list stands
// for each of its members.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::sandbox {

class PartialResponse {
public:
    // Errors: InvalidArgument.
    [[nodiscard]] static Result<PartialResponse> parse(std::string_view fields);

    // Takes everything else out. What is named and not there is no error.
    void apply(boost::json::value& reply) const;

private:
    // By name; without children: the whole of it.
    std::map<std::string, PartialResponse, std::less<>> children_;

    class Parser;
};

}  // namespace aipress::sandbox

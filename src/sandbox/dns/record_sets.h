// Resource record sets: what a client sends, and what is kept.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/outcome.h"

namespace aipress::sandbox::dns {

struct RecordSet {
    std::string name;  // canonical, as all that follows
    std::string type;
    std::uint32_t ttl = 0;  // seconds
    std::vector<std::string> data = {};

    // The same records and TTL; the order of the records means nothing.
    [[nodiscard]] bool is_same_as(RecordSet const& other) const;
};

// Of a ResourceRecordSet in a zone. `path` is how errors call it: "entity.change.additions[0]".
// Errors: InvalidArgument.
[[nodiscard]] Outcome<RecordSet> parse_record_set(boost::json::object const& fields,
                                                  std::string_view zone, std::string const& path);
[[nodiscard]] boost::json::object to_json(RecordSet const& set);
// REQUIRES: what to_json() made.
[[nodiscard]] RecordSet from_json(boost::json::object const& body);

// Its lines in a zone file.
[[nodiscard]] std::string zone_file_lines(RecordSet const& set);

// "Invalid value for 'entity.change.additions[0].name': 'x'".
[[nodiscard]] ApiError invalid_value(std::string const& path, std::string_view value);
[[nodiscard]] ApiError missing_parameter(std::string const& path);
// "The change would exceed quota for additions per change."
[[nodiscard]] ApiError quota_exceeded(std::string_view quota);

}  // namespace aipress::sandbox::dns

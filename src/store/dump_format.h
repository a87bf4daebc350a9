// The first line of a dump, and the row that marks a load under way. Internal to dump and load.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "store/schema.h"

namespace aipress::store {

inline constexpr std::string_view kDumpFormat = "aipress_store";
inline constexpr std::int64_t kDumpVersion = 1;

[[nodiscard]] inline boost::json::object dump_header() {
    return {{kDumpFormat, kDumpVersion},
            {"schema", static_cast<std::int64_t>(migrations().size())}};
}

}  // namespace aipress::store

// Reading of Google's JSON, in which what has its default value is left out.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aipress::gcp {

// "" when it is missing or no text.
[[nodiscard]] std::string text_of(boost::json::object const& object, std::string_view field);
[[nodiscard]] bool bool_of(boost::json::object const& object, std::string_view field);
// Google writes 64-bit integers as text. nullopt: it is none.
[[nodiscard]] std::optional<std::int64_t> integer_of(boost::json::object const& object,
                                                     std::string_view field);
// nullptr when it is missing or no object.
[[nodiscard]] boost::json::object const* object_of(boost::json::object const& object,
                                                   std::string_view field);
// An empty one when it is missing.
[[nodiscard]] boost::json::array const& array_of(boost::json::object const& object,
                                                 std::string_view field);

}  // namespace aipress::gcp

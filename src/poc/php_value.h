// PHP's serialize(), which WordPress and its plugins keep their settings in.
// https://www.php.net/manual/en/function.serialize.php
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace aipress::poc {

// An object becomes an array with its keys in their order, an array one with 0, 1, …; a key that
// is a decimal integer becomes one, as in PHP. Lengths of strings are in bytes.
[[nodiscard]] std::string php_serialized(boost::json::value const& value);

}  // namespace aipress::poc

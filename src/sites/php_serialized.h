// Whether bytes are a value that PHP's unserialize() takes: how WordPress keeps lists and settings.
// Format: https://www.php.net/manual/en/function.serialize.php#66147 and
// ext/standard/var_unserializer.re of PHP 8:
//
//   N;  b:1;  i:-7;  d:0.5;  s:3:"abc";            lengths are in bytes
//   a:2:{ key value key value }                    a key is i: or s:
//   O:3:"Foo":1:{ key value }                      an object with its properties
//   C:3:"Foo":4:{....}                             an object's own format, by its length
//   E:7:"Foo:Bar";                                 a case of an enumeration (PHP 8.1)
//   R:2;  r:2;                                     the second value of all, once more
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::sites {

// Past it a value is refused: PHP's own default (unserialize_max_depth) is 4,096.
inline constexpr unsigned kPhpDepthMost = 256;

// All of the text is one value; blanks around it are no fault, for WordPress trims it. Errors:
// InvalidArgument with the place, in bytes, and what is wrong there, and nothing of the value.
[[nodiscard]] Result<void> check_php_serialized(std::string_view text);

// Whether somebody meant it as one, also when it is damaged: it begins like a value that has parts
// or a length, or is a whole number, boolean, or null. Wider than WordPress's is_serialized(),
// which takes a value that is cut off for plain text.
[[nodiscard]] bool looks_php_serialized(std::string_view text);

}  // namespace aipress::sites

// Random values of a column, as SQL literals that mean the same in every session.
#pragma once

#include <string>

#include "random_schema.h"

namespace aipress::functional {

enum class Strictness {
    Strict,   // only what STRICT_ALL_TABLES with ALLOW_INVALID_DATES accepts
    Lenient,  // also an ENUM's invalid value
};

// Boundaries, zero and invalid dates, emoji, every latin1 byte, quotes, NUL and line ends, trailing
// spaces and zero bytes. REQUIRES: not a Generated column.
[[nodiscard]] std::string random_value(Random& random, Column const& column, Strictness strictness);

// "(1,x'00',NULL)": one value for each writable column. An AUTO_INCREMENT column mostly gets NULL.
[[nodiscard]] std::string random_row(Random& random, Table const& table, Strictness strictness);

// Up to 16 MB, made by the server from a short statement.
[[nodiscard]] std::string big_value(Random& random, std::size_t most_bytes);

}  // namespace aipress::functional

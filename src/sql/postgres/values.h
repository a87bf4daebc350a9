// Values as PostgreSQL's text format has them. Source: its manual, chapter 8; pg_type.dat for the
// types' numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sql/value.h"

namespace aipress::sql::postgres {

using TypeNumber = std::uint32_t;  // an Oid

// 0: unknown, for the server to find out.
[[nodiscard]] TypeNumber type_number(Value const& value);
// REQUIRES: not NULL.
[[nodiscard]] std::string to_text_format(Value const& value);
// Errors: DataLoss.
[[nodiscard]] Result<Value> from_text_format(TypeNumber type, std::string_view text);

}  // namespace aipress::sql::postgres

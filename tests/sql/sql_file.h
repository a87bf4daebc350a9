// The files of this folder, read; their format is in README.md.
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/transaction.h"

namespace aipress::sql {

struct SqlRecord {
    enum class Kind { Schema, Statement, Query };
    Kind kind = Kind::Statement;
    std::size_t line = 0;
    std::vector<std::string> statements = {};  // of a schema; else one
    Parameters parameters = {};
    std::optional<std::int64_t> changed = {};
    std::string error = {};  // "ALREADY_EXISTS"; "": none
    std::vector<Type> types = {};
    std::vector<std::string> rows = {};  // JSON, as to_json_text() writes it
};

// Errors: InvalidArgument with the line.
[[nodiscard]] Result<std::vector<SqlRecord>> read_sql_file(std::filesystem::path const& file);
// A row, whose columns are of these types, as the files write it.
[[nodiscard]] Result<std::string> to_json_text(Row const& row, std::vector<Type> const& types);

}  // namespace aipress::sql

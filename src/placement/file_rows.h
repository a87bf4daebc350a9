// A file of records as text: CSV (RFC 4180) with a line of column names, or a JSON object a line.
// Which of the two is told by its first character.
//
// All faults are found, not only the first. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::placement {

inline constexpr std::size_t kFileBytesMost = 512 * 1024 * 1024;

// What is wrong with a file, at a line of it (the first is 1); 0: with all of it.
struct Fault {
    std::size_t line = 0;
    std::string text = {};

    bool operator==(Fault const&) const = default;
};
[[nodiscard]] std::string to_string(Fault const& fault);  // "line 17: …"

struct FileRow {
    std::size_t line = 0;
    // In the order of the columns that were asked for; none: not given, or empty.
    std::vector<std::optional<std::string>> cells = {};
};

struct FileRows {
    std::vector<FileRow> rows = {};
    std::vector<Fault> faults = {};
};

// A column that is not among `columns` is a fault, since a misspelt one would be left out silently;
// so is a cell that is no UTF-8. Columns may be missing and come in any order. Numbers and booleans
// of JSON are as they are written. Empty lines count for nothing.
[[nodiscard]] FileRows read_file_rows(std::string_view text,
                                      std::span<std::string_view const> columns);

}  // namespace aipress::placement

// Columns for people: aligned, numbers to the right, nothing cut off.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::cli {

enum class Align { Left, Right };

// Not thread safe.
class Table {
public:
    struct Column {
        std::string title;
        Align align = Align::Left;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // REQUIRES: one cell a column.
    void add_row(std::vector<std::string> cells);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    // Lines that end in '\n', without blanks at their end; titles first. Control characters show
    // as '?': a name must not paint over the terminal.
    [[nodiscard]] std::string render() const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// "1,234,567".
[[nodiscard]] std::string format_count(std::uint64_t number);
// "812 B", "1.5 kB", "23.4 MB", "1.2 GB": powers of 1000, as disks and networks count.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
// How many columns the text takes, one for a UTF-8 sequence.
[[nodiscard]] std::size_t display_width(std::string_view text);
// Control characters as '?'.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace aipress::cli

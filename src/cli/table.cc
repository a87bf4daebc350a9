#include "cli/table.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/assert.h"

namespace aipress::cli {
namespace {

constexpr std::string_view kGap = "  ";

void append_row(std::string& out, std::vector<std::string> const& cells,
                std::vector<Table::Column> const& columns, std::vector<std::size_t> const& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        std::string const padding(widths[i] - display_width(cells[i]), ' ');
        if (i > 0) line += kGap;
        line += columns[i].align == Align::Right ? padding + cells[i] : cells[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
}

}  // namespace

void Table::add_row(std::vector<std::string> cells) {
    ASSERT(cells.size() == columns_.size());
    for (auto& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

std::string Table::render() const {
    std::vector<std::string> titles;
    std::vector<std::size_t> widths;
    for (auto const& column : columns_) {
        titles.push_back(column.title);
        widths.push_back(display_width(column.title));
    }
    for (auto const& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i]));
        }
    }
    std::string out;
    append_row(out, titles, columns_, widths);
    for (auto const& row : rows_) append_row(out, row, columns_, widths);
    return out;
}

std::string format_count(std::uint64_t number) {
    auto const digits = std::to_string(number);
    std::string grouped;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
        grouped += digits[i];
    }
    return grouped;
}

std::string format_bytes(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 5> kUnits{"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1'000) return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes) / 1'000;
    std::size_t unit = 0;
    // 999.95 would be printed as 1000.0.
    while (value >= 999.95 && unit + 1 < kUnits.size()) {
        value /= 1'000;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::size_t display_width(std::string_view text) {
    auto const is_first_byte = [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_first_byte));
}

std::string printable(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return out;
}

}  // namespace aipress::cli

#include "placement/file_rows.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/utf8.h"

namespace aipress::placement {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

using Columns = std::span<std::string_view const>;

std::optional<std::size_t> index_of(Columns columns, std::string_view name) {
    auto const found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns.begin());
}

std::string unknown_column(Columns columns, std::string_view name) {
    return fmt::format("'{}' is no column: expected {}", name, fmt::join(columns, ", "));
}

// Lines without their ends ("\n" or "\r\n"), counted.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {
        if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    }
    [[nodiscard]] bool next(std::string_view& line) {
        if (rest_.empty()) return false;
        auto const end = rest_.find('\n');
        line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        ++number_;
        return true;
    }
    [[nodiscard]] std::size_t number() const { return number_; }

private:
    std::string_view rest_;
    std::size_t number_ = 0;
};

// The cells of one line. nullopt: a quote that is not closed, or text beside a quoted cell.
std::optional<std::vector<std::string>> split(std::string_view line) {
    std::vector<std::string> cells;
    for (;;) {
        std::string cell;
        if (line.starts_with('"')) {
            line.remove_prefix(1);
            for (;;) {
                auto const quote = line.find('"');
                if (quote == std::string_view::npos) return std::nullopt;
                cell += line.substr(0, quote);
                line.remove_prefix(quote + 1);
                if (!line.starts_with('"')) break;
                cell += '"';
                line.remove_prefix(1);
            }
            if (!line.empty() && line.front() != ',') return std::nullopt;
        } else {
            cell = line.substr(0, line.find(','));
            line.remove_prefix(cell.size());
        }
        cells.push_back(std::move(cell));
        if (line.empty()) return cells;
        line.remove_prefix(1);
    }
}

constexpr char const* kBrokenQuotes = "a quoted cell does not end, or text is beside it";

class Reader {
public:
    explicit Reader(Columns columns) : columns_(columns) {}

    void read_csv(Lines lines);
    void read_json(Lines lines);
    [[nodiscard]] FileRows take() { return std::move(read_); }

private:
    void fault(std::size_t line, std::string text) {
        read_.faults.push_back({line, std::move(text)});
    }
    // Which of columns_ each cell of a line is. False: no line can be read by them.
    bool read_names(Lines const& lines, std::string_view line);
    void read_csv_row(Lines const& lines, std::string_view line);
    void read_object(Lines const& lines, boost::json::object const& object);
    void set(FileRow& row, std::size_t column, std::string text);

    Columns const columns_;
    std::vector<std::optional<std::size_t>> indexes_;
    FileRows read_;
};

bool Reader::read_names(Lines const& lines, std::string_view line) {
    auto const names = split(line);
    if (!names) {
        fault(lines.number(), kBrokenQuotes);
        return false;
    }
    auto const faults = read_.faults.size();
    for (auto const& name : *names) {
        auto const index = index_of(columns_, name);
        if (!index) {
            fault(lines.number(), unknown_column(columns_, name));
        } else if (std::find(indexes_.begin(), indexes_.end(), index) != indexes_.end()) {
            fault(lines.number(), fmt::format("column '{}' comes twice", name));
        }
        indexes_.push_back(index);
    }
    return read_.faults.size() == faults;
}

void Reader::set(FileRow& row, std::size_t column, std::string text) {
    if (text.empty()) return;
    if (!is_utf8(text) || text.find('\0') != std::string::npos) {
        fault(row.line, fmt::format("{}: is no UTF-8 text", columns_[column]));
        return;
    }
    row.cells[column] = std::move(text);
}

void Reader::read_csv_row(Lines const& lines, std::string_view line) {
    auto cells = split(line);
    if (!cells) return fault(lines.number(), kBrokenQuotes);
    if (cells->size() != indexes_.size()) {
        return fault(lines.number(), fmt::format("{} cells where there are {} columns",
                                                 cells->size(), indexes_.size()));
    }
    FileRow row{.line = lines.number(), .cells = {}};
    row.cells.resize(columns_.size());
    for (std::size_t i = 0; i < cells->size(); ++i) {
        set(row, *indexes_[i], std::move((*cells)[i]));
    }
    read_.rows.push_back(std::move(row));
}

void Reader::read_csv(Lines lines) {
    std::string_view line;
    if (!lines.next(line) || !read_names(lines, line)) return;
    while (lines.next(line)) {
        if (!line.empty()) read_csv_row(lines, line);
    }
}

void Reader::read_object(Lines const& lines, boost::json::object const& object) {
    FileRow row{.line = lines.number(), .cells = {}};
    row.cells.resize(columns_.size());
    for (auto const& [key, value] : object) {
        auto const index = index_of(columns_, std::string_view(key));
        if (!index) {
            fault(row.line, unknown_column(columns_, std::string_view(key)));
        } else if (value.is_structured()) {
            fault(row.line, fmt::format("{}: expected a text or a number", columns_[*index]));
        } else if (value.is_string()) {
            set(row, *index, std::string(value.get_string()));
        } else if (value.is_double()) {
            set(row, *index, fmt::format("{}", value.get_double()));
        } else if (!value.is_null()) {
            set(row, *index, boost::json::serialize(value));
        }
    }
    read_.rows.push_back(std::move(row));
}

void Reader::read_json(Lines lines) {
    std::string_view line;
    while (lines.next(line)) {
        if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
        boost::json::error_code failure;
        auto const value = boost::json::parse(line, failure);
        if (failure || !value.is_object()) {
            fault(lines.number(), failure ? fmt::format("is no JSON: {}", failure.message())
                                          : std::string("expected a JSON object"));
            continue;
        }
        read_object(lines, value.get_object());
    }
}

}  // namespace

std::string to_string(Fault const& fault) {
    if (fault.line == 0) return fault.text;
    return fmt::format("line {}: {}", fault.line, fault.text);
}

FileRows read_file_rows(std::string_view text, std::span<std::string_view const> columns) {
    if (text.size() > kFileBytesMost) {
        return {.rows = {},
                .faults = {{0, fmt::format("the file has more than {} bytes: cut it in pieces",
                                           kFileBytesMost)}}};
    }
    Reader reader(columns);
    auto const bare = text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
    auto const first = bare.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {.rows = {}, .faults = {{0, "the file is empty"}}};
    }
    if (bare[first] == '{') {
        reader.read_json(Lines(text));
    } else {
        reader.read_csv(Lines(text));
    }
    return reader.take();
}

}  // namespace aipress::placement

#include "placement/fleet_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <unordered_map>
#include <utility>

#include "fleet/tenant_name.h"

namespace aipress::placement {
namespace {

// No sum of a fleet's loads overflows with less than this each.
constexpr std::uint64_t kNumberMost = 1'000'000'000'000'000;
constexpr unsigned kShardNumberMost = 1'000'000;
constexpr std::size_t kTextMost = 2'000;

constexpr std::array<std::string_view, 6> kShardColumns{"shard",  "state",  "slots",
                                                        "weight", "region", "project"};
constexpr std::array<std::string_view, 8> kTenantColumns{
    "tenant", "shard", "state", "weight", "connections", "bytes", "requests", "endpoint"};

// The cells of one row, turned into what they mean; what cannot be is a fault of its line.
class Cells {
public:
    Cells(FileRow& row, std::span<std::string_view const> columns, std::vector<Fault>& faults)
        : row_(row), columns_(columns), faults_(faults) {}

    [[nodiscard]] std::optional<std::string>& text(std::string_view column) {
        auto const at = std::find(columns_.begin(), columns_.end(), column) - columns_.begin();
        return row_.cells[static_cast<std::size_t>(at)];
    }
    void fault(std::string text) { faults_.push_back({row_.line, std::move(text)}); }
    void fault(std::string_view column, std::string_view is, std::string_view expected) {
        fault(fmt::format("{}: '{}' is not {}", column, is.substr(0, 60), expected));
    }
    // The first column. False, and a fault, when it is missing.
    bool needs(std::string_view column) {
        if (text(column)) return true;
        fault(fmt::format("{}: is missing", column));
        return false;
    }
    std::optional<std::uint64_t> number(std::string_view column, std::uint64_t least);
    std::optional<std::uint64_t> thousandths(std::string_view column);
    std::optional<std::string> plain_text(std::string_view column);

private:
    FileRow& row_;
    std::span<std::string_view const> columns_;
    std::vector<Fault>& faults_;
};

std::optional<std::uint64_t> whole(std::string_view text) {
    std::uint64_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [read_to, failure] = std::from_chars(text.data(), end, number);
    if (text.empty() || failure != std::errc() || read_to != end) return std::nullopt;
    return number;
}

std::optional<std::uint64_t> Cells::number(std::string_view column, std::uint64_t least) {
    auto const& cell = text(column);
    if (!cell) return std::nullopt;
    auto const number = whole(*cell);
    if (number && *number >= least && *number <= kNumberMost) return number;
    fault(column, *cell, fmt::format("a whole number from {} to {}", least, kNumberMost));
    return std::nullopt;
}

// "1.5" is 1500.
std::optional<std::uint64_t> Cells::thousandths(std::string_view column) {
    auto const& cell = text(column);
    if (!cell) return std::nullopt;
    std::string_view const all = *cell;
    auto const point = std::min(all.find('.'), all.size());
    std::string fraction(all.substr(std::min(point + 1, all.size())));
    auto const before = whole(all.substr(0, point));
    bool const is_short = fraction.size() <= 3 && (point == all.size() || !fraction.empty());
    fraction.resize(3, '0');
    auto const behind = whole(fraction);
    if (before && behind && is_short && *before <= kNumberMost / 1'000) {
        auto const sum = *before * 1'000 + *behind;
        if (sum > 0) return sum;
    }
    fault(column, all, "a number above 0 with at most three decimals");
    return std::nullopt;
}

std::optional<std::string> Cells::plain_text(std::string_view column) {
    auto& cell = text(column);
    if (!cell) return std::nullopt;
    bool const is_plain =
        cell->size() <= kTextMost &&
        std::all_of(cell->begin(), cell->end(), [](char c) { return c > ' ' && c < 127; });
    if (is_plain) return std::move(cell);
    fault(column, *cell, fmt::format("1 to {} printable characters without blanks", kTextMost));
    return std::nullopt;
}

// "aipress-shard-007" is 7. Only as shard_name() writes it: a home has one name.
std::optional<unsigned> shard_number(std::string_view name) {
    constexpr std::string_view kPrefix = "aipress-shard-";
    if (!name.starts_with(kPrefix)) return std::nullopt;
    auto const number = whole(name.substr(kPrefix.size()));
    if (!number || *number == 0 || *number > kShardNumberMost) return std::nullopt;
    auto const is = static_cast<unsigned>(*number);
    if (fleet::shard_name(is) != name) return std::nullopt;
    return is;
}

// A name that comes twice. False: it has come before.
class Names {
public:
    bool add(std::string const& name, std::size_t line, std::vector<Fault>& faults) {
        auto const [found, is_new] = lines_.emplace(name, line);
        if (is_new) return true;
        faults.push_back(
            {line, fmt::format("{} comes twice; first in line {}", name, found->second)});
        return false;
    }

private:
    std::unordered_map<std::string, std::size_t> lines_;
};

ShardRow read_shard(Cells& cells, std::size_t line) {
    ShardRow row{.line = line};
    if (cells.needs("shard")) {
        row.shard = *cells.text("shard");
        auto const number = shard_number(row.shard);
        if (!number) {
            cells.fault("shard", row.shard,
                        "a shard's name: expected aipress-shard-001 and the like");
        }
        row.number = number.value_or(0);
    }
    if (auto const& state = cells.text("state")) {
        row.state = fleet::shard_state_of(*state);
        if (!row.state) {
            cells.fault("state", *state, "active, cordoned, draining, full or retired");
        }
    }
    row.slots = cells.number("slots", 1);
    row.weight = cells.thousandths("weight");
    row.region = cells.plain_text("region");
    row.project = cells.plain_text("project");
    return row;
}

bool is_endpoint(std::string_view text) {
    for (std::string_view const scheme : {"https://", "http://"}) {
        if (text.starts_with(scheme)) return text.size() > scheme.size();
    }
    return false;
}

void read_weight(Cells& cells, TenantRow& row) {
    row.weight = cells.thousandths("weight");
    fleet::Measures const measures{.connections = cells.number("connections", 0),
                                   .bytes = cells.number("bytes", 0),
                                   .requests = cells.number("requests", 0)};
    row.bytes = measures.bytes;
    bool const is_measured = measures.connections || measures.bytes || measures.requests;
    if (!row.weight && is_measured) row.weight = fleet::weight_of(measures);
}

TenantRow read_tenant(Cells& cells, std::size_t line) {
    TenantRow row{.line = line};
    if (cells.needs("tenant")) {
        row.tenant = *cells.text("tenant");
        auto const is_name = fleet::check_tenant_name(row.tenant);
        if (!is_name.ok()) cells.fault(is_name.error().message());
    }
    if (auto const& shard = cells.text("shard")) {
        row.shard = *shard;
        if (!shard_number(*shard)) {
            cells.fault("shard", *shard, "a shard's name: expected aipress-shard-001 and the like");
        }
    }
    if (auto const& state = cells.text("state")) {
        row.state = store::tenant_state_of(*state);
        if (row.state != store::TenantState::Placed && row.state != store::TenantState::Legacy) {
            cells.fault("state", *state, "placed or legacy");
        } else if (row.state == store::TenantState::Legacy && row.shard) {
            cells.fault("state: a tenant that lives on a shard is not legacy any more");
        }
    }
    read_weight(cells, row);
    row.endpoint = cells.plain_text("endpoint");
    if (row.endpoint && !is_endpoint(*row.endpoint)) {
        cells.fault("endpoint", *row.endpoint, "an address: expected https://…");
    }
    return row;
}

template <typename File, typename Read>
File read_file(std::string_view text, std::span<std::string_view const> columns, Read const& read) {
    auto raw = read_file_rows(text, columns);
    File file{.rows = {}, .faults = std::move(raw.faults)};
    file.rows.reserve(raw.rows.size());
    Names names;
    for (auto& row : raw.rows) {
        Cells cells(row, columns, file.faults);
        auto const name = row.cells.front();
        file.rows.push_back(read(cells, row.line));
        if (name && !names.add(*name, row.line, file.faults)) file.rows.pop_back();
    }
    if (file.rows.empty() && file.faults.empty()) {
        file.faults.push_back({0, "the file names nothing but its columns"});
    }
    std::stable_sort(file.faults.begin(), file.faults.end(),
                     [](Fault const& a, Fault const& b) { return a.line < b.line; });
    return file;
}

}  // namespace

ShardFile read_shard_file(std::string_view text) {
    return read_file<ShardFile>(text, kShardColumns, read_shard);
}

TenantFile read_tenant_file(std::string_view text) {
    return read_file<TenantFile>(text, kTenantColumns, read_tenant);
}

}  // namespace aipress::placement

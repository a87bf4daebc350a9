// A place in a server's binary log.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aipress::mysql::binlog {

// File names end in a running number of fixed width ("mysql-bin.000042"), so (length, text) orders
// them.
struct Position {
    std::string file;
    std::uint64_t offset = 4;  // of the next event; the first event of a file is at 4

    [[nodiscard]] bool operator==(Position const&) const = default;
    [[nodiscard]] std::strong_ordering operator<=>(Position const& other) const {
        if (auto order = file.size() <=> other.file.size(); order != 0) return order;
        if (auto order = file <=> other.file; order != 0) return order;
        return offset <=> other.offset;
    }
    // "mysql-bin.000042:1337"
    [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] Result<Position> parse_position(std::string_view text);

}  // namespace aipress::mysql::binlog

// A row's key as one string of bytes, whether it came out of the binary log or of a SELECT.
//
// Each part is the value as the text protocol prints it (numbers in decimal, temporals as text in
// UTC, strings as their own bytes, ENUM, SET and BIT as their number), with its length in front as
// a base-128 varint. Two spellings that a collation holds equal are two keys here; as they select
// the same row on either server, that costs at most a second look at it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aipress::mover {

using RowKey = std::string;

void append_key_part(RowKey& key, std::string_view part);
// REQUIRES: made by append_key_part.
[[nodiscard]] std::vector<std::string_view> key_parts(std::string_view key);

// An interval of keys in the order of the table's key: after < key ≤ upto. Empty: unbounded.
struct KeyRange {
    RowKey after;
    RowKey upto;
};

}  // namespace aipress::mover

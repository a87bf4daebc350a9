#include "mysql/binlog/decimal.h"

#include <array>
#include <fmt/format.h>
#include <vector>

#include "mysql/binlog/byte_reader.h"

namespace aipress::mysql::binlog {

namespace {

constexpr unsigned kGroupDigits = 9;
constexpr std::array<std::size_t, 10> kBytesOfDigits{0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr unsigned kMaxPrecision = 65;

std::size_t part_size(unsigned digits) {
    return digits / kGroupDigits * 4 + kBytesOfDigits[digits % kGroupDigits];
}

// Appends a group as exactly `digits` digits.
Result<void> append_group(std::string& out, ByteReader& reader, unsigned digits) {
    if (digits == 0) return {};
    std::string const text =
        fmt::format("{:0{}}", big_endian(TRY(reader.read_bytes(kBytesOfDigits[digits]))), digits);
    if (text.size() > digits) return malformed("a DECIMAL has impossible digits");
    out += text;
    return {};
}

}  // namespace

Result<std::size_t> decimal_size(DecimalFormat format) {
    if (format.precision < 1 || format.precision > kMaxPrecision ||
        format.scale > format.precision) {
        return malformed("impossible DECIMAL");
    }
    return part_size(format.precision - format.scale) + part_size(format.scale);
}

Result<std::string> decimal_text(std::span<std::byte const> stored, DecimalFormat format) {
    // The sign bit is inverted, and all bits of a negative number are, so that bytes sort.
    bool const is_negative = (stored.front() & std::byte{0x80}) == std::byte{0};
    std::vector<std::byte> bytes(stored.begin(), stored.end());
    bytes.front() ^= std::byte{0x80};
    if (is_negative) {
        for (std::byte& byte : bytes) byte = ~byte;
    }

    ByteReader reader(bytes);
    unsigned const whole_digits = format.precision - format.scale;
    std::string whole;
    TRY(append_group(whole, reader, whole_digits % kGroupDigits));
    for (unsigned group = 0; group < whole_digits / kGroupDigits; ++group) {
        TRY(append_group(whole, reader, kGroupDigits));
    }
    std::string fraction;
    for (unsigned group = 0; group < format.scale / kGroupDigits; ++group) {
        TRY(append_group(fraction, reader, kGroupDigits));
    }
    TRY(append_group(fraction, reader, format.scale % kGroupDigits));

    whole.erase(0, whole.find_first_not_of('0'));
    if (whole.empty()) whole = "0";
    std::string text = is_negative ? "-" + whole : whole;
    if (!fraction.empty()) text += "." + fraction;
    return text;
}

}  // namespace aipress::mysql::binlog

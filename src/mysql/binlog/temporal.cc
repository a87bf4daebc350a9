#include "mysql/binlog/temporal.h"

#include <chrono>
#include <cstdint>
#include <fmt/format.h>

#include "mysql/binlog/byte_reader.h"

namespace aipress::mysql::binlog {

namespace {

constexpr std::string_view kZeroDateTime = "0000-00-00 00:00:00";

constexpr std::uint64_t bits(std::uint64_t value, unsigned from, unsigned count) {
    return value >> from & ((std::uint64_t{1} << count) - 1);
}

constexpr std::uint64_t power_of_ten(unsigned exponent) {
    std::uint64_t power = 1;
    while (exponent-- > 0) power *= 10;
    return power;
}

std::string fraction_text(std::uint64_t microseconds, unsigned digits) {
    if (digits == 0) return "";
    return fmt::format(".{:0{}}", microseconds / power_of_ten(6 - digits), digits);
}

// Two digits of the fraction a byte: hundredths, ten-thousandths or microseconds.
Result<std::uint64_t> stored_microseconds(std::uint64_t stored, unsigned digits) {
    std::uint64_t const microseconds = stored * power_of_ten(6 - (digits + 1) / 2 * 2);
    if (microseconds >= power_of_ten(6)) return malformed("more than a second of a second");
    return microseconds;
}

std::string seconds_since_1970_text(std::uint64_t seconds) {
    using namespace std::chrono;
    auto const days = static_cast<int>(seconds / 86'400);
    auto const of_day = seconds % 86'400;
    year_month_day const date{sys_days{std::chrono::days{days}}};
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       of_day / 3600, of_day / 60 % 60, of_day % 60);
}

}  // namespace

std::string date_text(StoredBytes stored) {
    std::uint64_t const value = little_endian(stored);
    return fmt::format("{:04}-{:02}-{:02}", bits(value, 9, 15), bits(value, 5, 4),
                       bits(value, 0, 5));
}

std::string old_time_text(StoredBytes stored) {
    std::uint64_t const raw = little_endian(stored);
    bool const is_negative = bits(raw, 23, 1) != 0;
    std::uint64_t const value = is_negative ? (std::uint64_t{1} << 24U) - raw : raw;
    return fmt::format("{}{:02}:{:02}:{:02}", is_negative ? "-" : "", value / 10'000,
                       value / 100 % 100, value % 100);
}

Result<std::string> old_datetime_text(StoredBytes stored) {
    std::uint64_t const value = little_endian(stored);
    std::uint64_t const date = value / 1'000'000;
    std::uint64_t const time = value % 1'000'000;
    if (date > 99'99'99'99) return malformed("a DATETIME beyond the year 9999");
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", date / 10'000, date / 100 % 100,
                       date % 100, time / 10'000, time / 100 % 100, time % 100);
}

std::string old_timestamp_text(StoredBytes stored) {
    std::uint64_t const seconds = little_endian(stored);
    return seconds == 0 ? std::string(kZeroDateTime) : seconds_since_1970_text(seconds);
}

Result<std::string> time2_text(StoredBytes stored, unsigned fraction_digits) {
    // Whole and fraction together are one biased number, so one negation handles both.
    auto const bit_count = static_cast<unsigned>(8 * stored.size());
    std::uint64_t const bias = std::uint64_t{1} << (bit_count - 1);
    std::uint64_t const raw = big_endian(stored);
    bool const is_negative = raw < bias;
    std::uint64_t const value = is_negative ? bias - raw : raw - bias;

    unsigned const fraction_bits = bit_count - 24;
    std::uint64_t const microseconds =
        TRY(stored_microseconds(bits(value, 0, fraction_bits), fraction_digits));
    std::uint64_t const whole = value >> fraction_bits;
    return fmt::format("{}{:02}:{:02}:{:02}{}", is_negative ? "-" : "", bits(whole, 12, 12),
                       bits(whole, 6, 6), bits(whole, 0, 6),
                       fraction_text(microseconds, fraction_digits));
}

Result<std::string> datetime2_text(StoredBytes stored, unsigned fraction_digits) {
    constexpr std::uint64_t kBias = 0x8000000000;
    std::uint64_t const raw = big_endian(stored.first(5));
    if (raw < kBias) return malformed("a negative DATETIME");
    std::uint64_t const value = raw - kBias;
    std::uint64_t const year_month = bits(value, 22, 17);
    std::uint64_t const microseconds =
        TRY(stored_microseconds(big_endian(stored.subspan(5)), fraction_digits));
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}", year_month / 13, year_month % 13,
                       bits(value, 17, 5), bits(value, 12, 5), bits(value, 6, 6), bits(value, 0, 6),
                       fraction_text(microseconds, fraction_digits));
}

Result<std::string> timestamp2_text(StoredBytes stored, unsigned fraction_digits) {
    std::uint64_t const seconds = big_endian(stored.first(4));
    std::uint64_t const microseconds =
        TRY(stored_microseconds(big_endian(stored.subspan(4)), fraction_digits));
    std::string text = seconds == 0 && microseconds == 0 ? std::string(kZeroDateTime)
                                                         : seconds_since_1970_text(seconds);
    return text + fraction_text(microseconds, fraction_digits);
}

}  // namespace aipress::mysql::binlog

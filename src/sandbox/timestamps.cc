#include "sandbox/timestamps.h"

#include <charconv>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace aipress::sandbox {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;
constexpr std::int64_t kLongestSeconds = 9'000'000'000;  // what an int64 of nanoseconds holds
constexpr std::size_t kFractionDigits = 9;
constexpr std::size_t kDateTime = std::string_view("2026-11-25T18:30:00").size();

// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    int number = 0;
    if (text.size() < digits || text.front() == '-') return std::nullopt;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + digits, number);
    if (failure != std::errc() || end != text.data() + digits) return std::nullopt;
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, std::string_view letters) {
    if (text.empty() || letters.find(text.front()) == letters.npos) return false;
    text.remove_prefix(1);
    return true;
}

// ".123": a point and digits; none of both is 0. Digits past the ninth are dropped.
std::optional<Nanoseconds> take_fraction(std::string_view& text) {
    if (!take(text, ".")) return Nanoseconds(0);
    auto const count = std::min(text.find_first_not_of("0123456789"), text.size());
    if (count == 0) return std::nullopt;
    std::string digits(text.substr(0, std::min(count, kFractionDigits)));
    digits.resize(kFractionDigits, '0');
    text.remove_prefix(count);
    std::string_view rest = digits;
    return Nanoseconds(*take_number(rest, kFractionDigits));
}

// "Z" or "+01:30", as what has to be taken away for UTC.
std::optional<minutes> take_offset(std::string_view& text) {
    if (take(text, "Zz")) return minutes(0);
    bool const is_west = text.starts_with('-');
    if (!take(text, "+-")) return std::nullopt;
    auto const hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    auto const minute = take_number(text, 2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    auto const offset = hours(*hour) + minutes(*minute);
    return is_west ? -offset : offset;
}

std::optional<seconds> take_date_time(std::string_view& text) {
    auto const year = take_number(text, 4);
    if (!year || *year < kFirstYear || *year > kLastYear || !take(text, "-")) return std::nullopt;
    auto const month = take_number(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    auto const day = take_number(text, 2);
    if (!day || !take(text, "Tt ")) return std::nullopt;
    auto const hour = take_number(text, 2);
    if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
    auto const minute = take_number(text, 2);
    if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
    auto const second = take_number(text, 2);
    if (!second || *second > 59) return std::nullopt;
    std::chrono::year_month_day const date(std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)});
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch() + hours(*hour) + minutes(*minute) +
           seconds(*second);
}

}  // namespace

Nanoseconds nanoseconds_of(WallTime time) {
    return std::chrono::duration_cast<Nanoseconds>(time.time_since_epoch());
}

std::optional<Nanoseconds> parse_timestamp(std::string_view text) {
    if (text.size() < kDateTime) return std::nullopt;
    auto const whole = take_date_time(text);
    if (!whole) return std::nullopt;
    auto const fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    auto const offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    return *whole + *fraction - *offset;
}

std::string format_timestamp(Nanoseconds time) {
    auto const whole = std::chrono::floor<seconds>(time);
    auto const fraction = (time - whole).count();
    auto text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(std::time_t{whole.count()}));
    if (fraction != 0) {
        auto digits = fmt::format("{:09}", fraction);
        while (digits.ends_with("000")) digits.resize(digits.size() - 3);
        text += "." + digits;
    }
    return text + "Z";
}

std::optional<Nanoseconds> parse_duration(std::string_view text) {
    std::int64_t whole = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (failure != std::errc() || whole < 0 || whole > kLongestSeconds || text.front() == '-') {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    auto const fraction = take_fraction(text);
    if (!fraction || text != "s") return std::nullopt;
    return seconds(whole) + *fraction;
}

}  // namespace aipress::sandbox

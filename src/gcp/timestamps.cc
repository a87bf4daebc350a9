#include "gcp/timestamps.h"

#include <charconv>
#include <cstdint>

namespace aipress::gcp {
namespace {

// The digits at `at`, followed by `end`.
std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits, char end) {
    if (text.size() <= at + digits || text[at + digits] != end) return std::nullopt;
    int value = 0;
    auto const* const begin = text.data() + at;
    auto const [stop, failure] = std::from_chars(begin, begin + digits, value);
    if (failure != std::errc() || stop != begin + digits || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<WallTime> parse_timestamp(std::string_view text) {
    using namespace std::chrono;
    if (!text.ends_with('Z')) return std::nullopt;
    auto const year_number = number(text, 0, 4, '-');
    auto const month_number = number(text, 5, 2, '-');
    auto const day_number = number(text, 8, 2, 'T');
    auto const hour = number(text, 11, 2, ':');
    auto const minute = number(text, 14, 2, ':');
    bool const has_fraction = text.size() > 20 && text[19] == '.';
    auto const second = number(text, 17, 2, has_fraction ? '.' : 'Z');
    if (!year_number || !month_number || !day_number || !hour || !minute || !second) {
        return std::nullopt;
    }
    year_month_day const date(year(*year_number), month(static_cast<unsigned>(*month_number)),
                              day(static_cast<unsigned>(*day_number)));
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    std::int64_t fraction = 0;
    std::int64_t unit = 1'000'000'000;
    if (has_fraction) {
        auto const digits = text.substr(20, text.size() - 21);
        if (digits.size() > 9) return std::nullopt;
        for (char const digit : digits) {
            if (digit < '0' || digit > '9') return std::nullopt;
            unit /= 10;
            fraction += (digit - '0') * unit;
        }
    } else if (text.size() != 20) {
        return std::nullopt;
    }
    return time_point_cast<WallTime::duration>(sys_days(date) + hours(*hour) + minutes(*minute) +
                                               seconds(*second) + nanoseconds(fraction));
}

}  // namespace aipress::gcp

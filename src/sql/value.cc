#include "sql/value.h"

#include <cmath>
#include <fmt/format.h>

#include "base/utf8.h"
#include "sql/limits.h"
#include "sql/row.h"

namespace aipress::sql {
namespace {

using std::chrono::microseconds;

// The years that every engine can keep.
constexpr Timestamp kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr Timestamp kBehind = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);

Error invalid(std::size_t number, std::string_view what) {
    return {ErrorCode::InvalidArgument, fmt::format("parameter ${}: {}", number, what)};
}

Result<void> check(std::size_t number, Value const& value) {
    auto const& held = value.held();
    if (auto const* text = std::get_if<std::string>(&held)) {
        if (text->size() > limits::kTextBytesMost) return invalid(number, "the text is too long");
        if (text->find('\0') != text->npos) return invalid(number, "a text may not hold a NUL");
        if (!is_utf8(*text)) return invalid(number, "the text is not valid UTF-8");
    } else if (auto const* bytes = std::get_if<Bytes>(&held)) {
        if (bytes->data.size() > limits::kTextBytesMost) return invalid(number, "too many bytes");
    } else if (auto const* real = std::get_if<double>(&held)) {
        if (!std::isfinite(*real)) return invalid(number, "the number is not finite");
    } else if (auto const* time = std::get_if<Timestamp>(&held)) {
        if (*time < kFirst || *time >= kBehind) return invalid(number, "the time is out of range");
    }
    return {};
}

// Reads from the front of a text. What is not there as expected makes the whole thing invalid.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool read_all() const { return is_valid_ && rest_.empty(); }
    void fail() { is_valid_ = false; }
    bool skip(char wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char wanted) {
        if (!skip(wanted)) fail();
    }
    // Two or four digits, no more than `most`.
    unsigned number(std::size_t digits, unsigned most) {
        unsigned value = 0;
        for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
        if (value > most) fail();
        return value;
    }
    // One to nine digits behind the point, as microseconds.
    microseconds fraction() {
        unsigned value = 0;
        std::size_t digits = 0;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits) {
            unsigned const next = digit();
            if (digits < 6) value = value * 10 + next;
        }
        if (digits == 0 || digits > 9) fail();
        for (std::size_t have = digits; have < 6; ++have) value *= 10;
        return microseconds(value);
    }

private:
    unsigned digit() {
        if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') {
            fail();
            return 0;
        }
        auto const value = static_cast<unsigned>(rest_.front() - '0');
        rest_.remove_prefix(1);
        return value;
    }

    std::string_view rest_;
    bool is_valid_ = true;
};

Timestamp scan_date(Scanner& scanner) {
    auto const year = std::chrono::year(static_cast<int>(scanner.number(4, 9999)));
    scanner.expect('-');
    auto const month = std::chrono::month(scanner.number(2, 12));
    scanner.expect('-');
    auto const date = year / month / std::chrono::day(scanner.number(2, 31));
    if (date.ok()) return std::chrono::sys_days(date);
    scanner.fail();
    return {};
}

microseconds scan_clock(Scanner& scanner) {
    auto const hours = std::chrono::hours(scanner.number(2, 23));
    scanner.expect(':');
    auto const minutes = std::chrono::minutes(scanner.number(2, 59));
    scanner.expect(':');
    auto const seconds = std::chrono::seconds(scanner.number(2, 59));
    return hours + minutes + seconds + (scanner.skip('.') ? scanner.fraction() : microseconds(0));
}

// What local time is ahead by: "Z", "+00", "-05:30".
microseconds scan_offset(Scanner& scanner) {
    if (scanner.skip('Z')) return {};
    bool const is_behind = scanner.skip('-');
    if (!is_behind) scanner.expect('+');
    auto const hours = std::chrono::hours(scanner.number(2, 15));
    auto const minutes = std::chrono::minutes(scanner.skip(':') ? scanner.number(2, 59) : 0);
    return is_behind ? -(hours + minutes) : hours + minutes;
}

}  // namespace

std::string_view to_string(Type type) {
    switch (type) {
        case Type::Text:
            return "text";
        case Type::Integer:
            return "integer";
        case Type::Boolean:
            return "boolean";
        case Type::Bytes:
            return "bytes";
        case Type::Double:
            return "double";
        case Type::Timestamp:
            return "timestamp";
    }
    ASSERT(false);
}

std::string to_text(Timestamp time) {
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    Scanner scanner(text);
    auto time = scan_date(scanner);
    if (!scanner.skip('T')) scanner.expect(' ');
    time += scan_clock(scanner);
    time -= scan_offset(scanner);
    if (!scanner.read_all() || time < kFirst || time >= kBehind) return std::nullopt;
    return time;
}

Value Value::null_of(Type type) {
    Value value(nullptr);
    value.type_ = type;
    return value;
}

Result<void> check_parameters(Parameters const& parameters) {
    if (parameters.size() > limits::kParametersMost) {
        return Error(
            ErrorCode::InvalidArgument,
            fmt::format("a statement takes no more than {} parameters", limits::kParametersMost));
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) TRY(check(i + 1, parameters[i]));
    return {};
}

Error Row::mismatch(std::size_t column, Type wanted) const {
    auto const& value = values_[column];
    std::string_view const found = value.is_null() ? "NULL"
                                   : value.type()  ? to_string(*value.type())
                                                   : "nothing";
    return {ErrorCode::DataLoss,
            fmt::format("column {} of the store's answer: expected {}, found {}",
                        (*columns_)[column], to_string(wanted), found)};
}

Result<void> Row::read(std::size_t column, std::string& field) const {
    auto const* text = std::get_if<std::string>(&values_[column].held());
    if (text == nullptr) return mismatch(column, Type::Text);
    field = *text;
    return {};
}

Result<void> Row::read(std::size_t column, std::int64_t& field) const {
    auto const* number = std::get_if<std::int64_t>(&values_[column].held());
    if (number == nullptr) return mismatch(column, Type::Integer);
    field = *number;
    return {};
}

Result<void> Row::read(std::size_t column, bool& field) const {
    auto const& held = values_[column].held();
    if (auto const* truth = std::get_if<bool>(&held)) {
        field = *truth;
        return {};
    }
    auto const* number = std::get_if<std::int64_t>(&held);
    if (number == nullptr || (*number != 0 && *number != 1)) return mismatch(column, Type::Boolean);
    field = *number == 1;
    return {};
}

Result<void> Row::read(std::size_t column, Bytes& field) const {
    auto const* bytes = std::get_if<Bytes>(&values_[column].held());
    if (bytes == nullptr) return mismatch(column, Type::Bytes);
    field = *bytes;
    return {};
}

Result<void> Row::read(std::size_t column, double& field) const {
    auto const& held = values_[column].held();
    if (auto const* real = std::get_if<double>(&held)) {
        field = *real;
        return {};
    }
    auto const* number = std::get_if<std::int64_t>(&held);
    if (number == nullptr) return mismatch(column, Type::Double);
    field = static_cast<double>(*number);
    return {};
}

Result<void> Row::read(std::size_t column, Timestamp& field) const {
    auto const& held = values_[column].held();
    if (auto const* time = std::get_if<Timestamp>(&held)) {
        field = *time;
        return {};
    }
    auto const* number = std::get_if<std::int64_t>(&held);
    if (number == nullptr) return mismatch(column, Type::Timestamp);
    field = Timestamp(std::chrono::microseconds(*number));
    return {};
}

}  // namespace aipress::sql

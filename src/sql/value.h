// What a column holds, in the types that all engines share.
//
//     Type       SQL text           C++
//     Text       varchar            std::string: UTF-8 without NUL
//     Integer    bigint             std::int64_t
//     Boolean    boolean            bool
//     Bytes      bytea              sql::Bytes
//     Double     double precision   double: finite
//     Timestamp  timestamptz        sql::Timestamp: microseconds, of the years 1 to 9999
//
// NULL is a std::optional without value.
#pragma once

#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace aipress::sql {

enum class Type { Text, Integer, Boolean, Bytes, Double, Timestamp };
// "text", "integer", …, for messages.
[[nodiscard]] std::string_view to_string(Type type);

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
[[nodiscard]] inline Timestamp timestamp_of(std::chrono::system_clock::time_point time) {
    return std::chrono::floor<std::chrono::microseconds>(time);
}
// "2026-11-30T16:30:00.123456Z", always with six digits: the order of the texts is that of time.
[[nodiscard]] std::string to_text(Timestamp time);
// The same, with none to nine digits, 'T' or a space, "Z" or an offset such as "+00" or "+05:30".
// Digits behind the microsecond are dropped. nullopt: it is none, or out of range.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text);

struct Bytes {
    std::string data = {};
    auto operator<=>(Bytes const&) const = default;
};

template <typename T>
concept SmallInteger = std::integral<T> && !std::same_as<T, bool> &&
                       (std::signed_integral<T> || sizeof(T) < sizeof(std::int64_t));

// A parameter or a field of a row.
class Value {
public:
    using Held =
        std::variant<std::monostate, std::string, std::int64_t, bool, Bytes, double, Timestamp>;

    // NOLINTBEGIN(google-explicit-constructor): {"tenant-001", 17, true} is the point of the type.
    Value(std::nullptr_t) {}  // NULL of whatever type the statement finds for it
    Value(char const* text) : type_(Type::Text), held_(std::string(text)) {}
    Value(std::string_view text) : type_(Type::Text), held_(std::string(text)) {}
    Value(std::string text) : type_(Type::Text), held_(std::move(text)) {}
    template <SmallInteger T>
    Value(T number) : type_(Type::Integer), held_(static_cast<std::int64_t>(number)) {}
    template <std::same_as<bool> T>
    Value(T truth) : type_(Type::Boolean), held_(truth) {}
    Value(Bytes bytes) : type_(Type::Bytes), held_(std::move(bytes)) {}
    Value(double number) : type_(Type::Double), held_(number) {}
    Value(Timestamp time) : type_(Type::Timestamp), held_(time) {}
    template <typename T>
    Value(std::optional<T> const& maybe) : type_(Value(T{}).type()) {
        if (maybe) *this = Value(*maybe);
    }
    // NOLINTEND(google-explicit-constructor)
    // NULL of a type.
    [[nodiscard]] static Value null_of(Type type);

    [[nodiscard]] bool is_null() const { return held_.index() == 0; }
    // nullopt: an untyped NULL.
    [[nodiscard]] std::optional<Type> type() const { return type_; }
    [[nodiscard]] Held const& held() const { return held_; }
    bool operator==(Value const& other) const { return held_ == other.held_; }

private:
    std::optional<Type> type_;
    Held held_;
};

using Parameters = std::vector<Value>;

// Errors: InvalidArgument for what not every engine can keep: text that is no UTF-8 or holds a NUL,
// a double that is not finite, a time out of range, too much of anything.
Result<void> check_parameters(Parameters const& parameters);

}  // namespace aipress::sql

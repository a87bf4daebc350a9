#include "sql/postgres/values.h"

#include <charconv>
#include <fmt/format.h>

#include "base/assert.h"
#include "sql/number_text.h"

namespace aipress::sql::postgres {
namespace {

constexpr TypeNumber kBool = 16;
constexpr TypeNumber kBytea = 17;
constexpr TypeNumber kInt8 = 20;
constexpr TypeNumber kInt2 = 21;
constexpr TypeNumber kInt4 = 23;
constexpr TypeNumber kText = 25;
constexpr TypeNumber kFloat4 = 700;
constexpr TypeNumber kFloat8 = 701;
constexpr TypeNumber kTimestamptz = 1184;
constexpr TypeNumber kNumeric = 1700;

constexpr char const* kDigits = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
    std::string text = "\\x";
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4u];
        text += kDigits[byte & 15u];
    }
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (!text.starts_with("\\x") || text.size() % 2 != 0) return std::nullopt;
    Bytes bytes;
    for (std::size_t i = 2; i < text.size(); i += 2) {
        unsigned byte = 0;
        auto const read = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
        if (read.ptr != text.data() + i + 2) return std::nullopt;
        bytes.data += static_cast<char>(byte);
    }
    return bytes;
}

}  // namespace

TypeNumber type_number(Value const& value) {
    if (!value.type()) return 0;
    switch (*value.type()) {
        case Type::Text:
            return kText;
        case Type::Integer:
            return kInt8;
        case Type::Boolean:
            return kBool;
        case Type::Bytes:
            return kBytea;
        case Type::Double:
            return kFloat8;
        case Type::Timestamp:
            return kTimestamptz;
    }
    ASSERT(false);
}

std::string to_text_format(Value const& value) {
    auto const& held = value.held();
    if (auto const* text = std::get_if<std::string>(&held)) return *text;
    if (auto const* number = std::get_if<std::int64_t>(&held)) return std::to_string(*number);
    if (auto const* truth = std::get_if<bool>(&held)) return *truth ? "t" : "f";
    if (auto const* bytes = std::get_if<Bytes>(&held)) return to_hex(bytes->data);
    if (auto const* real = std::get_if<double>(&held)) return fmt::format("{}", *real);
    auto const* time = std::get_if<Timestamp>(&held);
    ASSERT(time != nullptr);
    return to_text(*time);
}

Result<Value> from_text_format(TypeNumber type, std::string_view text) {
    std::optional<Value> value;
    switch (type) {
        case kBool:
            value = Value(text == "t");
            break;
        case kInt2:
        case kInt4:
        case kInt8:
            if (auto const number = number_of<std::int64_t>(text)) value = Value(*number);
            break;
        case kNumeric:  // of sum(bigint)
            if (auto const number = number_of<std::int64_t>(text)) {
                value = Value(*number);
                break;
            }
            [[fallthrough]];
        case kFloat4:
        case kFloat8:
            if (auto const number = number_of<double>(text)) value = Value(*number);
            break;
        case kBytea:
            if (auto bytes = from_hex(text)) value = Value(std::move(*bytes));
            break;
        case kTimestamptz:
            if (auto const time = parse_timestamp(text)) value = Value(*time);
            break;
        default:
            value = Value(text);
    }
    if (value) return std::move(*value);
    return Error(ErrorCode::DataLoss,
                 fmt::format("PostgreSQL answers with '{}' for type {}", text, type));
}

}  // namespace aipress::sql::postgres

// A number that an engine writes as text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace aipress::sql {

// nullopt: the whole text is none, or it is out of the type's range.
template <typename Number>
[[nodiscard]] std::optional<Number> number_of(std::string_view text) {
    Number number{};
    auto const read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace aipress::sql

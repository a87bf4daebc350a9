#include "mysql/binlog/position.h"

#include <charconv>

namespace aipress::mysql::binlog {

std::string Position::to_string() const {
    return file + ":" + std::to_string(offset);
}

Result<Position> parse_position(std::string_view text) {
    auto const invalid = [text] {
        return Error(ErrorCode::InvalidArgument,
                     "not a binary log position (file:offset): '" + std::string(text) + "'");
    };
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return invalid();
    Position position{std::string(text.substr(0, colon)), 0};
    std::string_view const digits = text.substr(colon + 1);
    char const* const end = digits.data() + digits.size();
    auto const [stop, error] = std::from_chars(digits.data(), end, position.offset);
    if (error != std::errc{} || stop != end || digits.empty()) return invalid();
    return position;
}

}  // namespace aipress::mysql::binlog

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
    char const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data() + colon + 1, end, position.offset);
    if (error != std::errc{} || stop != end) return invalid();
    return position;
}

}  // namespace aipress::mysql::binlog

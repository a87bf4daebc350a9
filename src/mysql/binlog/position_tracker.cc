#include "mysql/binlog/position_tracker.h"

#include <variant>

namespace aipress::mysql::binlog {

void PositionTracker::advance(Event const& event, std::size_t size) {
    if (auto const* rotate = std::get_if<Rotate>(&event.body)) {
        position_ = {rotate->file, rotate->offset};
        return;
    }
    if (event.end_offset == 0 || std::holds_alternative<Heartbeat>(event.body)) return;
    constexpr std::uint64_t kWrap = std::uint64_t{1} << 32U;
    std::uint64_t end = position_.offset / kWrap * kWrap + event.end_offset;
    if (end + kWrap == position_.offset + size) end += kWrap;
    if (end > position_.offset) position_.offset = end;
}

}  // namespace aipress::mysql::binlog

// Where a stream of events is, by our own reading of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mysql/binlog/event.h"
#include "mysql/binlog/position.h"

namespace aipress::mysql::binlog {

class PositionTracker {
public:
    explicit PositionTracker(Position from) : position_(std::move(from)) {}

    // `size`: of the event as it came. Events without an offset of their own (artificial ones,
    // heartbeats, a format description sent again) do not move the position; none moves it back.
    // Headers hold 32 bits of the offset; the rest is counted here, for files over 4 GiB.
    void advance(Event const& event, std::size_t size);

    [[nodiscard]] Position const& position() const { return position_; }

private:
    Position position_;
};

}  // namespace aipress::mysql::binlog

// What the decoder is fuzzed with: the events of a log as (type, size, body), without the headers
// and checksums that would refuse nearly every mutation before it is looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "testing/binlog_events.h"

namespace aipress::testing {

// 1 byte of type, 2 bytes of size, body; REQUIRES: at most 65,535 bytes of body.
void append_fuzz_event(Bytes& input, std::uint8_t type, std::span<std::byte const> body);

// The events of a binary log file, but those that are too long.
[[nodiscard]] Result<Bytes> fuzz_input_of_log(std::string const& path);

struct FuzzOutcome {
    std::size_t decoded = 0;
    std::size_t refused = 0;
};

// Gives every event of the input to one decoder, its checksum right, and looks at all that comes
// out. ASSERTs what holds for any input: never an empty answer, only DataLoss, Unimplemented and
// ResourceExhausted as errors, every image as wide as its table.
FuzzOutcome decode_fuzz_input(std::span<std::byte const> input);

}  // namespace aipress::testing

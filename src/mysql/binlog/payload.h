// TRANSACTION_PAYLOAD (MySQL 8.0.20): the events of one transaction, packed together.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"

namespace aipress::mysql::binlog {

// The events, one behind the other, each with its header and without a checksum.
// Source: Transaction_payload in MySQL's libbinlogevents/include/codecs/binary.h.
[[nodiscard]] Result<std::vector<std::byte>> unpack_payload(std::span<std::byte const> body);

}  // namespace aipress::mysql::binlog

// How far files have been read, as the store keeps it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sandbox/service.h"

namespace aipress::sandbox {

using Positions = std::map<std::string, std::uint64_t>;  // bytes, by file

// `reader`: whose they are. None when it has written none.
[[nodiscard]] Outcome<Positions> read_positions(Store const& store, std::string_view reader);
// Together with what was read: so nothing is told of twice.
[[nodiscard]] Outcome<Done> write_positions(Transaction& transaction, std::string_view reader,
                                            Positions const& positions);

}  // namespace aipress::sandbox

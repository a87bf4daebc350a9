// Every bound of the moving of files, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aipress::objects::limits {

inline constexpr unsigned kWorkers = 64;              // rewrites in flight
inline constexpr std::uint32_t kPageObjects = 1'000;  // as many as Google gives at once
// https://cloud.google.com/storage/docs/objects#naming
inline constexpr std::size_t kNameBytes = 1'024;
// So often an object is looked at that is written during its copy; then a later pass has it.
inline constexpr unsigned kLooks = 3;
inline constexpr std::size_t kWaypoints = 15;   // a listing is read in one range more, at once
inline constexpr std::size_t kNamesShown = 20;  // of differences, of names that are too long

}  // namespace aipress::objects::limits

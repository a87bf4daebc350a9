// Every bound of backups, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace aipress::backup::limits {

inline constexpr std::size_t kManifestBytes = 16u << 20;  // of a manifest, and of each list
inline constexpr std::size_t kPartBytes = 256u << 20;     // database.json, configuration, secrets
inline constexpr std::size_t kNameBytes = 1'024;          // of an object: Cloud Storage's
inline constexpr std::size_t kFilesAList = 5'000;
inline constexpr std::size_t kFilesAChunk = 1'000;  // copied before the next are listed

// A table's ranges that are measured one by one: so many rows at least, so many ranges at most.
inline constexpr std::uint64_t kRangeRows = 500;
inline constexpr std::uint64_t kRangesATable = 2'000;

// A dump that is written anew, in parts which are composed; Cloud Storage composes 32 at a time.
inline constexpr std::size_t kStagedBytes = 8u << 20;
inline constexpr std::size_t kComposedParts = 32;
inline constexpr std::size_t kDumpLineHead = 1'024;  // of a line, to know what it is

inline constexpr std::size_t kStateFilesSearched = 1'000;  // by what they declare
inline constexpr std::size_t kTold = 20;                   // differences in an error
inline constexpr std::size_t kDatabaseNameBytes = 64;      // MySQL's

inline constexpr unsigned kExportAttempts = 3;
inline constexpr milliseconds kCleanUpTime{120'000};  // also after the deadline

}  // namespace aipress::backup::limits

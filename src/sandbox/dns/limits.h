// Cloud DNS quotas, as dns.projects.get tells them: https://cloud.google.com/dns/quotas
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace aipress::sandbox::dns {

inline constexpr std::size_t kZonesPerProject = 10'000;
inline constexpr std::size_t kRecordSetsPerZone = 10'000;
inline constexpr std::size_t kAdditionsPerChange = 1'000;
inline constexpr std::size_t kDeletionsPerChange = 1'000;
inline constexpr std::size_t kRecordsPerSet = 100;
inline constexpr std::size_t kDataBytesPerChange = 100'000;  // of all record data
inline constexpr std::size_t kDescriptionCharacters = 1024;
inline constexpr std::size_t kPageDefault = 100;
inline constexpr std::size_t kPageMost = 1'000;

inline constexpr milliseconds kRealisticPublication{2'000};
inline constexpr milliseconds kPortWait{2'000};          // for the port of the last run
inline constexpr milliseconds kServerStart{10'000};      // until it answers
inline constexpr milliseconds kServerReload{60'000};     // of all that changed
inline constexpr milliseconds kAnswerTime{1'000};        // of one query
inline constexpr milliseconds kSupervision{500};         // how soon a dead server is noticed
inline constexpr milliseconds kSupervisionMost{30'000};  // when something does not work

}  // namespace aipress::sandbox::dns

// What a drill is asked to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"

namespace aipress::drill {

// What the drill does wrong on purpose, to show that it notices.
enum class Sabotage {
    InventComment,  // the ledger has a comment that no site ever accepted
    InventUpload,   // and an upload
    DeleteComment,  // one that was accepted is taken out of the database at the end
};

struct Options {
    unsigned tenants = 10;  // the seventh fails on purpose, the fourth goes back by hand
    unsigned at_once = 3;   // tenants in preparation; those that wait for the TTL do not count
    std::uint64_t seed = 1;
    std::string observe = "15s";
    milliseconds quiet{8'000};  // before the first and after the last migration: latencies
    std::vector<Sabotage> sabotage = {};
    std::filesystem::path aipress = {};
    std::filesystem::path folder = {};  // temporary; exists
    std::filesystem::path report = "rehearsal";
};

inline constexpr milliseconds kDowntimePromise{300'000};

}  // namespace aipress::drill

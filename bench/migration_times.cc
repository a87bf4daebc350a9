#include "bench/migration_times.h"

#include <algorithm>
#include <array>

#include "gcp/fields.h"

namespace aipress::bench {
namespace {

constexpr std::array<std::string_view, 7> kData{
    "backup/take",     "backup/verify", "files/copy",    "database/begin",
    "database/follow", "validate/data", "routing/switch"};
constexpr std::array<std::string_view, 2> kWaiting{"routing/wait", "observe/watch"};

template <typename Names>
bool has(Names const& names, std::string_view action) {
    return std::find(names.begin(), names.end(), action) != names.end();
}

}  // namespace

double MigrationTimes::control_seconds() const {
    double sum = 0;
    for (auto const& [step, seconds] : control) sum += seconds;
    return sum;
}

MigrationTimes times_of(migration::JournalContent const& content) {
    MigrationTimes times;
    std::map<std::string, WallTime> begun;
    for (auto const& entry : content.entries) {
        if (entry.action.empty()) continue;
        if (entry.event == migration::Event::Begun) begun[entry.action] = entry.at;
        if (entry.event != migration::Event::Done || !begun.contains(entry.action)) continue;
        auto const took = std::chrono::duration<double>(entry.at - begun[entry.action]).count();
        if (has(kData, entry.action)) {
            times.data += took;
        } else if (has(kWaiting, entry.action)) {
            times.waiting += took;
        } else {
            times.control[entry.action.substr(0, entry.action.find('/'))] += took;
        }
    }
    auto const facts = content.facts("routing/switch");
    times.fence_ms = static_cast<double>(gcp::integer_of(facts, "fence_ms").value_or(-1));
    return times;
}

}  // namespace aipress::bench

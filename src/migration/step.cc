#include "migration/step.h"

#include <algorithm>

namespace aipress::migration {
namespace {

struct Names {
    std::string_view step;
    std::string_view command;
    std::string_view last_action;
};
constexpr std::array<Names, kSteps> kNames{{{"backup", "backup", "backup/verify"},
                                            {"provision", "provision", "provision/ttl"},
                                            {"database", "migrate-database", "database/follow"},
                                            {"files", "migrate-files", "files/copy"},
                                            {"validate", "validate", "validate/baseline"},
                                            {"routing", "update-routing", "routing/dns"},
                                            {"observe", "observe", "observe/watch"},
                                            {"complete", "complete", "complete/mover"}}};

}  // namespace

std::string_view to_string(Step step) {
    return kNames.at(static_cast<std::size_t>(step)).step;
}

std::optional<Step> step_named(std::string_view name) {
    auto const* const found = std::find_if(kNames.begin(), kNames.end(),
                                           [name](Names const& one) { return one.step == name; });
    if (found == kNames.end()) return std::nullopt;
    return static_cast<Step>(found - kNames.begin());
}

std::string_view command_of(Step step) {
    return kNames.at(static_cast<std::size_t>(step)).command;
}

std::string_view last_action_of(Step step) {
    return kNames.at(static_cast<std::size_t>(step)).last_action;
}

}  // namespace aipress::migration

// The names that a trial leaves behind when the mover is killed in the midst of it. Internal to
// mover/.
#pragma once

#include <string_view>

namespace aipress::mover {

inline constexpr std::string_view kTrialTable = "_aipress_trial";
inline constexpr std::string_view kTrialDatabasePrefix = "aipress_trial_";

}  // namespace aipress::mover

// The command line of aipress-rehearse.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "testing/rehearsal/rehearsal.h"

namespace aipress::rehearsal {

enum class LogFolder { RemoveWhenGood, Keep };

struct Arguments {
    RehearsalOptions rehearsal;  // without the folder
    LogFolder log_folder = LogFolder::RemoveWhenGood;
};

struct UsageExit {
    int code = 0;  // 0: help was asked for; 2: wrong usage
    std::string text;
};

// Changes argv as getopt_long does. `php_folder`: unless the command line names another one. The
// binary under test is by default the `aipress` beside this one.
[[nodiscard]] std::variant<Arguments, UsageExit> parse_arguments(
    int argc, char** argv, std::filesystem::path const& php_folder);

}  // namespace aipress::rehearsal

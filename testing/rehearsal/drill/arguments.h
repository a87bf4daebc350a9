// The command line of a drill.
#pragma once

#include <string>
#include <variant>

#include "testing/rehearsal/arguments.h"
#include "testing/rehearsal/drill/options.h"

namespace aipress::drill {

struct Arguments {
    Options options = {};  // without the folder
    rehearsal::LogFolder log_folder = rehearsal::LogFolder::RemoveWhenGood;
};

// Changes argv as getopt_long does.
[[nodiscard]] std::variant<Arguments, rehearsal::UsageExit> parse_arguments(int argc, char** argv);

}  // namespace aipress::drill

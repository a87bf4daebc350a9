// A program that outlives this process.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace aipress {

// In a session of its own, away from our terminal: without input, with its output appended to that
// file, and with no other descriptor of ours. It is our child as long as we live, and goes on when
// we end. Errors: NotFound, PermissionDenied, Unavailable.
[[nodiscard]] Result<pid_t> start_detached(std::vector<std::string> const& arguments,
                                           std::filesystem::path const& output_file);

}  // namespace aipress

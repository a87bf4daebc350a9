// What the programs that serve the sites have in common: they are started, waited for and ended.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"

namespace aipress::sandbox::run {

[[nodiscard]] std::string read_text(std::filesystem::path const& file);

// Errors: Unavailable, with the end of the log, when the process ends or is not ready in time.
[[nodiscard]] Result<void> wait_until(Context const& context, Process& process,
                                      std::filesystem::path const& log,
                                      std::function<bool()> const& ready);

// By that signal, and a while later by force.
void stop_gently(Process& process, int signal);

}  // namespace aipress::sandbox::run

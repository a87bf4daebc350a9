// Small things about the programs that the rehearsal runs beside itself.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"

namespace aipress::rehearsal {

// The path of a program, looked up in PATH and where Debian keeps servers (/usr/sbin), which the
// PATH of a user leaves out. Errors: NotFound.
[[nodiscard]] Result<std::string> find_program(std::string const& name);

// SIGTERM, some seconds of grace, then SIGKILL. Nothing when it has ended already.
void stop_gently(Process& process, Clock& clock);

[[nodiscard]] std::string read_text(std::filesystem::path const& file);  // "" when there is none
// The last lines of a text, of a log for an error message.
[[nodiscard]] std::string last_lines(std::string const& text, std::size_t count);

}  // namespace aipress::rehearsal

// Text for an operator's shell: what is pasted back, never a password.
#pragma once

#include <string>
#include <string_view>

namespace aipress::cli {

// The URL without its password; a text that is no URL comes back as "mysql://…".
[[nodiscard]] std::string without_password(std::string_view url);
// As a word of a POSIX shell.
[[nodiscard]] std::string shell_quoted(std::string_view text);
// A script that completes this program's commands and options in bash.
[[nodiscard]] std::string bash_completion();

}  // namespace aipress::cli

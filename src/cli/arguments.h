// What was typed, read and checked before anything is touched. The only door to CLI11.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "mover/options.h"

namespace aipress::cli {

enum class Verb {
    Move,
    Status,
    Pause,
    Resume,
    Switch,
    Rollback,
    Finalize,
    Preflight,
    Verify,
    Completion,
};
// "move", as typed.
[[nodiscard]] std::string_view to_string(Verb verb);

enum class OutputFormat { Table, Json };

struct Arguments {
    Verb verb = Verb::Move;
    std::string journal;
    // Both or neither; always both for move, preflight and verify.
    std::optional<mysql::Endpoint> source;
    std::optional<mysql::Endpoint> target;
    mover::MoveOptions options;  // source and target are filled in when given
    OutputFormat format = OutputFormat::Table;
    bool quiet = false;
    bool dry_run = false;
    std::string confirmed_database;  // finalize --confirm
    std::string accepted_loss;       // rollback --accept-loss
    // The options of a move as typed, quoted for a shell and without passwords:
    // "--source mysql://wp@db1/wp --workers 8".
    std::string move_options_text;
};

// --help, --version, or why it cannot be done.
struct EarlyExit {
    int code = 0;
    std::string output;  // for stdout
    std::string error;   // for stderr
};

// Passwords that are not in the URLs are taken from AIPRESS_SOURCE_PASSWORD and
// AIPRESS_TARGET_PASSWORD.
[[nodiscard]] std::variant<Arguments, EarlyExit> parse_arguments(int argc, char const* const* argv);

// A script that completes this program's commands and options in bash.
[[nodiscard]] std::string bash_completion();

// The URL without its password; a text that is no URL comes back as "mysql://…".
[[nodiscard]] std::string without_password(std::string_view url);
// As a word of a POSIX shell.
[[nodiscard]] std::string shell_quoted(std::string_view text);

}  // namespace aipress::cli

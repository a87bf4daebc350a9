// The words below `aipress database`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/argument_values.h"
#include "mover/options.h"

namespace CLI {
class App;
}

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
};
// "move", as typed.
[[nodiscard]] std::string_view to_string(Verb verb);

struct DatabaseArguments {
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

struct DatabaseTexts;

// Not thread safe.
class DatabaseCommands {
public:
    // Adds them to `app`, the whole program's.
    explicit DatabaseCommands(CLI::App& app);
    ~DatabaseCommands();

    // What was typed behind one of them. Errors: InvalidArgument.
    [[nodiscard]] Result<DatabaseArguments> read(std::string_view verb) const;

private:
    std::unique_ptr<DatabaseTexts> texts_;
};

// A URL's form, and a move from start to end.
[[nodiscard]] std::string database_examples();

}  // namespace aipress::cli

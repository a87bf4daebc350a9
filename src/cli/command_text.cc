#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/shell_text.h"

namespace aipress::cli {
namespace {

std::string confirmation(Verb verb, std::string_view database) {
    return verb == Verb::Finalize ? " --confirm " + shell_quoted(database) : "";
}

}  // namespace

std::string command_text(Verb verb, DatabaseArguments const& arguments) {
    auto text = fmt::format("aipress database {} --journal {}", to_string(verb),
                            shell_quoted(arguments.journal));
    if (!arguments.move_options_text.empty()) text += " " + arguments.move_options_text;
    if (arguments.source) text += confirmation(verb, arguments.source->database);
    return text;
}

std::string command_text(Verb verb, DatabaseArguments const& arguments,
                         mover::Report const& report) {
    return fmt::format(
        "aipress database {} --journal {} --source {} --target {}{}", to_string(verb),
        shell_quoted(arguments.journal), shell_quoted("mysql://" + report.source),
        shell_quoted("mysql://" + report.target), confirmation(verb, database_of(report.source)));
}

std::string database_of(std::string_view display) {
    // user@host:port/database: the first slash behind a port, for a user's name may hold one.
    for (auto at = display.find('/'); at != std::string_view::npos;
         at = display.find('/', at + 1)) {
        bool const is_behind_port = at > 0 && display[at - 1] >= '0' && display[at - 1] <= '9' &&
                                    display.substr(0, at).find('@') != std::string_view::npos;
        if (is_behind_port) return std::string(display.substr(at + 1));
    }
    return "";
}

Result<void> check_typed_name(std::string_view option, std::string_view typed,
                              mover::Report const& report) {
    auto const database = database_of(report.source);
    if (typed == database) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("{} says '{}', but this journal moves '{}'", option, typed, database));
}

}  // namespace aipress::cli

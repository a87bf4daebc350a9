#include "cli/shared_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace aipress::cli {

std::string wrapped(std::string_view text) {
    constexpr std::size_t kWidth = 50;
    std::string out;
    std::size_t column = 0;
    while (!text.empty()) {
        auto const word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (column > 0) out += column + word.size() < kWidth ? ' ' : '\n';
        column = column + word.size() < kWidth ? column + word.size() + 1 : word.size() + 1;
        out += word;
    }
    return out;
}

void add_format(CLI::App& command, std::string& text) {
    command.add_option("--format", text, "table (default) or json")->type_name("FORMAT");
}

}  // namespace aipress::cli

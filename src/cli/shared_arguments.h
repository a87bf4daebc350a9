// What the options of all commands have in common.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace aipress::cli {

// Help fits a terminal of 80 columns: descriptions go on under themselves.
[[nodiscard]] std::string wrapped(std::string_view text);
// --format
void add_format(CLI::App& command, std::string& text);

}  // namespace aipress::cli

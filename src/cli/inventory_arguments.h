// `aipress inventory`: its words.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "cli/argument_values.h"

namespace CLI {
class App;
}

namespace aipress::cli {

struct InventoryArguments {
    std::string project;
    std::string state_bucket;  // "": no state files are read
    OutputFormat format = OutputFormat::Table;
    std::filesystem::path out;  // "": stdout
};

struct InventoryTexts;

// Not thread safe.
class InventoryCommand {
public:
    // Adds it to `app`, the whole program's.
    explicit InventoryCommand(CLI::App& app);
    ~InventoryCommand();

    // What was typed behind it. Errors: InvalidArgument.
    [[nodiscard]] Result<InventoryArguments> read() const;

private:
    std::unique_ptr<InventoryTexts> texts_;
};

}  // namespace aipress::cli

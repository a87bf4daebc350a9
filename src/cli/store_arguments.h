// `aipress store`: its words.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "cli/argument_values.h"

namespace CLI {
class App;
}

namespace aipress::cli {

enum class StoreVerb { Status, Migrate, Dump, Load };

struct StoreArguments {
    StoreVerb verb = StoreVerb::Status;
    std::string url;             // may have a password
    std::filesystem::path file;  // of a dump; "": stdout
    OutputFormat format = OutputFormat::Table;
};

struct StoreTexts;

// Not thread safe.
class StoreCommands {
public:
    // Adds them to `app`, the whole program's.
    explicit StoreCommands(CLI::App& app);
    ~StoreCommands();

    // What was typed behind the verb. Errors: InvalidArgument.
    [[nodiscard]] Result<StoreArguments> read(std::string const& verb) const;

private:
    std::unique_ptr<StoreTexts> texts_;
};

}  // namespace aipress::cli

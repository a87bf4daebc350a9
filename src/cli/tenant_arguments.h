// The words below `aipress tenant`.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/argument_values.h"
#include "migration/options.h"
#include "migration/step.h"

namespace CLI {
class App;
}

namespace aipress::cli {

enum class TenantVerb {
    Migrate,
    Step,  // one step by hand: TenantArguments::step
    Rollback,
    Restore,
    Status,
    Why,
    History,
};

struct TenantArguments {
    TenantVerb verb = TenantVerb::Status;
    migration::Step step = migration::Step::Backup;
    std::string tenant;
    std::filesystem::path state;  // where the journals are
    std::string from;             // the project that it leaves
    std::string to;               // the shard; "": that of the migration under way
    migration::Options options;
    std::optional<migration::Step> from_step;  // migrate: done again from here on
    std::string webhook;                       // of alerts
    std::string old_bucket;                    // migrate-files: what the caller takes for it
    std::string new_bucket;
    std::string url;            // update-routing: where the site is to be
    std::string backup;         // restore: its id
    std::string confirmed;      // --confirm: the tenant's name, typed
    std::string accepted_loss;  // --accept-loss: the same
    std::string command;        // as typed, for the journal of what to do next: "migrate-files"
    OutputFormat format = OutputFormat::Table;
    bool quiet = false;
    bool dry_run = false;
};

struct TenantTexts;

// Not thread safe.
class TenantCommands {
public:
    // Adds them to `app`, the whole program's.
    explicit TenantCommands(CLI::App& app);
    ~TenantCommands();

    // What was typed behind one of them. Errors: InvalidArgument.
    [[nodiscard]] Result<TenantArguments> read(std::string_view verb) const;

private:
    std::unique_ptr<TenantTexts> texts_;
};

}  // namespace aipress::cli

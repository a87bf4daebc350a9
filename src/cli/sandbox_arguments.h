// The words below `aipress sandbox`.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/argument_values.h"
#include "poc/seed.h"
#include "poc/shard.h"
#include "sandbox/client_settings.h"
#include "sandbox/operations.h"
#include "sandbox/quotas.h"

namespace CLI {
class App;
}

namespace aipress::cli {

enum class SandboxVerb { Up, Down, Status, Reset, Requests, Env, Snapshot, SeedPoc, SeedShard };
enum class SnapshotAction { Save, Load, List, Delete };
// In the order of sandbox::Client.
inline constexpr std::array<std::string_view, 4> kSandboxClients{"gcloud", "gsutil", "node",
                                                                 "aipress"};

struct SandboxArguments {
    SandboxVerb verb = SandboxVerb::Up;
    std::filesystem::path data;
    std::uint16_t port = 0;  // 0: any that is free
    sandbox::OperationTiming operations = sandbox::OperationTiming::Instant;
    bool with_spanner = false;       // up --spanner
    bool is_detached = false;        // up --detach
    std::vector<std::string> words;  // all that was typed behind the program's name
    std::filesystem::path faults;    // up --faults; empty: none
    sandbox::QuotaMode quotas = sandbox::QuotaMode::Off;
    unsigned seed = 0;  // up --seed; a random one when it was not given
    OutputFormat format = OutputFormat::Table;
    sandbox::Client client = sandbox::Client::Gcloud;           // env --for
    sandbox::ClientMode mode = sandbox::ClientMode::Overrides;  // env --mode
    std::string confirmed;  // --confirm: what is destroyed, typed out
    SnapshotAction snapshot_action = SnapshotAction::List;
    std::string snapshot;          // its name
    unsigned last = 0;             // requests --last; 0: all
    poc::SeedOptions poc = {};     // seed-poc; but for its ports
    poc::ShardOptions shard = {};  // seed-shard; but for its ports
};

struct SandboxTexts;

// Not thread safe.
class SandboxCommands {
public:
    // Adds them to `app`, the whole program's.
    explicit SandboxCommands(CLI::App& app);
    ~SandboxCommands();

    // What was typed behind one of them. Errors: InvalidArgument.
    [[nodiscard]] Result<SandboxArguments> read(std::string_view verb) const;

private:
    std::unique_ptr<SandboxTexts> texts_;
};

}  // namespace aipress::cli

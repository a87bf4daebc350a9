#include "cli/sandbox_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <random>

#include "base/assert.h"
#include "cli/shared_arguments.h"

namespace aipress::cli {

// Every option's text; empty when it was not given.
struct SandboxTexts {
    std::string data;
    std::string port;
    std::string operations;
    std::string faults;
    std::string seed;
    std::string quotas;
    std::string format;
    std::string client;
    std::string mode;
    std::string confirm;
    std::string last;
    std::string snapshot_action;
    std::string snapshot;
    std::string spanner;
    bool detach = false;
    std::string tenants;
    bool metadata_only = false;
    std::string shard;
    std::string capacity;
    std::string tier;
};

namespace {

using Texts = SandboxTexts;

constexpr std::uint16_t kDefaultPort = 8480;
constexpr unsigned kCapacityMost = 1'000;
constexpr unsigned kMostRequests = 1'000'000;
constexpr auto kHighestSeed = std::numeric_limits<unsigned>::max();
constexpr std::array<std::string_view, 2> kOperationChoices{"instant", "realistic"};

constexpr std::array<std::string_view, 2> kSpannerChoices{"off", "auto"};
constexpr std::array<std::string_view, 2> kQuotaChoices{"off", "real"};
constexpr std::array<std::string_view, 2> kModeChoices{"overrides", "proxy"};

constexpr char const* kExamples =
    R"help(From an empty machine to Google's own clients:
  aipress sandbox up --detach
  eval "$(aipress sandbox env --for gcloud)"
  gcloud projects list
  aipress sandbox requests
  aipress sandbox down

All it knows is in the data folder: killed or stopped, `up` finds it as it was.)help";

// $XDG_STATE_HOME/aipress/sandbox, as the XDG base directory specification has it.
std::filesystem::path default_data() {
    auto const* const state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr && *state == '/') return std::filesystem::path(state) / "aipress/sandbox";
    auto const* const home = std::getenv("HOME");
    return std::filesystem::path(home == nullptr ? "/var/lib" : home) /
           ".local/state/aipress/sandbox";
}

CLI::App& add_command(CLI::App& group, char const* name, std::string const& description,
                      Texts& texts) {
    auto& command = *group.add_subcommand(name, description);
    command
        .add_option("--data", texts.data,
                    wrapped("Where it keeps everything (default: aipress/sandbox below "
                            "$XDG_STATE_HOME or ~/.local/state)"))
        ->type_name("DIR");
    return command;
}

// In the order of SnapshotAction.
constexpr std::array<std::string_view, 4> kSnapshotActions{"save", "load", "list", "delete"};

void add_snapshot_commands(CLI::App& group, Texts& texts) {
    auto& snapshot = *group.add_subcommand("snapshot", "All it knows at one moment, under a name");
    snapshot.require_subcommand(1);
    auto const add = [&](SnapshotAction action, std::string const& description) -> CLI::App& {
        auto const name = std::string(kSnapshotActions.at(static_cast<std::size_t>(action)));
        auto& command = add_command(snapshot, name.c_str(), description, texts);
        command.callback([&texts, name] { texts.snapshot_action = name; });
        if (action != SnapshotAction::List) {
            command.add_option("name", texts.snapshot, "Its name")->required()->type_name("NAME");
        }
        return command;
    };
    add(SnapshotAction::Save,
        wrapped("Save it, running or not; one that runs holds requests until it is saved, and "
                "ends connections to databases and sites"));
    add(SnapshotAction::Load, wrapped("Put everything back as it was; it must not be running, and "
                                      "what it knows now is lost"))
        .add_option("--confirm", texts.confirm, "The data folder's last name, typed out")
        ->type_name("FOLDER")
        ->required();
    add_format(add(SnapshotAction::List, "Which there are"), texts.format);
    add(SnapshotAction::Delete, "Forget one")
        .add_option("--confirm", texts.confirm, "The snapshot's name, typed out again")
        ->type_name("NAME")
        ->required();
}

void add_seed_commands(CLI::App& group, Texts& texts) {
    auto& seed = add_command(group, "seed-poc",
                             "Fill the one that runs with a project of WordPress sites", texts);
    seed.add_option("--tenants", texts.tenants,
                    wrapped("How many (default 10): 1 to 100, each with a database server and a "
                            "live site of its own"))
        ->type_name("N");
    seed.add_flag("--metadata-only", texts.metadata_only,
                  wrapped("Only the resources, without servers, sites and pictures: up to 90,000 "
                          "tenants"));
    seed.add_option("--seed", texts.seed,
                    wrapped("The same number makes the same tenants (default 1)"))
        ->type_name("N");
    add_format(seed, texts.format);
    auto& shard = add_command(group, "seed-shard",
                              wrapped("Make an empty shard in the one that runs, for the sites of "
                                      "seed-poc to move to"),
                              texts);
    shard.add_option("--shard", texts.shard, "Its project: aipress-shard-001 and so on")
        ->type_name("NAME")
        ->required();
    shard.add_option("--capacity", texts.capacity, "How many sites it takes (default 50)")
        ->type_name("N");
    shard.add_option("--tier", texts.tier, "Of its database server (default db-n1-standard-4)")
        ->type_name("TIER");
    add_format(shard, texts.format);
}

void add_commands(CLI::App& group, Texts& texts) {
    auto const add = [&](char const* name, char const* description) -> CLI::App& {
        return add_command(group, name, description, texts);
    };
    auto& up = add("up", "Run it, until `down`, Ctrl-C or SIGTERM");
    up.add_option("--port", texts.port, "Where it listens on 127.0.0.1 (default 8480); 0: any")
        ->type_name("N");
    up.add_option("--operations", texts.operations,
                  wrapped("instant: done when first asked for (default); realistic: after as long "
                          "as Google takes"))
        ->type_name("HOW");
    up.add_option("--spanner", texts.spanner,
                  wrapped("auto: with Google's Cloud Spanner emulator, when it is installed "
                          "($AIPRESS_SPANNER_EMULATOR: its folder); off (default)"))
        ->type_name("HOW");
    up.add_flag("--detach", texts.detach,
                wrapped("Return once it is ready, and leave it running; what it has to say goes to "
                        "sandbox.log in its folder"));
    up.add_option("--faults", texts.faults,
                  wrapped("What shall go wrong, and how often: docs/reference/sandbox-faults.md"))
        ->type_name("FILE");
    up.add_option(
          "--seed", texts.seed,
          wrapped("Of the faults: the same seed, the same faults (default: another one each "
                  "time; `up` says which)"))
        ->type_name("N");
    up.add_option("--quotas", texts.quotas,
                  wrapped("off (default); real: Google's published rate limits, by project and by "
                          "user"))
        ->type_name("HOW");
    add_format(up, texts.format);
    add("down", "End the one that runs; what it knows stays");
    add_format(add("status", "Whether it runs, and where"), texts.format);
    auto& reset =
        add("reset", "Forget everything it knows, its snapshots too; it must not be running");
    reset.add_option("--confirm", texts.confirm, "The data folder's last name, typed out")
        ->type_name("NAME")
        ->required();
    auto& requests = add("requests", "Every request that it answered");
    requests.add_option("--last", texts.last, "Only so many")->type_name("N");
    add_format(requests, texts.format);
    add_seed_commands(group, texts);
    auto& env = add("env", "Settings that point a client at it, for a shell's eval");
    env.add_option(
           "--for", texts.client,
           wrapped("gcloud, gsutil, node or aipress: AIPRESS_GCP_ENDPOINT for all services, "
                   "AIPRESS_GCP_TOKEN, AIPRESS_GCP_PROJECT, AIPRESS_SITES_ADDRESS, "
                   "AIPRESS_DNS_ADDRESS (AIPRESS_GCP_ENDPOINT_STORAGE and the like are for "
                   "one service)"))
        ->type_name("CLIENT")
        ->required();
    env.add_option("--mode", texts.mode,
                   wrapped("overrides: the client is given other addresses (default); proxy: it "
                           "calls Google's, and this sandbox is its proxy"))
        ->type_name("HOW");
    add_snapshot_commands(group, texts);
}

// --tenants, --metadata-only and --seed.
Result<poc::SeedOptions> seed_options(Texts const& texts) {
    poc::SeedOptions options;
    if (texts.metadata_only) options.scope = poc::Scope::RecordsOnly;
    if (!texts.tenants.empty()) {
        auto const most = texts.metadata_only ? poc::kRecordsMost : poc::kSitesMost;
        options.tenants = TRY(number_value("--tenants", texts.tenants, 1, most));
    }
    if (!texts.seed.empty()) {
        options.seed = TRY(number_value("--seed", texts.seed, 0, kHighestSeed));
    }
    return options;
}

// --shard, --capacity and --tier.
Result<poc::ShardOptions> shard_options(Texts const& texts) {
    poc::ShardOptions options;
    if (!texts.shard.empty()) TRY(poc::check_shard_name(texts.shard).in_context("--shard"));
    options.shard = texts.shard;
    if (!texts.capacity.empty()) {
        options.capacity = TRY(number_value("--capacity", texts.capacity, 1, kCapacityMost));
    }
    if (!texts.tier.empty()) options.tier = texts.tier;
    return options;
}

constexpr std::array<std::pair<std::string_view, SandboxVerb>, 9> kVerbs{{
    {"up", SandboxVerb::Up},
    {"down", SandboxVerb::Down},
    {"status", SandboxVerb::Status},
    {"reset", SandboxVerb::Reset},
    {"requests", SandboxVerb::Requests},
    {"env", SandboxVerb::Env},
    {"snapshot", SandboxVerb::Snapshot},
    {"seed-poc", SandboxVerb::SeedPoc},
    {"seed-shard", SandboxVerb::SeedShard},
}};

}  // namespace

SandboxCommands::SandboxCommands(CLI::App& app) : texts_(std::make_unique<Texts>()) {
    auto& group =
        *app.add_subcommand("sandbox", "A Google Cloud on this machine, to try things on");
    group.require_subcommand(1);
    group.footer(kExamples);
    add_commands(group, *texts_);
}

SandboxCommands::~SandboxCommands() = default;

Result<SandboxArguments> SandboxCommands::read(std::string_view verb) const {
    auto const* const found = std::find_if(kVerbs.begin(), kVerbs.end(),
                                           [&](auto const& named) { return named.first == verb; });
    ASSERT(found != kVerbs.end());
    SandboxArguments arguments;
    arguments.verb = found->second;
    std::error_code ignored;
    arguments.data =
        texts_->data.empty() ? default_data() : std::filesystem::absolute(texts_->data, ignored);
    arguments.port = kDefaultPort;
    if (!texts_->port.empty()) {
        arguments.port =
            static_cast<std::uint16_t>(TRY(number_value("--port", texts_->port, 0, 65535)));
    }
    if (!texts_->operations.empty()) {
        arguments.operations = static_cast<sandbox::OperationTiming>(
            TRY(choice_value("--operations", texts_->operations, kOperationChoices)));
    }
    if (!texts_->quotas.empty()) {
        arguments.quotas = static_cast<sandbox::QuotaMode>(
            TRY(choice_value("--quotas", texts_->quotas, kQuotaChoices)));
    }
    if (!texts_->faults.empty()) {
        arguments.faults = std::filesystem::absolute(texts_->faults, ignored);
    }
    arguments.seed = std::random_device{}();
    if (!texts_->seed.empty()) {
        arguments.seed = TRY(number_value("--seed", texts_->seed, 0, kHighestSeed));
    }
    arguments.format = TRY(format_value(texts_->format));
    if (!texts_->client.empty()) {
        arguments.client = static_cast<sandbox::Client>(
            TRY(choice_value("--for", texts_->client, kSandboxClients)));
    }
    if (!texts_->mode.empty()) {
        arguments.mode = static_cast<sandbox::ClientMode>(
            TRY(choice_value("--mode", texts_->mode, kModeChoices)));
    }
    if (!texts_->last.empty()) {
        arguments.last = TRY(number_value("--last", texts_->last, 1, kMostRequests));
    }
    if (!texts_->spanner.empty()) {
        arguments.with_spanner =
            TRY(choice_value("--spanner", texts_->spanner, kSpannerChoices)) == 1;
    }
    arguments.is_detached = texts_->detach;
    arguments.confirmed = texts_->confirm;
    if (!texts_->snapshot_action.empty()) {
        arguments.snapshot_action = static_cast<SnapshotAction>(
            TRY(choice_value("snapshot", texts_->snapshot_action, kSnapshotActions)));
    }
    arguments.snapshot = texts_->snapshot;
    arguments.poc = TRY(seed_options(*texts_));
    arguments.shard = TRY(shard_options(*texts_));
    return arguments;
}

}  // namespace aipress::cli

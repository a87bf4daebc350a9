#include "cli/fleet_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>

#include "cli/shared_arguments.h"
#include "fleet/tenant_name.h"

namespace aipress::cli {

// Every option's text; empty when it was not given.
struct FleetTexts {
    std::string store;
    std::string file;
    std::string out;
    std::string name;
    std::string operation;
    std::string pin;
    std::string weight;
    std::string on_shard;
    std::string at;
    std::string tenants;
    std::string shards;
    std::string capacity;
    std::string spare;
    std::string seed;
    std::string kind;
    std::string second_name;
    std::string max_moves;
    std::string max_bytes;
    std::string format;
    bool use_spare = false;
};

namespace {

using Texts = FleetTexts;
using placement::PlanKind;

constexpr char const* kPlacementFooter =
    R"help(A plan changes nothing; `apply` carries out the plan that was looked at, and refuses
when the fleet is not as it was by then:
  aipress placement plan rebalance --max-moves 20 -o plan.json
  aipress placement plan drain aipress-shard-007 -o plan.json
  aipress placement plan return-home -o plan.json
  aipress placement plan pin tenant-001 aipress-shard-003 -o plan.json
  aipress placement plan cordon aipress-shard-007 -o plan.json
  aipress placement apply plan.json)help";

constexpr char const* kImportFooter =
    R"help(CSV with a line of column names, or a JSON object a line. All faults are told at once,
and nothing is imported when there are any; the same file again changes nothing.)help";

constexpr char const* kShardColumns =
    "Its columns: shard, state, slots, weight (in ordinary sites), region, project";
constexpr char const* kTenantColumns =
    "Its columns: tenant, shard (else it is placed), state (placed or legacy), weight (in ordinary "
    "sites; or connections, bytes, requests), endpoint";

struct Word {
    FleetVerb verb;
    std::string_view group;
    std::string_view name;
};
constexpr std::array<Word, 12> kWords{{{FleetVerb::Simulate, "placement", "simulate"},
                                       {FleetVerb::Place, "placement", "place"},
                                       {FleetVerb::Plan, "placement", "plan"},
                                       {FleetVerb::Apply, "placement", "apply"},
                                       {FleetVerb::Why, "placement", "why"},
                                       {FleetVerb::ShardImport, "shard", "import"},
                                       {FleetVerb::ShardList, "shard", "list"},
                                       {FleetVerb::ShardShow, "shard", "show"},
                                       {FleetVerb::TenantImport, "tenant", "import"},
                                       {FleetVerb::TenantList, "tenant", "list"},
                                       {FleetVerb::TenantShow, "tenant", "show"},
                                       {FleetVerb::TenantRoute, "tenant", "route"}}};

Word const* word_of(std::string_view group, std::string_view verb) {
    auto const* const found = std::find_if(kWords.begin(), kWords.end(), [&](Word const& word) {
        return word.group == group && word.name == verb;
    });
    return found == kWords.end() ? nullptr : found;
}

CLI::App& add(CLI::App& group, char const* name, char const* description, Texts& texts) {
    auto& command = *group.add_subcommand(name, wrapped(description));
    add_format(command, texts.format);
    return command;
}

void add_store(CLI::App& command, Texts& texts) {
    command
        .add_option("--store", texts.store,
                    wrapped("The fleet's store: sqlite:PATH, postgres://USER@HOST/DATABASE or "
                            "spanner://PROJECT/INSTANCE/DATABASE (default: $AIPRESS_STORE)"))
        ->type_name("URL");
}

CLI::App& add_stored(CLI::App& group, char const* name, char const* description, Texts& texts) {
    auto& command = add(group, name, description, texts);
    add_store(command, texts);
    return command;
}

void add_operation(CLI::App& command, Texts& texts) {
    command
        .add_option("--operation", texts.operation,
                    wrapped("An id of yours: with the same one again it is done once, and answered "
                            "the same (default: a new one)"))
        ->type_name("ID");
}

void add_spare(CLI::App& command, Texts& texts) {
    command.add_flag("--use-spare", texts.use_spare,
                     wrapped("Take the slots too that are kept for moves (2 %)"));
}

void add_simulate(CLI::App& group, Texts& texts) {
    auto& command = add(group, "simulate",
                        "What placement does to a fleet of this size: who is displaced, who moves "
                        "when shards are added, or lost",
                        texts);
    command.add_option("--tenants", texts.tenants, "How many (default 50000)")->type_name("N");
    command.add_option("--shards", texts.shards, "How many (default 1000)")->type_name("N");
    command.add_option("--capacity", texts.capacity, "Tenants of a shard (default 50)")
        ->type_name("N");
    command
        .add_option("--spare", texts.spare,
                    wrapped("Percent of the slots kept for moves (default 0)"))
        ->type_name("PERCENT");
    command
        .add_option("--seed", texts.seed,
                    wrapped("Of the order in which they come (default: by number)"))
        ->type_name("N");
}

void add_place(CLI::App& group, Texts& texts) {
    auto& command =
        add_stored(group, "place", "A tenant gets its slot; one that has it keeps it", texts);
    command.add_option("tenant", texts.name, "Its name")->required()->type_name("TENANT");
    command.add_option("--pin", texts.pin, wrapped("On this shard, and moved by no plan"))
        ->type_name("SHARD");
    command
        .add_option("--weight", texts.weight, "In thousandths of an ordinary site (default 1000)")
        ->type_name("N");
    add_spare(command, texts);
    add_operation(command, texts);
}

void add_plan(CLI::App& group, Texts& texts) {
    auto& command =
        add_stored(group, "plan", "Who should move, and why not; changes nothing", texts);
    command
        .add_option(
            "kind", texts.kind,
            wrapped("rebalance, drain SHARD, return-home, pin TENANT [SHARD], unpin TENANT, "
                    "cordon SHARD, uncordon SHARD or retire SHARD"))
        ->required()
        ->type_name("KIND");
    command.add_option("name", texts.name, "Of the shard or the tenant")->type_name("NAME");
    command.add_option("shard", texts.second_name, "pin: where to")->type_name("SHARD");
    command.add_option("--max-moves", texts.max_moves, "At most so many")->type_name("N");
    command.add_option("--max-bytes", texts.max_bytes, wrapped("At most so many copied, in all"))
        ->type_name("N");
    command.add_option("-o,--out", texts.out, wrapped("Write it to this file, for `apply`"))
        ->type_name("FILE");
}

void add_placement(CLI::App& app, Texts& texts) {
    auto& group = *app.add_subcommand("placement", "Which shard a tenant lives on");
    group.require_subcommand(1);
    group.footer(kPlacementFooter);
    add_simulate(group, texts);
    add_place(group, texts);
    add_plan(group, texts);
    auto& apply = add_stored(group, "apply", "Carry out a plan", texts);
    apply.add_option("file", texts.file, "That `plan -o` wrote")->required()->type_name("FILE");
    auto& why = add_stored(group, "why", "Why a tenant lives where it lives", texts);
    why.add_option("tenant", texts.name, "Its name")->required()->type_name("TENANT");
}

void add_import(CLI::App& group, Texts& texts, char const* description, char const* columns) {
    auto& command = add_stored(group, "import", description, texts);
    command.add_option("file", texts.file, wrapped(columns))->required()->type_name("FILE");
    command.footer(kImportFooter);
    add_operation(command, texts);
}

void add_shard(CLI::App& app, Texts& texts) {
    auto& group = *app.add_subcommand("shard", "The fleet's shards");
    group.require_subcommand(1);
    add_import(group, texts, "Shards from a file into the store", kShardColumns);
    add_stored(group, "list", "All of them, and how full they are", texts);
    auto& show = add_stored(group, "show", "One of them, and who lives there", texts);
    show.add_option("shard", texts.name, "Its name")->required()->type_name("SHARD");
}

void add_tenant(CLI::App& group, Texts& texts) {
    add_import(group, texts, "Tenants from a file into the store, without moving them",
               kTenantColumns);
    add_spare(*group.get_subcommand("import"), texts);
    auto& list = add_stored(group, "list", "The fleet's tenants, and where they live", texts);
    list.add_option("--shard", texts.on_shard, "Those on this one")->type_name("SHARD");
    auto& show = add_stored(group, "show", "What the store knows of a tenant", texts);
    show.add_option("tenant", texts.name, "Its name")->required()->type_name("TENANT");
    auto& route = add_stored(group, "route", "Where a tenant's visitors go", texts);
    route.add_option("tenant", texts.name, "Its name")->required()->type_name("TENANT");
    route.add_option("--at", texts.at, wrapped("Where they went then: 2026-11-30T16:30:00Z"))
        ->type_name("TIME");
}

Result<std::uint64_t> large_number(std::string_view option, std::string_view text) {
    std::uint64_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [read_to, failure] = std::from_chars(text.data(), end, number);
    if (failure == std::errc() && read_to == end) return number;
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("{}: '{}' is not a whole number", option, text));
}

Result<void> read_number(std::string_view option, std::string const& text, unsigned& number) {
    if (!text.empty()) number = TRY(number_value(option, text, 0, UINT32_MAX));
    return {};
}

Result<void> read_simulation(Texts const& texts, fleet::SimulationOptions& options) {
    TRY(read_number("--tenants", texts.tenants, options.tenants));
    TRY(read_number("--shards", texts.shards, options.shards));
    TRY(read_number("--capacity", texts.capacity, options.capacity));
    TRY(read_number("--spare", texts.spare, options.spare_percent));
    if (!texts.seed.empty()) options.seed = TRY(large_number("--seed", texts.seed));
    return {};
}

bool is_of_a_tenant(PlanKind kind) {
    return kind == PlanKind::Pin || kind == PlanKind::Unpin;
}
bool is_of_a_shard(PlanKind kind) {
    return kind == PlanKind::Drain || kind == PlanKind::Cordon || kind == PlanKind::Uncordon ||
           kind == PlanKind::Retire;
}

Result<void> read_order(Texts const& texts, placement::PlanOrder& order) {
    auto const kind = placement::plan_kind_of(texts.kind);
    if (!kind) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' is no kind of plan: rebalance, drain, return-home, pin, "
                                 "unpin, cordon, uncordon or retire",
                                 texts.kind));
    }
    order.kind = *kind;
    bool const is_named = is_of_a_tenant(*kind) || is_of_a_shard(*kind);
    if (is_named == texts.name.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("{}: {}", texts.kind,
                                 is_named ? "of which one? Its name is missing"
                                          : "it is of the whole fleet, and takes no name"));
    }
    if (!texts.second_name.empty() && *kind != PlanKind::Pin) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}': only pin takes a second name", texts.second_name));
    }
    if (is_of_a_tenant(*kind)) {
        order.tenant = texts.name;
        order.shard = texts.second_name;
    } else {
        order.shard = texts.name;
    }
    if (!texts.max_moves.empty()) {
        order.limits.moves_most = TRY(large_number("--max-moves", texts.max_moves));
    }
    if (!texts.max_bytes.empty()) {
        order.limits.bytes_most = TRY(large_number("--max-bytes", texts.max_bytes));
    }
    return {};
}

Result<std::string> store_value(std::string const& given) {
    if (!given.empty()) return given;
    auto const* const variable = std::getenv("AIPRESS_STORE");
    if (variable != nullptr && *variable != '\0') return std::string(variable);
    return Error(ErrorCode::InvalidArgument,
                 "--store: missing, and AIPRESS_STORE is not set; expected sqlite:PATH, "
                 "postgres://USER@HOST/DATABASE or spanner://PROJECT/INSTANCE/DATABASE");
}

}  // namespace

FleetCommands::FleetCommands(CLI::App& app) : texts_(std::make_unique<FleetTexts>()) {
    add_placement(app, *texts_);
    add_shard(app, *texts_);
    add_tenant(*app.get_subcommand("tenant"), *texts_);
}

FleetCommands::~FleetCommands() = default;

bool FleetCommands::has(std::string_view group, std::string_view verb) {
    return word_of(group, verb) != nullptr;
}

Result<FleetArguments> FleetCommands::read(std::string_view group, std::string_view verb) const {
    auto const& texts = *texts_;
    FleetArguments arguments;
    arguments.verb = word_of(group, verb)->verb;
    arguments.format = TRY(format_value(texts.format));
    if (arguments.verb == FleetVerb::Simulate) {
        TRY(read_simulation(texts, arguments.simulation));
        return arguments;
    }
    arguments.store = TRY(store_value(texts.store));
    arguments.file = texts.file;
    arguments.out = texts.out;
    arguments.name = texts.name;
    arguments.operation = texts.operation;
    arguments.pin = texts.pin;
    arguments.on_shard = texts.on_shard;
    if (texts.use_spare) arguments.spare = fleet::Spare::Use;
    if (arguments.verb == FleetVerb::Place) TRY(fleet::check_tenant_name(texts.name));
    if (arguments.verb == FleetVerb::Plan) TRY(read_order(texts, arguments.order));
    if (!texts.weight.empty()) {
        arguments.weight = TRY(number_value("--weight", texts.weight, 1, 1'000'000'000));
    }
    if (!texts.at.empty()) {
        arguments.at = sql::parse_timestamp(texts.at);
        if (!arguments.at) {
            return Error(
                ErrorCode::InvalidArgument,
                fmt::format("--at: '{}' is no time: expected 2026-11-30T16:30:00Z", texts.at));
        }
    }
    return arguments;
}

}  // namespace aipress::cli

#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>

#include "cli/commands.h"
#include "cli/fleet_output.h"
#include "cli/google_access.h"
#include "cli/output.h"
#include "cli/sandbox_commands.h"
#include "cli/shell_text.h"
#include "json/fields.h"
#include "placement/fleet_files.h"
#include "placement/import.h"
#include "placement/look.h"
#include "placement/placer.h"

namespace aipress::cli {
namespace {

namespace fs = std::filesystem;
using store::Table;

constexpr std::size_t kFaultsShown = 1'000;

// The store, and how Google is reached where it is there.
struct Desk {
    std::unique_ptr<GoogleAccess> google;
    std::unique_ptr<store::Store> store;
};

Result<Desk> open_desk(Context const& context, FleetArguments const& arguments,
                       Environment& environment) {
    Desk desk;
    bool const begins_fleet = arguments.verb == FleetVerb::ShardImport;
    sql::DatabaseOptions options{.missing_file = begins_fleet ? sql::MissingFile::Create
                                                              : sql::MissingFile::Refuse};
    if (arguments.store.starts_with("spanner:")) {
        desk.google = TRY(GoogleAccess::open(environment.clock));
        options.google = &desk.google->connection();
    }
    desk.store = TRY(store::Store::open(context, arguments.store, options).in_context("the store"));
    return desk;
}

std::string actor() {
    auto const* const user = std::getenv("USER");
    return fmt::format("cli:{}", user == nullptr ? "" : user);
}

std::string operation_of(FleetArguments const& arguments) {
    if (!arguments.operation.empty()) return arguments.operation;
    std::random_device random;
    return fmt::format("cli-{:08x}{:08x}{:08x}", random(), random(), random());
}

Result<std::string> read_file(fs::path const& file) {
    std::error_code failure;
    auto const size = fs::file_size(file, failure);
    std::ifstream in(file, std::ios::binary);
    if (failure || !in) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("cannot read '{}': {}", file.string(),
                                 failure ? failure.message() : "it cannot be opened"));
    }
    if (size > placement::kFileBytesMost) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("'{}' has more than {} bytes: cut it in pieces", file.string(),
                                 placement::kFileBytesMost));
    }
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

Error told_faults(fs::path const& file, std::vector<placement::Fault> const& faults) {
    for (std::size_t i = 0; i < faults.size() && i < kFaultsShown; ++i) {
        fmt::print(stderr, "{}: {}\n", file.string(), to_string(faults[i]));
    }
    if (faults.size() > kFaultsShown) {
        fmt::print(stderr, "… and {} more\n", faults.size() - kFaultsShown);
    }
    return {ErrorCode::InvalidArgument,
            fmt::format("{}: {} faults, so nothing was imported", file.string(), faults.size())};
}

// What is printed.
using Printed = Result<std::string>;

template <typename File, typename Import>
Printed import_file(FleetArguments const& arguments, File const& file, Import const& import) {
    if (!file.faults.empty()) return told_faults(arguments.file, file.faults);
    auto const report = TRY(import(file.rows));
    if (!report.faults.empty()) return told_faults(arguments.file, report.faults);
    return render(report, arguments.format);
}

Printed run_import(Context const& context, store::Store& store, FleetArguments const& arguments) {
    placement::ImportOrder const order{
        .operation = operation_of(arguments), .actor = actor(), .spare = arguments.spare};
    auto const text = TRY(read_file(arguments.file));
    if (arguments.verb == FleetVerb::ShardImport) {
        return import_file(arguments, placement::read_shard_file(text), [&](auto const& rows) {
            return import_shards(context, store, rows, order);
        });
    }
    return import_file(arguments, placement::read_tenant_file(text), [&](auto const& rows) {
        return import_tenants(context, store, rows, order);
    });
}

Printed run_place(Context const& context, store::Store& store, FleetArguments const& arguments) {
    placement::Placer placer(store);
    auto const placed =
        TRY(placer.place(context, {.site = {.tenant = arguments.name,
                                            .load = {.slots = 1, .weight = arguments.weight},
                                            .pin = arguments.pin},
                                   .operation = operation_of(arguments),
                                   .actor = actor(),
                                   .spare = arguments.spare}));
    return render(placed, fleet::why(placed), arguments.format);
}

Result<void> write_plan(placement::Plan const& plan, fs::path const& file) {
    auto beside = file;
    beside += ".new";
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << boost::json::serialize(to_json(plan)) << "\n";
    out.close();
    std::error_code failure;
    if (out) fs::rename(beside, file, failure);
    if (out && !failure) return {};
    fs::remove(beside, failure);
    return Error(ErrorCode::Unavailable, fmt::format("cannot write '{}'", file.string()));
}

Printed run_plan(Context const& context, store::Store& store, FleetArguments const& arguments) {
    auto const plan = TRY(placement::make_plan(context, store, arguments.order));
    if (!arguments.out.empty()) {
        TRY(write_plan(plan, arguments.out));
        if (!plan.changes_nothing()) {
            fmt::print(stderr, "next: aipress placement apply {}\n",
                       shell_quoted(arguments.out.string()));
        }
    }
    return render(plan, arguments.format);
}

Printed run_apply(Context const& context, store::Store& store, FleetArguments const& arguments) {
    auto const text = TRY(read_file(arguments.file));
    auto const fields = TRY(json::parse_object(text).in_context(arguments.file.string()));
    auto const plan = TRY(placement::read_plan(fields).in_context(arguments.file.string()));
    auto const applied = TRY(placement::apply_plan(context, store, plan, actor()));
    if (arguments.format == OutputFormat::Json) {
        return boost::json::serialize(boost::json::object{{"moves", applied.moves}}) + "\n";
    }
    return fmt::format("applied; {} tenants have their slots on the shards that they go to\n",
                       applied.moves);
}

Result<store::Tenant> tenant_named(sql::Transaction& transaction, std::string const& name) {
    auto found = TRY(Table<store::Tenant>(transaction).find(name));
    if (found) return std::move(*found);
    return Error(ErrorCode::NotFound, fmt::format("{} is no tenant of this fleet", name));
}

Printed run_why(sql::Transaction& transaction, FleetArguments const& arguments) {
    auto const tenant = TRY(tenant_named(transaction, arguments.name));
    auto placement = TRY(placement::recorded_placement(transaction, tenant));
    placement.shard = placement::place_of(tenant);  // it may have been moved since
    auto const text = TRY(placement::why(transaction, tenant));
    return render(placement, text, arguments.format);
}

Printed run_tenant_show(sql::Transaction& transaction, FleetArguments const& arguments) {
    auto const tenant = TRY(tenant_named(transaction, arguments.name));
    auto const text = TRY(placement::why(transaction, tenant));
    return render(tenant, text, arguments.format);
}

Printed run_tenant_list(sql::Transaction& transaction, FleetArguments const& arguments) {
    Table<store::Tenant> tenants(transaction);
    auto const found =
        arguments.on_shard.empty()
            ? TRY(tenants.select("ORDER BY id", {}))
            : TRY(tenants.select("WHERE shard = $1 ORDER BY id", {arguments.on_shard}));
    return render(found, arguments.format);
}

Printed run_tenant_route(sql::Transaction& transaction, FleetArguments const& arguments) {
    Table<store::Route> routes(transaction);
    auto route = TRY(routes.find(arguments.name));
    if (!route) {
        return Error(ErrorCode::NotFound, fmt::format("{} has no route", arguments.name));
    }
    if (arguments.at) {
        auto const past = TRY(store::route_at(transaction, arguments.name, *arguments.at));
        if (!past) {
            return Error(ErrorCode::NotFound,
                         fmt::format("{} had no route at that time", arguments.name));
        }
        route = store::Route{.tenant = past->tenant,
                             .shard = past->shard,
                             .home_shard = past->home_shard,
                             .state = past->state,
                             .endpoint = past->endpoint,
                             .changed_at = past->changed_at,
                             .version = past->version};
    }
    return render(*route, arguments.format);
}

Printed run_shard_list(sql::Transaction& transaction, FleetArguments const& arguments) {
    auto const shards = TRY(Table<store::Shard>(transaction).select("ORDER BY number", {}));
    return render(shards, arguments.format);
}

Printed run_shard_show(sql::Transaction& transaction, FleetArguments const& arguments) {
    auto const shard = TRY(Table<store::Shard>(transaction).find(arguments.name));
    if (!shard) {
        return Error(
            ErrorCode::NotFound,
            fmt::format("{} is no shard of this fleet; see aipress shard list", arguments.name));
    }
    auto const tenants = TRY(
        Table<store::Tenant>(transaction).select("WHERE shard = $1 ORDER BY id", {arguments.name}));
    return render(*shard, tenants, arguments.format);
}

Printed run_stored(Context const& context, FleetArguments const& arguments,
                   Environment& environment) {
    auto const desk = TRY(open_desk(context, arguments, environment));
    auto const read = [&](auto const& look) {
        return desk.store->database().read(
            context, [&](sql::Transaction& transaction) { return look(transaction, arguments); });
    };
    switch (arguments.verb) {
        case FleetVerb::Place:
            return run_place(context, *desk.store, arguments);
        case FleetVerb::Plan:
            return run_plan(context, *desk.store, arguments);
        case FleetVerb::Apply:
            return run_apply(context, *desk.store, arguments);
        case FleetVerb::Why:
            return read(run_why);
        case FleetVerb::ShardList:
            return read(run_shard_list);
        case FleetVerb::ShardShow:
            return read(run_shard_show);
        case FleetVerb::TenantList:
            return read(run_tenant_list);
        case FleetVerb::TenantShow:
            return read(run_tenant_show);
        case FleetVerb::TenantRoute:
            return read(run_tenant_route);
        case FleetVerb::ShardImport:
        case FleetVerb::TenantImport:
            return run_import(context, *desk.store, arguments);
        case FleetVerb::Simulate:
            break;
    }
    return Error(ErrorCode::Unimplemented, "this command");
}

Printed run_simulation(FleetArguments const& arguments, Environment& environment) {
    auto const begun = environment.clock.now();
    auto const simulation = TRY(fleet::simulate(arguments.simulation));
    auto const took = std::chrono::duration_cast<milliseconds>(environment.clock.now() - begun);
    return render(simulation, arguments.simulation, took, arguments.format);
}

}  // namespace

int run_fleet(FleetArguments const& arguments, Environment& environment) {
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const printed = arguments.verb == FleetVerb::Simulate
                             ? run_simulation(arguments, environment)
                             : run_stored(context, arguments, environment);
    if (!printed.ok()) return fail(printed.error(), "");
    print_data(printed.value());
    return 0;
}

}  // namespace aipress::cli

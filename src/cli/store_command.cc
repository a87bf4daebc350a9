#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/sandbox_commands.h"
#include "cli/store_access.h"
#include "cli/table.h"
#include "sql/schema.h"
#include "store/dump.h"
#include "store/schema.h"

namespace aipress::cli {
namespace {

namespace fs = std::filesystem;

// The next step, by what went wrong.
std::string next_step(Error const& error) {
    switch (error.code()) {
        case ErrorCode::NotFound:
            return "make it: aipress store migrate --store URL (PostgreSQL, Cloud Spanner: the "
                   "database has to be there before)";
        case ErrorCode::Unauthenticated:
        case ErrorCode::PermissionDenied:
            return "see that the user is right and has its password in PGPASSFILE, or, for Cloud "
                   "Spanner, its credentials";
        case ErrorCode::InvalidArgument:
            return "aipress store --help";
        default:
            return "";
    }
}

Result<void> print_status(Context const& context, sql::Database& database, OutputFormat format) {
    auto const state = TRY(sql::schema_state(context, database, store::migrations()));
    std::vector<std::pair<std::string, std::int64_t>> counts;
    if (state.version == state.wanted) counts = TRY(store::count_rows(context, database));
    bool const is_loading = !counts.empty() && TRY(store::has_unfinished_load(context, database));
    if (format == OutputFormat::Json) {
        boost::json::object rows;
        for (auto const& [table, count] : counts) rows[table] = count;
        boost::json::object const status{
            {"store", database.name()},     {"engine", to_string(database.engine())},
            {"schema", state.version},      {"program", state.wanted},
            {"unfinishedLoad", is_loading}, {"rows", std::move(rows)}};
        print_data(boost::json::serialize(status) + "\n");
        return {};
    }
    print_data(fmt::format("store   {}\nschema  version {} of {}{}\n", database.name(),
                           state.version, state.wanted,
                           state.version == state.wanted ? "" : ": run aipress store migrate"));
    if (is_loading) print_data("a load was not finished: run it again\n");
    Table table({{"TABLE"}, {"ROWS", Align::Right}});
    for (auto const& [name, count] : counts) {
        table.add_row({name, format_count(static_cast<std::uint64_t>(count))});
    }
    if (!table.empty()) print_data(table.render());
    return {};
}

Result<void> run_migrate(Context const& context, sql::Database& database) {
    auto const before = TRY(sql::schema_state(context, database, store::migrations()));
    auto const after = TRY(sql::migrate(context, database, store::migrations()));
    print_data(fmt::format("schema  version {}, before: {}\n", after.version, before.version));
    return {};
}

Result<store::DumpSummary> dump_into(Context const& context, sql::Database& database,
                                     std::ostream& out) {
    auto const summary =
        TRY(store::dump(context, database, [&](std::string_view line) -> Result<void> {
            out.write(line.data(), static_cast<std::streamsize>(line.size()));
            if (out) return {};
            return Error(ErrorCode::Unavailable, "the dump cannot be written");
        }));
    out.flush();
    if (!out) return Error(ErrorCode::Unavailable, "the dump cannot be written");
    return summary;
}

// Beside the file first: a dump that could not be finished replaces none that could. Only its owner
// may read it.
Result<store::DumpSummary> dump_to_file(Context const& context, sql::Database& database,
                                        fs::path const& file) {
    auto beside = file;
    beside += ".new";
    std::error_code failure;
    fs::remove(beside, failure);
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    if (!out) return Error(ErrorCode::Unavailable, fmt::format("cannot write {}", file.string()));
    fs::permissions(beside, fs::perms::owner_read | fs::perms::owner_write, failure);
    auto summary = dump_into(context, database, out);
    out.close();
    if (summary.ok()) {
        fs::rename(beside, file, failure);
        if (!failure) return summary;
        summary = Error(ErrorCode::Unavailable, fmt::format("cannot write {}", file.string()));
    }
    fs::remove(beside, failure);
    return summary;
}

Result<void> run_dump(Context const& context, sql::Database& database, fs::path const& file) {
    auto const summary = file.empty() ? TRY(dump_into(context, database, std::cout))
                                      : TRY(dump_to_file(context, database, file));
    fmt::print(stderr, "dumped {} rows of {}\n", summary.rows, database.name());
    return {};
}

Result<void> run_load(Context const& context, sql::Database& database, fs::path const& file) {
    auto const summary = TRY(store::load(context, database, file));
    print_data(fmt::format("loaded {} rows into {}, compared\n", summary.rows, database.name()));
    return {};
}

Result<void> run_verb(Context const& context, StoreArguments const& arguments) {
    bool const may_make = arguments.verb == StoreVerb::Migrate || arguments.verb == StoreVerb::Load;
    auto const access = TRY(StoreAccess::open(
        context, arguments.url, may_make ? sql::MissingFile::Create : sql::MissingFile::Refuse));
    auto& database = access->database();
    switch (arguments.verb) {
        case StoreVerb::Status:
            return print_status(context, database, arguments.format);
        case StoreVerb::Migrate:
            return run_migrate(context, database);
        case StoreVerb::Dump:
            return run_dump(context, database, arguments.file);
        case StoreVerb::Load:
            return run_load(context, database, arguments.file);
    }
    return {};
}

}  // namespace

int run_store(StoreArguments const& arguments, Environment& environment) {
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const done = run_verb(context, arguments);
    return done.ok() ? 0 : fail(done.error(), next_step(done.error()));
}

}  // namespace aipress::cli
